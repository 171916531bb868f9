"""How work on an id may end, and what comes back when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import redis

from tests.worker.intake.conftest import PassTime
from tests.worker.intake.desk import (
    claim,
    failed_ids,
    nothing_due,
    numbered,
    settle,
)
from worker.intake.inbox import (
    KEYS,
    MAX_ATTEMPTS,
    Inbox,
    Outcome,
    Settlement,
    Source,
)


def test_done_is_done(inbox: Inbox, forward: PassTime, redis_client: redis.Redis) -> None:
    inbox.announce(["1"], Source.WEBHOOK)

    assert settle(inbox, claim(inbox, forward), Outcome.DONE) == {"1"}

    forward(10)
    assert nothing_due(inbox)
    assert {k for n, k in KEYS.items() if redis_client.exists(k)} == {
        KEYS[name] for name in ("settled", "bell", "memory")
    }


@pytest.mark.parametrize("outcome", [Outcome.LATER, Outcome.POSTPONED, Outcome.RETRY])
def test_what_is_to_come_back_comes_back_at_its_time(
    inbox: Inbox, forward: PassTime, outcome: Outcome
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), outcome, 30)

    forward(29)
    assert nothing_due(inbox)
    forward(1)
    assert claim(inbox, forward).ids == ("1",)


@pytest.mark.parametrize("delay_s", [None, -5.0])
def test_what_is_postponed_without_a_time_is_not_lost(
    inbox: Inbox, forward: PassTime, delay_s: float | None
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), Outcome.POSTPONED, delay_s)

    forward(2)
    assert claim(inbox, forward).ids == ("1",)


def test_postponing_charges_nobody(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    for _ in range(3 * MAX_ATTEMPTS):
        settle(inbox, claim(inbox, forward), Outcome.POSTPONED, 0)

    assert inbox.attempts_left("1") == MAX_ATTEMPTS - 1
    assert inbox.failures() == []


def test_a_retry_backs_off_longer_each_time_and_ends_set_aside(
    inbox: Inbox, forward: PassTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redis.backoff.random.uniform", lambda _low, high: high)
    inbox.announce(["1"], Source.WEBHOOK)
    waits = []
    for attempt in range(1, MAX_ATTEMPTS):
        assert inbox.attempts_left("1") == MAX_ATTEMPTS - attempt
        settle(inbox, claim(inbox, forward), Outcome.RETRY)
        wait = inbox.next_due_s()
        assert wait is not None
        waits.append(wait)
        forward(wait)
    assert inbox.attempts_left("1") == 0

    settle(inbox, claim(inbox, forward), Outcome.RETRY)

    assert waits == sorted(waits)
    assert 0.4 < waits[0] < 20
    assert all(later > 1.5 * sooner for sooner, later in pairwise(waits))
    assert failed_ids(inbox) == {"1"}
    assert inbox.failures()[0].why == "odd"
    assert inbox.next_due_s() is None


def test_success_forgets_earlier_attempts(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    for _ in range(MAX_ATTEMPTS - 1):
        settle(inbox, claim(inbox, forward), Outcome.RETRY, 0)
    settle(inbox, claim(inbox, forward), Outcome.DONE)

    assert inbox.attempts_left("1") == MAX_ATTEMPTS - 1


def test_one_batch_may_end_in_every_way(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(numbered(5), Source.WEBHOOK)
    held = claim(inbox, forward)

    ended = inbox.settle(
        held,
        [
            Settlement("1", Outcome.DONE),
            Settlement("2", Outcome.LATER, 30),
            Settlement("3", Outcome.POSTPONED, 2),
            Settlement("4", Outcome.FAILED, why="refused"),
        ],
    )

    assert ended == {"1", "2", "3", "4"}
    assert inbox.counts() == {"due": 0, "waiting": 2, "leased": 1, "failed": 1}
    assert inbox.held(held, held.ids) == {"5"}


def test_failures_are_listed_oldest_first_with_their_reason(
    inbox: Inbox, forward: PassTime
) -> None:
    for one in ("2", "1"):
        inbox.announce([one], Source.WEBHOOK)
        held = claim(inbox, forward)
        inbox.settle(held, [Settlement(one, Outcome.FAILED, why=f"{one} is odd ✓")])
    inbox.fail("3", "killed its workers")

    failures = inbox.failures()

    assert [failure.id for failure in failures] == ["2", "1", "3"]
    assert failures[0].why == "2 is odd ✓"
    assert datetime.now(UTC) - failures[0].at < timedelta(seconds=10)
