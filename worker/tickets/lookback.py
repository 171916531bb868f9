"""Which moves have been written but not yet looked back at, so that a crash between the two
loses no person's move.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import redis

KEY = "ticket-worker:lookback"


class LookBacks:
    """Ticket id → the last-modified time of the state our move was decided on."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def note(self, seen: Mapping[str, str], again: bool = False) -> None:
        """Before a write: what was seen. An earlier note stands, for its move may be unlooked-at,
        unless it has just been looked at (`again`).
        """
        pipe = self._redis.pipeline(transaction=False)
        for id_, modified in seen.items():
            if again:
                pipe.hset(KEY, id_, modified)
            else:
                pipe.hsetnx(KEY, id_, modified)
        pipe.execute()

    def open(self, ids: Collection[str]) -> dict[str, str]:
        """Those of these tickets that still have to be looked back at."""
        asked = list(ids)
        if not asked:
            return {}
        values = self._redis.hmget(KEY, asked)
        return {
            one: value.decode() if isinstance(value, bytes) else str(value)
            for one, value in zip(asked, values, strict=True)
            if value is not None
        }

    def done(self, ids: Collection[str]) -> None:
        """They were looked back at."""
        if ids:
            self._redis.hdel(KEY, *ids)
