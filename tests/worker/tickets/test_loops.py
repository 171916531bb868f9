"""How often a ticket may be moved in a day."""

from __future__ import annotations

import redis

from worker.tickets.loops import DAY_S, KEY, MOST_A_DAY, MoveBound


def test_ten_moves_a_day_are_free_and_the_next_is_one_too_many(redis_client: redis.Redis) -> None:
    bound = MoveBound(redis_client)
    assert bound.over([]) == set()
    for _ in range(MOST_A_DAY):
        assert bound.over(["1", "2"]) == set()
        bound.moved(["1"])
    assert bound.over(["1", "2"]) == {"1"}
    assert bound.over(["2"]) == set(), "looking counts for nothing"


def test_the_count_ends_with_the_day_and_more_moves_do_not_prolong_it(
    redis_client: redis.Redis,
) -> None:
    bound = MoveBound(redis_client)
    bound.moved(["1"])
    redis_client.expire(KEY + "1", 100)
    bound.moved(["1"])
    assert 0 < int(redis_client.ttl(KEY + "1")) <= 100 < DAY_S
