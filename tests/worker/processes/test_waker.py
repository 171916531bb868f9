"""Wake-ups: at most one in flight, none for nothing, and none lost for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import redis

from worker.intake.inbox import Claim, Inbox, Outcome, Settlement, Source
from worker.processes.waker import WAKE_KEY, WAKE_LOST_MS, Waker, ring, woken


def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


class Woken:
    """Counts wake-ups, and tells when the first one came."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self) -> None:
        self.times.append(time.monotonic())


@pytest.fixture
def inbox(redis_client: redis.Redis) -> Inbox:
    return Inbox(redis_client)


@pytest.fixture
def calls() -> Woken:
    return Woken()


@pytest.fixture
def waker(inbox: Inbox, redis_client: redis.Redis, calls: Woken) -> Iterator[Waker]:
    made = Waker(inbox, redis_client, calls)
    yield made
    made.stop()


def test_nothing_due_wakes_nobody(waker: Waker, calls: Woken, inbox: Inbox) -> None:
    inbox.announce(["1"], Source.WEBHOOK, delay_s=60)
    inbox.wait_for_bell(0.01)
    started = time.monotonic()

    waker.look()

    assert calls.times == []
    assert 0.8 < time.monotonic() - started < 1.5


def test_something_due_wakes_once_until_the_wake_up_is_taken(
    waker: Waker, calls: Woken, inbox: Inbox, redis_client: redis.Redis
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)

    waker.look()
    waker.look()
    assert len(calls.times) == 1

    woken(redis_client)
    waker.look()
    assert len(calls.times) == 2


def test_two_processes_send_one_wake_up(
    waker: Waker, calls: Woken, inbox: Inbox, redis_client: redis.Redis
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    other = Woken()

    waker.look()
    Waker(inbox, redis_client, other).look()

    assert len(calls.times) + len(other.times) == 1


def test_a_lost_wake_up_costs_two_seconds(redis_client: redis.Redis) -> None:
    assert ring(redis_client)
    assert not ring(redis_client)

    assert 0 < int(redis_client.pttl(WAKE_KEY)) <= WAKE_LOST_MS == 2000


def test_the_thread_wakes_at_once_for_what_is_announced_and_at_its_time_for_what_waits(
    waker: Waker, calls: Woken, inbox: Inbox
) -> None:
    waker.start()
    announced = time.monotonic()
    inbox.announce(["1"], Source.WEBHOOK, delay_s=0.3)

    until(lambda: bool(calls.times))

    assert 0.25 < calls.times[0] - announced < 1.0


def test_the_thread_outlives_a_failure(
    inbox: Inbox, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.processes.waker.AFTER_AN_ERROR_S", 0.01)
    calls = Woken()
    failures = iter(range(3))

    def wake() -> None:
        calls()
        redis_client.delete(WAKE_KEY)
        for _ in failures:
            raise redis.ConnectionError("the broker is away")

    waker = Waker(inbox, redis_client, wake)
    waker.start()
    inbox.announce(["1"], Source.WEBHOOK)
    until(lambda: len(calls.times) >= 4)
    waker.stop()
    until(lambda: not any(thread.name == "waker" for thread in threading.enumerate()))


def test_while_hubspot_is_away_nobody_is_woken(
    inbox: Inbox, redis_client: redis.Redis, calls: Woken
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)

    Waker(inbox, redis_client, calls, pause_s=lambda: 0.05).look()

    assert calls.times == []
    assert inbox.counts()["due"] == 1


def test_work_that_ends_lets_the_next_be_seen_at_once(
    waker: Waker, calls: Woken, inbox: Inbox
) -> None:
    """The bell rings for a settlement too: what comes back soon is not slept over."""
    inbox.announce(["1"], Source.WEBHOOK)
    time.sleep(0.31)
    found, _ = inbox.claim()
    assert isinstance(found, Claim)
    inbox.wait_for_bell(0.01)
    waker.start()
    time.sleep(0.05)

    settled = time.monotonic()
    inbox.settle(found, [Settlement("1", Outcome.LATER, 0.05)])

    until(lambda: bool(calls.times))
    assert calls.times[0] - settled < 0.5
