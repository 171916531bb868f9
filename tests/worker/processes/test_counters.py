"""Totals that all processes share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import redis

from worker.processes.counters import KEY, Counters


def test_counts_add_up_over_threads_and_instances(redis_client: redis.Redis) -> None:
    def work(_: int) -> None:
        mine = Counters(redis_client)
        for _count in range(50):
            mine.add({"tickets:decided": 2, "polls": 1})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert Counters(redis_client).totals() == {"tickets:decided": 400, "polls": 200}


def test_zeros_and_nothing_leave_no_trace(redis_client: redis.Redis) -> None:
    counters = Counters(redis_client)
    counters.add({})
    counters.add({"a": 0})

    assert counters.totals() == {}
    assert not redis_client.exists(KEY)
