"""Who was told of which hand-off, noted in Redis before it is noted on the ticket: that write may
fail, and a message must not be sent again for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import orjson
import redis

from worker.escalation.delivery import Told

KEY = "ticket-worker:notice-sent:"
KEPT_S = 7 * 86_400
Known = dict[str, tuple[tuple[str, ...], bool]]  # the hand-off's key → who knows, and if all do


class SentNotices:
    """By ticket id. Thread-safe."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def note(self, told: Mapping[str, Mapping[str, Told]]) -> None:
        """What has just been sent: ticket id → the hand-off's key → who knows of it now."""
        pipe = self._redis.pipeline(transaction=False)
        for id_, by_key in told.items():
            for key, one in by_key.items():
                pipe.hset(KEY + id_, key, orjson.dumps([one.told, one.everybody]))
            pipe.expire(KEY + id_, KEPT_S)
        pipe.execute()

    def of(self, ids: Collection[str]) -> dict[str, Known]:
        """What is known of these tickets; those of which nothing is are left out."""
        pipe = self._redis.pipeline(transaction=False)
        for id_ in ids:
            pipe.hgetall(KEY + id_)
        return {
            id_: {key.decode(): _known(value) for key, value in rows.items()}
            for id_, rows in zip(ids, pipe.execute() if ids else [], strict=True)
            if rows
        }


def _known(value: bytes) -> tuple[tuple[str, ...], bool]:
    told, everybody = orjson.loads(value)
    return tuple(told), bool(everybody)
