"""HubSpot's limits against a real Redis; time is ours wherever it would be long."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker.hubspot.errors import RateLimited
from worker.hubspot.limits import (
    KEY,
    MAX_SLEEP_S,
    SEARCH_RATE,
    SHARE,
    Bucket,
    Limiter,
    Rate,
    ten_second_rate,
)

HEADER = "X-HubSpot-RateLimit-Max"
START_MS = 1_795_435_200_000.0


class Clock:
    """Time that passes when it is told to, for many threads. Waiting is noted, not done."""

    def __init__(self) -> None:
        self._now = START_MS
        self._lock = threading.Lock()
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self._now

    def forward(self, ms: float) -> None:
        with self._lock:
            self._now += ms

    def limiter(self, client: redis.Redis) -> Limiter:
        return Limiter(client, sleep=self.waits.append, clock_ms=self)


def grants(limiter: Limiter, clock: Clock, bucket: Bucket, gaps: list[float]) -> list[float]:
    """When calls go out that ask after gaps (ms); those that are sent away are left out."""
    times = []
    for gap in gaps:
        clock.forward(gap)
        clock.waits.clear()
        try:
            limiter.acquire(bucket)
        except RateLimited:
            continue
        times.append(clock() + 1000 * sum(clock.waits))
    return times


def most_in_any(window_ms: float, times: list[float]) -> int:
    """The most calls in any window, ends included."""
    ordered = sorted(times)
    most = first = 0
    for last, end in enumerate(ordered):
        while ordered[first] < end - window_ms:
            first += 1
        most = max(most, last - first + 1)
    return most


@given(
    limit=st.sampled_from([100, 150, 190, 250]),
    gaps=st.lists(
        st.one_of(st.just(0.0), st.floats(0, 120), st.floats(0, 15_000)), min_size=1, max_size=40
    ),
    times=st.integers(1, 12),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_ten_seconds_hold_more_than_our_share(
    redis_client: redis.Redis, limit: int, gaps: list[float], times: int
) -> None:
    redis_client.flushall()
    clock = Clock()
    limiter = clock.limiter(redis_client)
    limiter.learn(Bucket.TEN_SECONDS, {HEADER: str(limit)})

    went = grants(limiter, clock, Bucket.TEN_SECONDS, gaps * times)

    assert most_in_any(10_000, went) <= SHARE * limit


def test_a_steady_crowd_gets_all_of_our_share_and_no_more(redis_client: redis.Redis) -> None:
    clock = Clock()
    limiter = clock.limiter(redis_client)
    limiter.learn(Bucket.TEN_SECONDS, {HEADER: "190"})

    went = grants(limiter, clock, Bucket.TEN_SECONDS, [10.0] * 3000)

    assert 170 <= most_in_any(10_000, went) <= 180
    assert len(went) >= 170 * 3


def test_threads_and_processes_share_one_allowance(
    redis_client: redis.Redis, redis_url: str
) -> None:
    """Eight threads with a limiter and a connection each, as in two processes, in made-up time."""
    clock = Clock()
    lock = threading.Lock()
    went: list[float] = []

    def work(_: int) -> None:
        with redis.Redis.from_url(redis_url) as connection:
            mine: list[float] = []
            asked_at = 0.0
            limiter = Limiter(connection, sleep=mine.append, clock_ms=lambda: asked_at)
            for _attempt in range(250):
                mine.clear()
                asked_at = clock()
                try:
                    limiter.acquire(Bucket.TEN_SECONDS)
                except RateLimited:
                    clock.forward(40)
                    continue
                with lock:
                    went.append(asked_at + 1000 * sum(mine))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert len(went) > 300
    assert most_in_any(10_000, went) <= 95


def test_searches_by_redis_own_clock_and_real_waiting(redis_client: redis.Redis) -> None:
    """HubSpot: five a second for the whole account, of which we take three."""
    limiter = Limiter(redis_client)
    went: list[float] = []
    ends = time.monotonic() + 2.2

    def work(_: int) -> None:
        while time.monotonic() < ends:
            limiter.acquire(Bucket.SEARCH)
            went.append(time.monotonic() * 1000)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))

    assert most_in_any(990, went) <= 3
    assert len(went) >= 4


def test_a_place_soon_is_waited_for_and_one_later_is_refused_with_the_time(
    redis_client: redis.Redis,
) -> None:
    clock = Clock()
    limiter = clock.limiter(redis_client)
    for _ in range(5):
        limiter.acquire(Bucket.SEARCH)

    with pytest.raises(RateLimited) as caught:
        limiter.acquire(Bucket.SEARCH)

    slept = clock.waits
    assert slept == sorted(slept)
    assert all(0 < wait <= MAX_SLEEP_S for wait in slept)
    assert slept[-1] > MAX_SLEEP_S - 0.6
    assert MAX_SLEEP_S < caught.value.retry_after_s <= MAX_SLEEP_S + 0.6
    assert "search limit" in str(caught.value)


def test_who_is_sent_away_takes_no_place(redis_client: redis.Redis) -> None:
    clock = Clock()
    limiter = clock.limiter(redis_client)
    limiter.hold(Bucket.SEARCH, 10)
    for _ in range(50):
        with pytest.raises(RateLimited):
            limiter.acquire(Bucket.SEARCH)

    clock.forward(10_000)
    limiter.acquire(Bucket.SEARCH)


def test_a_hold_stops_everyone_and_ends_without_a_burst(
    redis_client: redis.Redis, redis_url: str
) -> None:
    clock = Clock()
    one = clock.limiter(redis_client)
    one.hold(Bucket.TEN_SECONDS, 10)
    with redis.Redis.from_url(redis_url) as connection:
        other = clock.limiter(connection)
        with pytest.raises(RateLimited) as caught:
            other.acquire(Bucket.TEN_SECONDS)
    assert caught.value.retry_after_s == pytest.approx(10, abs=0.01)

    clock.forward(10_000)
    went = grants(one, clock, Bucket.TEN_SECONDS, [0.0] * 10)

    assert went[0] == START_MS + 10_000
    assert all(b - a > 100 for a, b in pairwise(went))


def test_a_shorter_hold_does_not_end_a_longer_one(redis_client: redis.Redis) -> None:
    limiter = Clock().limiter(redis_client)
    limiter.hold(Bucket.ASSOCIATIONS, 900)
    limiter.hold(Bucket.ASSOCIATIONS, 2)

    with pytest.raises(RateLimited) as caught:
        limiter.acquire(Bucket.ASSOCIATIONS)
    assert caught.value.retry_after_s > 890


def test_a_hold_of_one_bucket_leaves_the_others_and_of_everything_does_not(
    redis_client: redis.Redis,
) -> None:
    limiter = Clock().limiter(redis_client)
    limiter.hold(Bucket.SEARCH, 60)
    limiter.acquire(Bucket.TEN_SECONDS)
    limiter.acquire(Bucket.ASSOCIATIONS)

    limiter.hold_everything(86_400)

    for bucket in Bucket:
        with pytest.raises(RateLimited):
            limiter.acquire(bucket)
        assert int(redis_client.pttl(KEY + bucket)) > 86_400_000


@pytest.mark.parametrize(
    ("headers", "calls"),
    [
        ({}, 95),
        ({HEADER: "190"}, 180),
        ({HEADER: "100"}, 95),
        ({HEADER: "250"}, 237),
        ({HEADER: "190", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}, 180),
        ({HEADER: "19", "X-HubSpot-RateLimit-Interval-Milliseconds": "1000"}, 95),
        ({HEADER: "250000", "X-HubSpot-RateLimit-Interval-Milliseconds": "86400000"}, 95),
        ({HEADER: "0"}, 95),
        ({HEADER: "-5"}, 95),
        ({HEADER: "²"}, 95),
        ({HEADER: "many"}, 95),
    ],
)
def test_the_limit_is_learned_from_the_headers(
    redis_client: redis.Redis, headers: dict[str, str], calls: int
) -> None:
    clock = Clock()
    limiter = clock.limiter(redis_client)
    limiter.learn(Bucket.TEN_SECONDS, headers)

    went = grants(limiter, clock, Bucket.TEN_SECONDS, [20.0] * 1100)

    assert calls - 2 <= most_in_any(10_000, went) <= calls


@pytest.mark.parametrize(("header", "calls"), [("100", 95), ("150", 142), ("190", 142)])
def test_association_calls_are_never_more_than_their_own_bucket_holds(
    redis_client: redis.Redis, header: str, calls: int
) -> None:
    clock = Clock()
    limiter = clock.limiter(redis_client)
    limiter.learn(Bucket.ASSOCIATIONS, {HEADER: header})

    went = grants(limiter, clock, Bucket.ASSOCIATIONS, [20.0] * 800)

    assert calls - 2 <= most_in_any(10_000, went) <= calls


def test_searches_learn_nothing(redis_client: redis.Redis) -> None:
    clock = Clock()
    limiter = clock.limiter(redis_client)
    limiter.learn(Bucket.SEARCH, {HEADER: "190"})

    assert most_in_any(1_000, grants(limiter, clock, Bucket.SEARCH, [10.0] * 500)) <= 3


def test_a_limit_that_goes_down_is_kept_too(redis_client: redis.Redis) -> None:
    clock = Clock()
    limiter = clock.limiter(redis_client)
    limiter.learn(Bucket.TEN_SECONDS, {HEADER: "190"})
    grants(limiter, clock, Bucket.TEN_SECONDS, [5.0] * 400)
    clock.forward(10_000)
    limiter.learn(Bucket.TEN_SECONDS, {HEADER: "100"})

    went = grants(limiter, clock, Bucket.TEN_SECONDS, [5.0] * 3000)

    assert most_in_any(10_000, went) <= 95


def test_without_redis_nobody_calls() -> None:
    with redis.Redis(port=1, retry=Retry(NoBackoff(), 0)) as nowhere:
        limiter = Limiter(nowhere)
        with pytest.raises(redis.ConnectionError):
            limiter.acquire(Bucket.TEN_SECONDS)


@pytest.mark.parametrize("limit", [2, 10, 100, 190, 250])
def test_a_rate_fills_its_window_to_the_share_and_not_beyond(limit: int) -> None:
    rate = ten_second_rate(limit)

    in_window = rate.burst + int(rate.window_s * 1000 / rate.interval_ms)
    assert in_window == rate.calls <= max(2, SHARE * limit)
    assert Rate(3, 1.0, 1) == SEARCH_RATE
