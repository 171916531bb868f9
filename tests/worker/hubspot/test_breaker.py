"""The circuit breaker: while HubSpot is away nearly nobody calls; the first answer ends it."""

from __future__ import annotations

from collections import deque

import pytest
import redis

from worker.hubspot.breaker import KEY, LONGEST_S, PROBE_EVERY_S, TRIPS_AT, Breaker

HOUR_S = 3600.0


class Clock:
    """A moment that the test sets, in seconds."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s * 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(redis_client: redis.Redis, clock: Clock) -> Breaker:
    return Breaker(redis_client, clock)


def trip(breaker: Breaker) -> None:
    for _ in range(TRIPS_AT):
        breaker.failed()


def test_a_few_failures_stop_nobody(breaker: Breaker) -> None:
    for _ in range(TRIPS_AT - 1):
        breaker.failed()
    assert breaker.wait_s() == 0


def test_failures_in_a_row_stop_everybody(
    breaker: Breaker, redis_client: redis.Redis, clock: Clock
) -> None:
    trip(breaker)
    other_process = Breaker(redis_client, clock)
    assert 0 < breaker.wait_s() <= LONGEST_S
    assert 0 < other_process.wait_s() <= LONGEST_S


def test_an_answer_in_between_starts_the_count_anew(breaker: Breaker) -> None:
    for _ in range(TRIPS_AT - 1):
        breaker.failed()
    breaker.answered()
    breaker.failed()
    assert breaker.wait_s() == 0


def test_one_probe_at_a_time_and_its_answer_lets_everybody_in(
    breaker: Breaker, redis_client: redis.Redis, clock: Clock
) -> None:
    trip(breaker)
    other_process = Breaker(redis_client, clock)
    clock.now_s += LONGEST_S + 1
    assert other_process.wait_s() == 0
    assert 0 < breaker.wait_s() <= PROBE_EVERY_S
    other_process.answered()
    assert [breaker.wait_s() for _ in range(5)] == [0] * 5


def test_looking_takes_no_probe(breaker: Breaker, clock: Clock) -> None:
    trip(breaker)
    assert breaker.closed_for_s() > 0
    clock.now_s += LONGEST_S + 1
    assert [breaker.closed_for_s() for _ in range(3)] == [0] * 3
    assert breaker.wait_s() == 0
    assert breaker.closed_for_s() > 0, "while somebody probes the others wait"


def test_a_failed_probe_closes_the_door_again(breaker: Breaker, clock: Clock) -> None:
    trip(breaker)
    clock.now_s += LONGEST_S + 1
    assert breaker.wait_s() == 0
    breaker.failed()
    assert breaker.wait_s() > 0


def test_an_hours_outage_costs_at_most_sixty_probes_a_minute(
    breaker: Breaker, redis_client: redis.Redis, clock: Clock
) -> None:
    """Two processes that want to call all the time; every call fails."""
    both = (breaker, Breaker(redis_client, clock))
    began = clock.now_s
    last_minute: deque[float] = deque()
    most = calls = 0
    while clock.now_s < began + HOUR_S:
        for one in both:
            if one.wait_s() == 0:
                one.failed()
                calls += 1
                last_minute.append(clock.now_s)
        while last_minute and last_minute[0] <= clock.now_s - 60:
            last_minute.popleft()
        most = max(most, len(last_minute))
        clock.now_s += 0.5
    assert most <= 60
    assert calls >= 60, "somebody keeps asking"
    breaker.answered()
    assert [one.wait_s() for one in both * 5] == [0] * 10
    assert not redis_client.exists(KEY)
