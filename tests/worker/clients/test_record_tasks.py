"""Tasks to complete a record: for the first on the list, one each, closed when it is complete."""

from __future__ import annotations

import redis

from config.portal import PortalNames
from tests.simulator.hub import Hub
from tests.worker.clients.sweeping import (
    GAPS,
    admin,
    company,
    now,
    sweep,
)
from worker.clients.record_tasks import give_tasks
from worker.hubspot.by_night import HubSpotByNight
from worker.reports.figures import ToMend


def test_a_task_shows_words_as_they_are_though_hubspot_reads_its_body_as_html(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, redis_client: redis.Redis
) -> None:
    one = company(hub, name="One")
    gaps = ("ERP & <img src=x onerror=alert(1)>",)
    entry = ToMend(1.0, one, "One", "", gaps, 0, 0, 0)
    assert give_tasks(hubspot, redis_client, [entry], 1, "2026-11-23", now()) == 1
    task_id = hub.truth("companies", one)["properties"]["client_record_task"]
    body = hub.truth("tasks", task_id)["properties"]["hs_task_body"]
    assert "ERP &amp; &lt;img src=x onerror=alert(1)&gt;" in body
    assert "<" not in body


def test_tasks_are_given_to_the_first_and_closed_when_the_record_is_complete(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, redis_client: redis.Redis
) -> None:
    one, two = company(hub, name="One"), company(hub, name="Two")
    figures = sweep(hubspot, names).figures
    nights = ["2026-11-23", "2026-11-23", "2026-11-24", "2026-11-25"]
    given = [
        give_tasks(hubspot, redis_client, figures.first_to_mend(), 1, night, now())
        for night in nights
    ]
    assert given == [1, 0, 1, 0], "one a night however often it is swept, and one a client"
    task_id = hub.truth("companies", one)["properties"]["client_record_task"]
    task = hub.truth("tasks", task_id)["properties"]
    assert task["hs_task_subject"] == f"Complete the client record: {GAPS}"
    assert task["hs_task_status"] == "NOT_STARTED"
    assert sweep(hubspot, names).figures.to_mend[0].task_id
    known = {"erp_system": "NetSuite", "customization_summary": "Weekly payment file."}
    hub.act("user", "7001", "update", object_type="companies", id=one, properties=known)
    admin(hub, one, email="a@one.example")
    sweep(hubspot, names)
    assert hub.truth("tasks", task_id)["properties"]["hs_task_status"] == "COMPLETED"
    assert not hub.truth("companies", one)["properties"].get("client_record_task")
    assert hub.truth("companies", two)["properties"]["client_record_task"]
