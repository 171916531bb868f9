"""Records that HubSpot said have changed are judged again within the minute."""

from __future__ import annotations

from datetime import date

import pytest

from tasks import nightly
from tests.simulator.hub import Hub
from tests.stack import writes
from tests.worker.reports.nights import At, sweep
from worker.clients.recheck import KEY as CHANGED_KEY
from worker.clients.recheck import Recheck
from worker.clients.sweep import TASK
from worker.hubspot.by_night import NewTask
from worker.runtime import gateway_by_night


def test_a_mended_record_loses_its_flag_within_the_minute(
    hub: Hub, here: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "runtime", lambda: here)
    sweep(here, date(2026, 11, 24))
    rows = hub.control("GET", "/objects/companies?properties=client_record_missing")["results"]
    half = next(
        one["id"]
        for one in rows
        if one["properties"]["client_record_missing"] == "customization summary"
    )
    mended = {"customization_summary": "Own approval step above 5,000."}
    hub.act("user", "7001", "update", object_type="companies", id=half, properties=mended)
    here.redis.zadd(CHANGED_KEY, {f"company:{half}": 1.0})  # as the receiver notes it
    assert nightly.recheck_client_records() == "1 client records checked again, 1 flags changed"
    said = hub.truth("companies", half)["properties"]
    assert said["client_record_status"] == "complete"
    assert here.redis.zcard(CHANGED_KEY) == 0


def test_a_mended_record_closes_its_task_too(hub: Hub, here: At) -> None:
    known = {"erp_system": "NetSuite", "customization_summary": "None needed."}
    sweep(here, date(2026, 11, 24))
    rows = hub.control("GET", "/objects/companies?properties=client_record_missing")["results"]
    half = next(
        one["id"]
        for one in rows
        if one["properties"]["client_record_missing"] == "customization summary"
    )
    hubspot = gateway_by_night(here.settings, here.redis, here.names)
    task = hubspot.create_task(NewTask(half, "Complete the client record", "", 0))
    mended = known | {TASK: task}
    hub.act("user", "7001", "update", object_type="companies", id=half, properties=mended)
    here.redis.zadd(CHANGED_KEY, {f"company:{half}": 1.0})
    rules = here.policy.current().client_record
    assert Recheck(hubspot, here.redis, here.names, True, here.now).run(rules, True).changed == 1
    assert hub.truth("tasks", task)["properties"]["hs_task_status"] == "COMPLETED"
    assert not hub.truth("companies", half)["properties"].get(TASK)


def test_a_contact_that_leaves_sets_the_flag_of_the_company(hub: Hub, here: At) -> None:
    sweep(here, date(2026, 11, 24))
    policy = here.policy.current()
    rows = hub.control("GET", "/objects/companies?properties=client_record_status")["results"]
    whole = next(
        one["id"] for one in rows if one["properties"]["client_record_status"] == "complete"
    )
    hubspot = gateway_by_night(here.settings, here.redis, here.names)
    people = hubspot.associated("companies", "contacts", [whole]).found[whole]
    for link in people:
        left = {"client_contact_gone": "true"}
        hub.act("user", "7001", "update", object_type="contacts", id=link.to_id, properties=left)
    here.redis.zadd(CHANGED_KEY, {f"contact:{people[0].to_id}": 1.0})
    done = Recheck(hubspot, here.redis, here.names, True, here.now).run(policy.client_record, True)
    assert (done.companies, done.changed, done.left) == (1, 1, 0)
    assert hub.truth("companies", whole)["properties"]["client_record_status"] == "incomplete"


def test_what_nobody_has_checked_yet_is_left_to_the_sweep(hub: Hub, here: At) -> None:
    row = hub.control("GET", "/objects/companies")["results"][0]
    here.redis.zadd(CHANGED_KEY, {f"company:{row['id']}": 1.0})
    hubspot = gateway_by_night(here.settings, here.redis, here.names)
    rules = here.policy.current().client_record
    assert Recheck(hubspot, here.redis, here.names, True, here.now).run(rules, True).changed == 0
    assert writes(hub, row["id"], "companies") == []
