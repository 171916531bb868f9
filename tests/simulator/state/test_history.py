"""Who wrote what and when, as `propertiesWithHistory` tells it."""

from typing import Any

from simulator.settings import Settings
from simulator.state import actors
from simulator.state.object_types import TICKET
from simulator.state.portal import Portal
from tests.simulator.hub import Hub


def _stages(hub: Hub, ticket: str) -> list[dict[str, Any]]:
    answer = hub.read("tickets", [ticket], propertiesWithHistory=["hs_pipeline_stage"])
    entries: list[dict[str, Any]] = answer.json()["results"][0]["propertiesWithHistory"][
        "hs_pipeline_stage"
    ]
    return entries


def test_each_kind_of_writer_is_told_apart(hub: Hub) -> None:
    ticket = hub.ticket(source_type="EMAIL")
    hub.update("tickets", {"id": ticket, "properties": {"hs_pipeline_stage": "2"}})
    for kind, identifier, stage in (
        ("user", "77", "3"),
        ("workflow", "5", "1"),
        ("app", "999", "2"),
        ("hubspot", "help-desk", "3"),
        ("import", "8", "1"),
    ):
        values = {"hs_pipeline_stage": stage}
        hub.act(kind, identifier, "update", object_type="tickets", id=ticket, properties=values)

    seen = [(e["value"], e["sourceType"], e.get("sourceId")) for e in _stages(hub, ticket)]

    app_id = str(hub.control("GET", "/settings")["app_id"])
    assert seen == [
        ("1", "IMPORT", "8"),
        ("3", "INTERNAL_PROCESSING", "help-desk"),
        ("2", "INTEGRATION", "999"),
        ("1", "AUTOMATION_PLATFORM", "enrollmentId:5"),
        ("3", "CRM_UI", "userId:77"),
        ("2", "INTEGRATION", app_id),
        ("1", "CONVERSATIONS", "EMAIL"),
    ]
    assert [e.get("updatedByUserId") for e in _stages(hub, ticket)].count(77) == 1


def test_history_is_newest_first_by_the_portals_clock(hub: Hub) -> None:
    ticket = hub.ticket()
    hub.control("POST", "/clock", {"advance_s": 3600})
    hub.update("tickets", {"id": ticket, "properties": {"hs_pipeline_stage": "2"}})

    times = [entry["timestamp"] for entry in _stages(hub, ticket)]

    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 2


def test_writing_the_same_value_again_leaves_no_trace(hub: Hub) -> None:
    ticket = hub.ticket()
    before = hub.truth("tickets", ticket)["updated_at"]
    hub.control("POST", "/clock", {"advance_s": 5})

    hub.update("tickets", {"id": ticket, "properties": {"hs_pipeline_stage": "1"}})

    assert len(_stages(hub, ticket)) == 1
    assert hub.truth("tickets", ticket)["updated_at"] == before


def test_writing_the_same_value_again_leaves_a_trace_by_assumption(hub: Hub) -> None:
    hub.assume(same_value_writes_history=True)
    ticket = hub.ticket()

    hub.update("tickets", {"id": ticket, "properties": {"hs_pipeline_stage": "1"}})

    assert len(_stages(hub, ticket)) == 2


def test_closing_and_reopening_are_computed() -> None:
    portal = Portal(Settings())
    ticket = portal.create(TICKET, {"subject": "x"}, actors.HUBSPOT)

    portal.update(ticket, {"hs_pipeline_stage": "4"}, actors.user(1))
    closed = dict(ticket.values)
    portal.update(ticket, {"hs_pipeline_stage": "1"}, actors.user(1))

    assert closed["hs_is_closed"] == "true"
    assert closed["closed_date"] == closed["hs_v2_date_entered_4"]
    assert int(closed["time_to_close"]) >= 0
    assert ticket.values["hs_is_closed"] == "false"
    assert "closed_date" not in ticket.values
    assert ticket.values["hs_ticket_reopened_at"]
    assert ticket.versions("closed_date")[0].value == ""


def test_a_merge_brings_the_values_that_were_missing() -> None:
    portal = Portal(Settings())
    kept = portal.create(TICKET, {"subject": "kept"}, actors.HUBSPOT)
    gone = portal.create(TICKET, {"subject": "gone", "content": "text"}, actors.HUBSPOT)

    merged = portal.merge(kept, gone, actors.user(1))

    assert merged.values["subject"] == "kept"
    assert merged.values["content"] == "text"
    assert merged.values["hs_merged_object_ids"] == f"{kept.id};{gone.id}"
    assert portal.find(TICKET, kept.id) is merged
    assert portal.find(TICKET, gone.id) is merged
    assert portal.table(TICKET).live == 1


def test_a_merge_of_a_merge_still_resolves() -> None:
    portal = Portal(Settings())
    first, second, third = (
        portal.create(TICKET, {"subject": str(n)}, actors.HUBSPOT) for n in range(3)
    )

    middle = portal.merge(first, second, actors.user(1))
    last = portal.merge(third, middle, actors.user(1))

    assert {portal.find(TICKET, r.id) for r in (first, second, middle, third)} == {last}
