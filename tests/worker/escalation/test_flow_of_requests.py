"""Requests set by agents in the simulated portal, carried through the flow."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.simulator.hub import Hub
from tests.stack import route_all, writes
from tests.worker.people import PASSWORD, PERSON, client, stage_label
from worker.hubspot.models import Update, Writing
from worker.intake.poll import poll_requests
from worker.runtime import Runtime


def ask(hub: Hub, ticket_id: str, request: str) -> None:
    wish = {"escalation_request": request}
    hub.act("user", PERSON, "update", object_type="tickets", id=ticket_id, properties=wish)


def test_a_request_moves_the_ticket_says_why_and_is_cleared(hub: Hub, here: Runtime) -> None:
    company, contact = client(hub)
    ticket_id = hub.ticket(**PASSWORD, contact_id=contact, company_id=company)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    assert route_all(here, [ticket_id]) == "1 ticket: 1 handed off"
    ticket = hub.truth("tickets", ticket_id)
    said = ticket["properties"]
    assert stage_label(hub, ticket) == "Level 2 Support"
    assert said["routing_queue"] == "level_2"
    assert not said.get("escalation_request")
    assert "5.8" in said["escalation_note"]
    assert f"user {PERSON}" in said["escalation_note"]
    assert "screenshots or attachments" in said["escalation_missing_info"]
    assert not said.get("escalation_notice"), "no channel is set up, so nothing is due for ever"


def test_what_the_table_does_not_allow_is_refused_on_the_ticket(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "not_reproducible")
    assert route_all(here, [ticket_id]) == "1 ticket: 1 hand-off refused"
    ticket = hub.truth("tickets", ticket_id)
    assert stage_label(hub, ticket) == "Level 1 Support"
    assert ticket["properties"]["escalation_note"].startswith("Refused")
    assert not ticket["properties"].get("escalation_request")


def test_a_request_made_while_the_last_one_is_carried_out_is_carried_out_too(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    update = here.hubspot.update
    asked: list[str] = []

    def another_first(object_type: str, rows: Sequence[Update]) -> Writing:
        if not asked:
            asked.append(ticket_id)
            ask(hub, ticket_id, "out_of_scope")
        return update(object_type, rows)

    monkeypatch.setattr(here.hubspot, "update", another_first)
    assert route_all(here, [ticket_id]) == "1 ticket: 1 asked for again; 1 ticket: 1 handed off"
    ticket = hub.truth("tickets", ticket_id)
    assert stage_label(hub, ticket) == "Not Supported"
    assert not ticket["properties"].get("escalation_request")


def test_the_poll_finds_requests_that_no_webhook_told(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    portal = here.portal.current(here.policy.current())
    assert poll_requests(here.hubspot, here.inbox, portal) >= 1
    route_all(here, [ticket_id])
    assert hub.truth("tickets", ticket_id)["properties"]["routing_queue"] == "level_2"


def test_a_locked_ticket_still_follows_a_request(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    for request in ("exceeds_level_1", "not_reproducible", "relay_to_client"):
        ask(hub, ticket_id, request)
        route_all(here, [ticket_id])
    said = hub.truth("tickets", ticket_id)["properties"]
    assert (said["routing_queue"], said["routing_status"]) == ("level_1", "locked")
    moves = [e for e in writes(hub, ticket_id) if "hs_pipeline_stage" in e["changes"]]
    assert len(moves) == 4
