"""A message of a hand-off is sent once, and once more at most when a process dies around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.simulator.hub import Hub
from tests.stack import route_all, settings_for
from tests.teams_channel import TeamsChannel, running_channel
from tests.worker.crashes import ask, dies_before, leases_run_out, moves, said
from tests.worker.people import PASSWORD
from worker.intake.inbox import KEYS
from worker.runtime import Runtime
from worker.tickets.batch import Batch

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


def handed_off(hub: Hub, here: Runtime) -> str:
    """A decided ticket with an open request."""
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id)
    return ticket_id


def test_killed_between_the_message_and_its_note_it_is_sent_once_more_at_most(
    hub: Hub, telling: Runtime, channel: TeamsChannel
) -> None:
    ticket_id = handed_off(hub, telling)
    with dies_before(telling.flow._notifier._sent, "note"):
        route_all(telling, [ticket_id])
    assert len(channel.cards()) == 1
    leases_run_out(telling.redis)
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
    leases_run_out(telling.redis)
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

    def slow(batch: Batch, seen: dict[str, str], *rest: Any) -> None:
        look_back(batch, seen, *rest)
        if seen:  # its move has been written
            telling.redis.hset(KEYS["lease"], ticket_id, "somebody-else:1")

    with monkeypatch.context() as during:
        during.setattr(telling.writer, "look_back", slow)
        route_all(telling, [ticket_id])
    assert channel.cards() == []
    assert moves(hub, ticket_id) == 2
    leases_run_out(telling.redis)
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
