"""Work that nobody waits for stands behind: interactive calls go at once, whatever it does."""

from __future__ import annotations

import threading
import time

import pytest
import redis

from worker.hubspot.behind import PATIENCE_S, Behind, first_in_line
from worker.hubspot.errors import RateLimited
from worker.hubspot.limits import BEHIND_CALLS, Bucket, Limiter, ten_second_rate

PROFESSIONAL = {
    "X-HubSpot-RateLimit-Max": "190",
    "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
}
TEN = Bucket.TEN_SECONDS


class Clock:
    """Made-up time, which sleeping moves."""

    def __init__(self) -> None:
        self.s = 1_000_000.0
        self.slept = 0.0

    def ms(self) -> float:
        return self.s * 1000

    def now(self) -> float:
        return self.s

    def sleep(self, seconds: float) -> None:
        self.s += seconds
        self.slept += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(redis_client: redis.Redis, clock: Clock) -> Limiter:
    """The interactive side, on a Professional account."""
    limiter = Limiter(redis_client, clock.sleep, clock.ms)
    limiter.learn(TEN, PROFESSIONAL)
    return limiter


@pytest.fixture
def behind(limiter: Limiter, clock: Clock) -> Behind:
    return Behind(limiter, clock.sleep, clock.now)


def test_alone_it_takes_the_whole_rate_and_never_more(behind: Behind, clock: Clock) -> None:
    began = clock.s
    calls = 0
    while clock.s - began < 60:
        behind.acquire(TEN)
        calls += 1
    rate = ten_second_rate(190)
    sustained = 60_000 / rate.interval_ms
    assert sustained * 0.98 <= calls <= sustained + BEHIND_CALLS + 1
    assert calls <= 6 * 190 * 0.95


def test_an_interactive_call_goes_at_once_while_a_sweep_runs(
    limiter: Limiter, behind: Behind, clock: Clock
) -> None:
    for _ in range(200):
        behind.acquire(TEN)
    before = clock.slept
    for _ in range(ten_second_rate(190).burst - BEHIND_CALLS - 1):
        limiter.acquire(TEN)
    assert clock.slept == before


def test_while_others_use_everything_it_gets_nothing_and_says_so(
    limiter: Limiter, clock: Clock
) -> None:
    def sleep_while_others_call(seconds: float) -> None:
        clock.sleep(seconds)
        for _ in range(ten_second_rate(190).burst):
            limiter.acquire(TEN)

    limiter.acquire(TEN)
    sleep_while_others_call(0)
    began = clock.s
    behind = Behind(limiter, sleep_while_others_call, clock.now)
    with pytest.raises(RateLimited, match="others use up"):
        behind.acquire(TEN)
    assert clock.s - began > PATIENCE_S - 1


def test_what_the_rest_hangs_on_goes_first(redis_client: redis.Redis) -> None:
    """In real time: four threads want all they can get, a fifth one call now and then."""
    limiter = Limiter(redis_client)
    limiter.learn(TEN, PROFESSIONAL)
    behind = Behind(limiter)
    ends = time.monotonic() + 1.5

    def greedy() -> None:
        while time.monotonic() < ends:
            behind.acquire(TEN)

    threads = [threading.Thread(target=greedy) for _ in range(4)]
    for thread in threads:
        thread.start()
    waits = []
    with first_in_line():
        while time.monotonic() < ends - 0.3:
            began = time.monotonic()
            behind.acquire(TEN)
            waits.append(time.monotonic() - began)
            time.sleep(0.08)
    for thread in threads:
        thread.join()
    assert len(waits) > 5
    # Of five in turn each would wait five places, 0.3 s.
    assert sorted(waits)[len(waits) // 2] < 0.15


def test_a_429_holds_it_too(limiter: Limiter, behind: Behind, clock: Clock) -> None:
    behind.acquire(TEN)
    limiter.hold(TEN, 5.0)
    began = clock.s
    behind.acquire(TEN)
    assert clock.s - began >= 4.9


def test_a_hold_longer_than_its_patience_is_told_at_once(
    limiter: Limiter, behind: Behind, clock: Clock
) -> None:
    behind.hold_everything(900.0)
    began = clock.s
    with pytest.raises(RateLimited) as refused:
        behind.acquire(TEN)
    assert refused.value.retry_after_s > 800
    assert clock.s == began


def test_each_bucket_has_a_line_of_its_own(behind: Behind, clock: Clock) -> None:
    for _ in range(30):
        behind.acquire(TEN)
    before = clock.slept
    behind.acquire(Bucket.ASSOCIATIONS)
    assert clock.slept == before
