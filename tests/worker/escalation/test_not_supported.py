"""Not supported is an outcome: a stage, the guideline, a draft to send; a new site goes on."""

from __future__ import annotations

from tests.simulator.hub import Hub
from tests.stack import route_all
from tests.worker.escalation.test_flow_of_requests import ask
from tests.worker.people import PASSWORD, PERSON, client, move, stage_label
from worker.runtime import Runtime

QUERY = {"subject": "SQL", "content": "Write us a SQL query over the invoice tables."}
SITE = {"subject": "New site", "content": "Please implement a new site, it is not in the system."}


def test_it_lands_in_its_stage_with_the_section_and_a_draft_that_is_not_sent(
    hub: Hub, here: Runtime
) -> None:
    company, contact = client(hub)
    ticket_id = hub.ticket(**QUERY, contact_id=contact, company_id=company)
    route_all(here, [ticket_id])
    ticket = hub.truth("tickets", ticket_id)
    said = ticket["properties"]
    assert stage_label(hub, ticket) == "Not Supported"
    assert said["routing_guideline"] == "coverage"
    assert "Not Supported: Custom query" in said["routing_reason"]
    assert said["escalation_note"].startswith("Draft reply:\nThank you for your request.")
    emails = hub.control("GET", "/objects/emails?properties=hs_email_direction")["results"]
    assert not [one for one in emails if one["properties"].get("hs_email_direction") == "EMAIL"]


def test_a_new_site_goes_on_to_scoping_on_request(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**SITE)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "Not Supported", "user", PERSON)
    ask(hub, ticket_id, "scoping_new_site")
    assert route_all(here, [ticket_id]) == "1 ticket: 1 handed off"
    ticket = hub.truth("tickets", ticket_id)
    assert stage_label(hub, ticket) == "Product"
    assert "Scope a new site" in ticket["properties"]["escalation_note"]


def test_what_an_agent_calls_out_of_scope_has_its_draft_too(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "out_of_scope")
    route_all(here, [ticket_id])
    note = hub.truth("tickets", ticket_id)["properties"]["escalation_note"]
    assert "Out of scope" in note
    assert "Draft reply:\n" in note


def test_a_draft_goes_when_the_ticket_is_decided_otherwise(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**QUERY)
    route_all(here, [ticket_id])
    hub.act("user", PERSON, "update", object_type="tickets", id=ticket_id, properties=PASSWORD)
    move(hub, ticket_id, "New", "user", PERSON)
    route_all(here, [ticket_id])
    said = hub.truth("tickets", ticket_id)["properties"]
    assert said["routing_queue"] == "level_1"
    assert not said.get("escalation_note")
