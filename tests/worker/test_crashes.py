"""A process that dies, or a look back that fails, at the worst moment of a ticket's way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.simulator.hub import Hub
from tests.stack import route_all
from tests.worker.crashes import ask, dies_before, leases_run_out, moves, said
from tests.worker.people import PASSWORD, PERSON, move, stage_id, stage_label
from worker.hubspot.models import Reading, Update, Writing
from worker.hubspot.service import HubSpotService
from worker.runtime import Runtime


def test_killed_between_two_writes_a_ticket_is_moved_once_and_its_client_flagged_later(
    hub: Hub, here: Runtime
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    with dies_before(here.writer, "_flag_clients"):
        route_all(here, [ticket_id])
    leases_run_out(here.redis)
    route_all(here, [ticket_id])
    assert moves(hub, ticket_id) == 1
    assert said(hub, ticket_id)["routing_status"] == "decided"


def test_a_new_decision_that_was_written_is_not_made_again_over_a_persons_move(
    hub: Hub, here: Runtime
) -> None:
    """Asked for by `reroute`; the worker dies after the write, a person moves the ticket, the next
    worker takes it up."""
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "Product", "user", PERSON)
    route_all(here, [ticket_id])
    here.inbox.reroute([ticket_id])
    with dies_before(here.flow, "_finish"):
        route_all(here, [ticket_id])
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "Level 1 Support"
    leases_run_out(here.redis)
    move(hub, ticket_id, "OCR", "user", PERSON)
    route_all(here, [ticket_id])
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "OCR"
    assert said(hub, ticket_id)["routing_queue"] == "ocr"


def test_a_new_decision_that_was_not_written_is_made_by_the_next_worker(
    hub: Hub, here: Runtime
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "Product", "user", PERSON)
    route_all(here, [ticket_id])
    here.inbox.reroute([ticket_id])
    with dies_before(here.writer, "write"):
        route_all(here, [ticket_id])
    leases_run_out(here.redis)
    route_all(here, [ticket_id])
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "Level 1 Support"


Rows = Sequence[Update]


def person_first(
    hub: Hub, hubspot: HubSpotService, ticket_id: str
) -> Callable[[str, Rows], Writing]:
    """The gateway's `update`, with a person's move to OCR just before the first of them."""
    update = hubspot.update
    moved: list[str] = []

    def after_a_person(object_type: str, rows: Rows) -> Writing:
        if not moved:
            moved.append(ticket_id)
            move(hub, ticket_id, "OCR", "user", PERSON)
        return update(object_type, rows)

    return after_a_person


def test_who_we_are_is_learned_from_any_ticket_of_the_batch(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was handed on before it was ever decided does not say it itself."""
    asked, decided = hub.ticket(**PASSWORD), hub.ticket(**PASSWORD)
    ask(hub, asked)
    monkeypatch.setattr(here.hubspot, "update", person_first(hub, here.hubspot, asked))
    route_all(here, [asked, decided])
    assert stage_label(hub, hub.truth("tickets", asked)) == "OCR"


def test_a_move_that_could_not_be_looked_back_at_is_looked_at_again(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    read = here.hubspot.read

    def unreadable(
        object_type: str, ids: Sequence[str], properties: Sequence[str], history: Sequence[str] = ()
    ) -> Reading:
        if history and object_type == "tickets":
            return Reading({}, {}, dict.fromkeys(ids, "INTERNAL_ERROR"), frozenset())
        return read(object_type, ids, properties, history)

    with monkeypatch.context() as during:
        during.setattr(here.hubspot, "update", person_first(hub, here.hubspot, ticket_id))
        during.setattr(here.hubspot, "read", unreadable)
        assert route_all(here, [ticket_id]) == "1 ticket: 1 unreadable"
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "Level 1 Support"
    assert 0 < (here.inbox.next_due_s() or 0) < 10, "it comes back by itself, and soon"
    route_all(here, [ticket_id])
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "OCR"


def test_a_move_that_a_rule_of_the_portal_keeps_from_being_put_back_is_tried_again(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    rule = {
        "object_type": "tickets",
        "when": {"property": "hs_pipeline_stage", "values": [stage_id(hub, "OCR")]},
        "require": ["hs_resolution"],
    }
    update = person_first(hub, here.hubspot, ticket_id)

    def ruled(object_type: str, rows: Rows) -> Writing:
        done = update(object_type, rows)
        hub.settings(required_rules=[rule])  # made by an administrator in this very moment
        return done

    try:
        with monkeypatch.context() as during:
            during.setattr(here.hubspot, "update", ruled)
            assert route_all(here, [ticket_id]) == "1 ticket: 1 not put back"
    finally:
        hub.settings(required_rules=[])
    route_all(here, [ticket_id])
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "OCR"
