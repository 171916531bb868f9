"""Notes of what still has to be looked back at."""

from __future__ import annotations

import redis

from worker.tickets.lookback import LookBacks


def test_a_note_stands_until_it_is_done_whatever_comes_in_between(
    redis_client: redis.Redis,
) -> None:
    notes = LookBacks(redis_client)
    notes.note({"1": "2026-11-23T10:00:00Z", "2": "2026-11-23T10:00:01Z"})
    notes.note({"1": "2026-11-23T11:00:00Z"})
    after_a_crash = LookBacks(redis_client)
    assert after_a_crash.open(["1", "2", "3"]) == {
        "1": "2026-11-23T10:00:00Z",
        "2": "2026-11-23T10:00:01Z",
    }
    after_a_crash.done(["1"])
    assert notes.open(["1", "2"]) == {"2": "2026-11-23T10:00:01Z"}


def test_nothing_asked_is_nothing_told(redis_client: redis.Redis) -> None:
    notes = LookBacks(redis_client)
    assert notes.open([]) == {}
    notes.note({})
    notes.done([])
    assert not redis_client.keys("*")
