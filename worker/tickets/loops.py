"""A bound on how often one ticket is moved, whatever keeps sending it back."""

from __future__ import annotations

from collections.abc import Collection

import redis

KEY = "ticket-worker:moves:"
MOST_A_DAY = 10
DAY_S = 86_400


class MoveBound:
    """Counts our moves of each ticket over a day."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def over(self, ids: Collection[str]) -> set[str]:
        """The ids that have been moved as often as they may be."""
        if not ids:
            return set()
        counts = self._redis.mget([KEY + one for one in ids])
        return {
            one for one, count in zip(ids, counts, strict=True) if int(count or 0) >= MOST_A_DAY
        }

    def moved(self, ids: Collection[str]) -> None:
        """HubSpot has taken one more move of each. A move that it did not take counts for nothing:
        otherwise a bad hour of HubSpot's would look like a ticket in circles.
        """
        pipe = self._redis.pipeline(transaction=False)
        for one in ids:
            pipe.incr(KEY + one)
            pipe.expire(KEY + one, DAY_S, nx=True)
        pipe.execute()
