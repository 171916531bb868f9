"""A ticket for whose sake HubSpot fails on every batch: it is found, and the others pass."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from tests.simulator.hub import Hub
from tests.worker.people import PASSWORD
from worker.hubspot.breaker import TRIPS_AT
from worker.hubspot.errors import Transient
from worker.hubspot.models import Update, Writing
from worker.intake.inbox import Claim, Source
from worker.runtime import Runtime


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.tickets.writing.OUTAGE_WAIT_S", (0.0, 0.001))
    monkeypatch.setattr("worker.intake.inbox.COMPANY_MS", 0)


def batches(here: Runtime, within_s: float, most: int = 1000) -> list[int]:
    """Take up what is due until nothing is; the sizes of the batches."""
    policy = here.policy.current()
    portal = here.portal.current(policy)
    sizes: list[int] = []
    ends = time.monotonic() + within_s
    while time.monotonic() < ends and len(sizes) < most and here.inbox.next_due_s() is not None:
        claim, _ = here.inbox.claim()
        if isinstance(claim, Claim):
            sizes.append(len(claim.ids))
            here.flow.route(claim, policy, portal)
        elif (here.inbox.next_due_s() or 0) > 5:
            break  # a second look at a ticket without a client
    return sizes


def said(hub: Hub, ticket_id: str) -> dict[str, str]:
    found: dict[str, str] = hub.truth("tickets", ticket_id)["properties"]
    return found


def test_it_is_parted_from_the_others_and_set_aside_at_last(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.intake.inbox.MAX_DOUBTS", 14)
    bad, *good = (hub.ticket(**PASSWORD) for _ in range(4))
    update = here.hubspot.update

    def failing(object_type: str, rows: Sequence[Update]) -> Writing:
        if any(row.id == bad and "hs_pipeline_stage" in row.properties for row in rows):
            error = Transient("HubSpot failed with 500")
            return Writing(frozenset(), {}, {row.id: error for row in rows})
        return update(object_type, rows)

    monkeypatch.setattr(here.hubspot, "update", failing)
    here.inbox.announce([bad, *good], Source.WEBHOOK)
    sizes = batches(here, 60)
    assert {said(hub, one)["routing_status"] for one in good} == {"decided"}
    assert [failure.id for failure in here.inbox.failures()] == [bad]
    assert said(hub, bad)["routing_status"] == "failed"
    assert "HubSpot failed with 500" in said(hub, bad)["routing_reason"]
    assert sizes[0] == 4
    assert sizes[-1] == 1


def test_while_hubspot_is_away_no_ticket_is_in_doubt(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.intake.inbox.MAX_DOUBTS", 3)
    tickets = [hub.ticket(**PASSWORD) for _ in range(3)]
    for _ in range(TRIPS_AT):
        here.breaker.failed()

    def failing(object_type: str, rows: Sequence[Update]) -> Writing:
        return Writing(frozenset(), {}, {row.id: Transient("no answer") for row in rows})

    monkeypatch.setattr(here.writer, "look_back_at_unlooked", lambda *_: None)
    monkeypatch.setattr(here.hubspot._client, "_breaker", None)  # the probes that it lets through
    monkeypatch.setattr(here.hubspot, "update", failing)
    here.inbox.announce(tickets, Source.WEBHOOK)
    assert batches(here, 30, most=12) == [3] * 12
    assert here.inbox.failures() == []
