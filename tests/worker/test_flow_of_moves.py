"""People and machines move tickets, before, after and while the worker does: whose move stands."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from tests.simulator.hub import Hub
from tests.stack import route_all, writes
from tests.worker.people import PASSWORD, PERSON, move, stage_id, stage_label
from worker.hubspot.models import Update, Writing
from worker.intake.inbox import KEYS
from worker.intake.reconcile import find_overrides
from worker.runtime import Runtime


def test_what_a_person_moved_stays_and_is_locked(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ocr = stage_id(hub, "OCR")
    hub.act(
        "user",
        PERSON,
        "update",
        object_type="tickets",
        id=ticket_id,
        properties={"hs_pipeline_stage": ocr},
    )
    route_all(here, [ticket_id])
    ticket = hub.truth("tickets", ticket_id)
    assert stage_label(hub, ticket) == "OCR"
    assert ticket["properties"]["routing_status"] == "locked"
    assert ticket["properties"]["routing_queue"] == "ocr"


@pytest.mark.parametrize("mover", ["workflow", "app"])
def test_a_machines_move_is_no_override(hub: Hub, here: Runtime, mover: str) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ocr = stage_id(hub, "OCR")
    hub.act(
        mover,
        "999",
        "update",
        object_type="tickets",
        id=ticket_id,
        properties={"hs_pipeline_stage": ocr},
    )
    before = len(writes(hub, ticket_id))
    route_all(here, [ticket_id])
    assert hub.truth("tickets", ticket_id)["properties"]["routing_status"] == "decided"
    assert len(writes(hub, ticket_id)) == before


def test_a_ticket_moved_before_any_decision_is_left_alone(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    ocr = stage_id(hub, "OCR")
    hub.act(
        "user",
        PERSON,
        "update",
        object_type="tickets",
        id=ticket_id,
        properties={"hs_pipeline_stage": ocr},
    )
    assert route_all(here, [ticket_id]) == "1 ticket: 1 needing nothing"
    assert writes(hub, ticket_id) == []


def test_a_move_that_no_webhook_told_is_found_by_night(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "OCR", "user", PERSON)
    portal = here.portal.current(here.policy.current())
    assert find_overrides(here.hubspot, here.inbox, portal, here.now()) >= 1
    assert is_due(here, ticket_id)
    route_all(here, [ticket_id])
    assert hub.truth("tickets", ticket_id)["properties"]["routing_status"] == "locked"


def test_a_second_move_that_no_webhook_told_is_found_by_night_too(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "OCR", "user", PERSON)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "IT", "user", PERSON)
    portal = here.portal.current(here.policy.current())
    assert find_overrides(here.hubspot, here.inbox, portal, here.now()) >= 1
    assert is_due(here, ticket_id)
    route_all(here, [ticket_id])
    assert hub.truth("tickets", ticket_id)["properties"]["routing_queue"] == "it"


def test_a_person_s_move_between_read_and_write_is_put_back_and_locked(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    update = here.hubspot.update

    def person_first(object_type: str, rows: Sequence[Update]) -> Writing:
        if not moved:
            moved.append(ticket_id)
            move(hub, ticket_id, "OCR", "user", PERSON)
        return update(object_type, rows)

    moved: list[str] = []
    monkeypatch.setattr(here.hubspot, "update", person_first)
    assert route_all(here, [ticket_id]) == "1 ticket: 1 kept where a person put them"
    ticket = hub.truth("tickets", ticket_id)
    assert stage_label(hub, ticket) == "OCR"
    assert ticket["properties"]["routing_status"] == "locked"
    assert ticket["properties"]["routing_queue"] == "ocr"


def test_a_crash_between_the_move_and_the_look_back_loses_no_person_s_move(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    update, look_back = here.hubspot.update, here.writer.look_back
    moved: list[str] = []

    def person_first(object_type: str, rows: Sequence[Update]) -> Writing:
        if not moved:
            moved.append(ticket_id)
            move(hub, ticket_id, "OCR", "user", PERSON)
        return update(object_type, rows)

    def killed(*_: object) -> None:
        if moved:
            raise SystemExit  # as if the process had died here

    monkeypatch.setattr(here.hubspot, "update", person_first)
    monkeypatch.setattr(here.writer, "look_back", killed)
    with pytest.raises(SystemExit):
        route_all(here, [ticket_id])
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "Level 1 Support"
    monkeypatch.setattr(here.writer, "look_back", look_back)
    here.redis.delete(KEYS["leased"], KEYS["lease"])  # the lease has run out
    route_all(here, [ticket_id])
    ticket = hub.truth("tickets", ticket_id)
    assert stage_label(hub, ticket) == "OCR"
    assert ticket["properties"]["routing_status"] == "locked"


def test_what_a_machine_sends_back_to_intake_returns_until_it_moves_in_circles(
    hub: Hub, here: Runtime
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    for _ in range(7):
        move(hub, ticket_id, "New", "workflow", "31")
        route_all(here, [ticket_id])
    ticket = hub.truth("tickets", ticket_id)
    assert stage_label(hub, ticket) == "New"
    moves = [e for e in writes(hub, ticket_id) if "hs_pipeline_stage" in e["changes"]]
    assert len(moves) == 6, "the decision and five returns"


def test_a_person_who_drags_a_ticket_to_intake_asks_for_a_new_decision(
    hub: Hub, here: Runtime
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    hub.act(
        "user",
        PERSON,
        "update",
        object_type="tickets",
        id=ticket_id,
        properties={"content": "Please send your current SOC 2 report for our auditors."},
    )
    move(hub, ticket_id, "New", "user", PERSON)
    route_all(here, [ticket_id])
    assert hub.truth("tickets", ticket_id)["properties"]["routing_ticket_type"] == "soc2_report"


def is_due(here: Runtime, ticket_id: str) -> bool:
    at = here.redis.zscore(KEYS["due"], ticket_id)
    return at is not None and float(at) <= 1000 * time.time()
