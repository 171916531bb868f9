"""Requests set by agents in the simulated portal, carried through the flow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.simulator.hub import Hub
from tests.stack import route_all, settings_for, writes
from tests.teams_channel import running_channel
from tests.worker.people import PASSWORD, PERSON, client, move, stage_id, stage_label
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
    assert f"asked for by user {PERSON}" in said["escalation_note"], "an account without owners"
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


def test_a_request_on_a_ticket_that_nobody_has_decided_is_one_to_level_1(
    hub: Hub, here: Runtime
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    ask(hub, ticket_id, "exceeds_level_1")
    assert route_all(here, [ticket_id]) == "1 ticket: 1 handed off"
    said = hub.truth("tickets", ticket_id)["properties"]
    assert (said["routing_queue"], said["routing_status"]) == ("level_2", "locked")


def test_an_undecided_ticket_whose_request_is_refused_is_decided_at_once(
    hub: Hub, here: Runtime
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    ask(hub, ticket_id, "not_reproducible")
    assert route_all(here, [ticket_id]) == "1 ticket: 1 hand-off refused; 1 ticket: 1 decided"
    said = hub.truth("tickets", ticket_id)["properties"]
    assert (said["routing_queue"], said["routing_status"]) == ("level_1", "decided")
    assert said["escalation_note"].startswith("Refused")


@pytest.mark.parametrize(
    ("stage", "ends_in", "queue"),
    [
        ("Waiting on contact", "Level 2 Support", "level_2"),
        ("Closed", "Closed", "level_1"),
    ],
)
def test_a_ticket_that_waits_is_handed_on_and_a_closed_one_is_not(
    hub: Hub, here: Runtime, stage: str, ends_in: str, queue: str
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, stage, "hubspot", "")
    ask(hub, ticket_id, "exceeds_level_1")
    route_all(here, [ticket_id])
    ticket = hub.truth("tickets", ticket_id)
    assert (stage_label(hub, ticket), ticket["properties"]["routing_queue"]) == (ends_in, queue)
    assert not ticket["properties"].get("escalation_request")


def test_a_request_of_a_workflow_is_carried_out_and_called_so(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    wish = {"escalation_request": "exceeds_level_1"}
    hub.act("workflow", "31", "update", object_type="tickets", id=ticket_id, properties=wish)
    assert route_all(here, [ticket_id]) == "1 ticket: 1 handed off"
    note = hub.truth("tickets", ticket_id)["properties"]["escalation_note"]
    assert "asked for by a workflow" in note


def test_a_move_that_a_rule_of_the_portal_refuses_is_said_and_not_announced(
    hub: Hub, redis_url: str, folder: Path
) -> None:
    with running_channel() as channel:
        url = SecretStr(channel.webhook)
        here = Runtime(settings_for(hub.base, redis_url, folder, teams_webhook_url=url))
        ticket_id = hub.ticket(**PASSWORD)
        route_all(here, [ticket_id])
        rule = {
            "object_type": "tickets",
            "when": {"property": "hs_pipeline_stage", "values": [stage_id(hub, "Level 2 Support")]},
            "require": ["hs_resolution"],
        }
        hub.settings(required_rules=[rule])
        try:
            ask(hub, ticket_id, "exceeds_level_1")
            told = route_all(here, [ticket_id])
        finally:
            hub.settings(required_rules=[])
        assert told == "1 ticket: 1 hand-off refused by HubSpot"
        ticket = hub.truth("tickets", ticket_id)
        said = ticket["properties"]
        assert (stage_label(hub, ticket), said["routing_queue"]) == ("Level 1 Support", "level_1")
        assert said["escalation_note"].startswith("Not carried out: HubSpot refused")
        assert not said.get("escalation_request")
        route_all(here, [ticket_id])
        assert channel.cards() == []


def test_people_may_ask_more_often_than_a_machine_may_move(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.tickets.loops.MOST_A_DAY", 1)
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    assert route_all(here, [ticket_id]) == "1 ticket: 1 handed off"
    wish = {"escalation_request": "relay_to_client"}
    hub.act("workflow", "31", "update", object_type="tickets", id=ticket_id, properties=wish)
    assert route_all(here, [ticket_id]) == "1 ticket: 1 moving in circles"
    said = hub.truth("tickets", ticket_id)["properties"]
    assert "kept coming back" in said["escalation_note"]
    assert not said.get("escalation_request"), "a request that is not answered never ends"


def test_where_a_circle_is_stopped_what_a_person_chose_before_it_is_kept(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.tickets.loops.MOST_A_DAY", 1)
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    route_all(here, [ticket_id])
    move(hub, ticket_id, "OCR", "user", PERSON)
    wish = {"escalation_request": "relay_to_client"}
    hub.act("workflow", "31", "update", object_type="tickets", id=ticket_id, properties=wish)
    assert route_all(here, [ticket_id]) == "1 ticket: 1 moving in circles"
    ticket = hub.truth("tickets", ticket_id)
    assert (stage_label(hub, ticket), ticket["properties"]["routing_queue"]) == ("OCR", "ocr")
