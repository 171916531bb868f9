"""What a worker does at the inbox, in the words of the tests."""

from __future__ import annotations

from collections.abc import Iterable

from tests.worker.intake.conftest import PassTime
from worker.intake.inbox import (
    BATCH,
    COMPANY_MS,
    LEASE_MS,
    SETTLED_MS,
    Claim,
    Inbox,
    Outcome,
    Settlement,
    Source,
    Wait,
)

COMPANY_S, LEASE_S, SETTLED_S = COMPANY_MS / 1000, LEASE_MS / 1000, SETTLED_MS / 1000
NEWS = [Source.WEBHOOK, Source.PERSON]


def numbered(count: int) -> list[str]:
    return [str(n) for n in range(1, count + 1)]


def claim(inbox: Inbox, forward: PassTime, most: int = BATCH) -> Claim:
    """Claim what is due, the wait for company being over."""
    forward(COMPANY_S)
    found, _ = inbox.claim(most)
    assert isinstance(found, Claim)
    return found


def settle(inbox: Inbox, held: Claim, outcome: Outcome, delay_s: float | None = None) -> set[str]:
    return inbox.settle(held, [Settlement(one, outcome, delay_s, "odd") for one in held.ids])


def nothing_due(inbox: Inbox) -> bool:
    found, _ = inbox.claim()
    return isinstance(found, Wait)


def failed_ids(inbox: Inbox) -> set[str]:
    return {failure.id for failure in inbox.failures()}


def expire(inbox: Inbox, forward: PassTime) -> list[Claim]:
    """Claim all that is due, as workers that then die; returns their claims."""
    claims: list[Claim] = []
    forward(COMPANY_S)
    while isinstance(found := inbox.claim()[0], Claim):
        claims.append(found)
    forward(LEASE_S + 1)
    return claims


def sizes(claims: Iterable[Claim]) -> list[int]:
    return [len(one.ids) for one in claims]
