"""A process that dies, or whose lease is lost, at the worst moment of a ticket's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.simulator.hub import Hub
from tests.stack import route_all, settings_for, writes
from tests.teams_channel import TeamsChannel, running_channel
from tests.worker.people import PASSWORD, PERSON, move, stage_id, stage_label
from worker.hubspot.models import Reading, Update, Writing
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import KEYS
from worker.runtime import Runtime

UPDATE = "tickets/batch/update"


@pytest.fixture
def channel() -> Iterator[TeamsChannel]:
    with running_channel() as channel:
        yield channel


@pytest.fixture
def telling(hub: Hub, redis_url: str, folder: Path, channel: TeamsChannel) -> Iterator[Runtime]:
    """A worker that tells Team Ticketing of hand-offs."""
    settings = settings_for(
        hub.base, redis_url, folder, teams_webhook_url=SecretStr(channel.webhook)
    )
    yield Runtime(settings)
    hub.control("PUT", "/faults", {"rules": []})


@contextmanager
def dies_before(owner: object, name: str) -> Iterator[None]:
    """As if the process were killed when it is about to do this; its leases run out."""

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    with pytest.MonkeyPatch.context() as during:
        during.setattr(owner, name, killed)
        with pytest.raises(SystemExit):
            yield


def leases_run_out(here: Runtime) -> None:
    here.redis.delete(KEYS["leased"], KEYS["lease"])


def ask(hub: Hub, ticket_id: str, request: str = "exceeds_level_1") -> None:
    wish = {"escalation_request": request}
    hub.act("user", PERSON, "update", object_type="tickets", id=ticket_id, properties=wish)


def said(hub: Hub, ticket_id: str) -> dict[str, str]:
    found: dict[str, str] = hub.truth("tickets", ticket_id)["properties"]
    return found


def moves(hub: Hub, ticket_id: str) -> int:
    return sum("hs_pipeline_stage" in entry["changes"] for entry in writes(hub, ticket_id))


def handed_off(hub: Hub, here: Runtime) -> str:
    """A decided ticket with an open request."""
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id)
    return ticket_id


# ---- the message and its note


def test_killed_between_the_message_and_its_note_it_is_sent_once_more_at_most(
    hub: Hub, telling: Runtime, channel: TeamsChannel
) -> None:
    ticket_id = handed_off(hub, telling)
    with dies_before(telling.flow._notifier._sent, "note"):
        route_all(telling, [ticket_id])
    assert len(channel.cards()) == 1
    leases_run_out(telling)
    route_all(telling, [ticket_id])
    route_all(telling, [ticket_id])
    assert len(channel.cards()) == 2
    assert said(hub, ticket_id)["escalation_notice"].startswith("sent")


def test_killed_between_redis_and_the_ticket_being_told_it_is_not_sent_again(
    hub: Hub, telling: Runtime, channel: TeamsChannel
) -> None:
    ticket_id = handed_off(hub, telling)
    with dies_before(telling.flow._notifier, "_note"):
        route_all(telling, [ticket_id])
    assert said(hub, ticket_id)["escalation_notice"].startswith("due")
    leases_run_out(telling)
    route_all(telling, [ticket_id])
    assert said(hub, ticket_id)["escalation_notice"].startswith("sent")
    assert len(channel.cards()) == 1


@pytest.mark.parametrize("fault", [{"kind": "503"}, {"kind": "503", "after_write": True}])
def test_a_note_that_hubspot_did_not_take_repeats_no_message(
    hub: Hub,
    telling: Runtime,
    channel: TeamsChannel,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, object],
) -> None:
    monkeypatch.setattr("worker.escalation.notifier.NOTED_WITHIN_S", (0.0, 0.01))
    ticket_id = handed_off(hub, telling)
    note = telling.flow._notifier._note

    def failing(*args: Any) -> None:
        rule = {"match": UPDATE, "times": 1, **fault}
        hub.control("PUT", "/faults", {"rules": [rule]})
        note(*args)

    with monkeypatch.context() as during:
        during.setattr(telling.flow._notifier, "_note", failing)
        route_all(telling, [ticket_id])
    route_all(telling, [ticket_id])
    assert said(hub, ticket_id)["escalation_notice"].startswith("sent")
    assert len(channel.cards()) == 1


def test_flushed_between_the_message_and_its_note_it_is_sent_once_more_at_most(
    hub: Hub, telling: Runtime, channel: TeamsChannel
) -> None:
    ticket_id = handed_off(hub, telling)
    with dies_before(telling.flow._notifier, "_note"):
        route_all(telling, [ticket_id])
    telling.redis.flushall()
    restarted = Runtime(telling.settings)
    route_all(restarted, [ticket_id])
    route_all(restarted, [ticket_id])
    assert len(channel.cards()) == 2


def test_whoever_lost_the_lease_before_the_message_sends_none(
    hub: Hub, telling: Runtime, channel: TeamsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = handed_off(hub, telling)
    look_back = telling.writer.look_back

    def slow(*args: Any) -> None:
        look_back(*args)
        telling.redis.hset(KEYS["lease"], ticket_id, "somebody-else:1")

    with monkeypatch.context() as during:
        during.setattr(telling.writer, "look_back", slow)
        route_all(telling, [ticket_id])
    assert channel.cards() == []
    leases_run_out(telling)
    route_all(telling, [ticket_id])
    assert len(channel.cards()) == 1


def test_whoever_lost_the_lease_before_the_move_sends_no_message(
    hub: Hub, telling: Runtime, channel: TeamsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = handed_off(hub, telling)
    plan = telling.flow._hand_offs.plan

    def slow(*args: Any) -> object:
        planned = plan(*args)
        telling.redis.hset(KEYS["lease"], ticket_id, "somebody-else:1")
        return planned

    with monkeypatch.context() as during:
        during.setattr(telling.flow._hand_offs, "plan", slow)
        route_all(telling, [ticket_id])
    assert channel.cards() == []
    assert moves(hub, ticket_id) == 1
    assert said(hub, ticket_id)["escalation_request"] == "exceeds_level_1"


# ---- the move and what a person did around it


def test_killed_between_two_writes_a_ticket_is_moved_once_and_its_client_flagged_later(
    hub: Hub, here: Runtime
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    with dies_before(here.writer, "_flag_clients"):
        route_all(here, [ticket_id])
    leases_run_out(here)
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
    leases_run_out(here)
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
    leases_run_out(here)
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
        route_all(here, [ticket_id])
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "Level 1 Support"
    assert here.inbox.next_due_s() is not None, "it comes back by itself"
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
