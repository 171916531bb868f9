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
        """Count one more move of each; the ids that have had too many."""
        asked = list(ids)
        pipe = self._redis.pipeline(transaction=False)
        for one in asked:
            pipe.incr(KEY + one)
            pipe.expire(KEY + one, DAY_S, nx=True)
        counts = pipe.execute()[::2]
        return {one for one, count in zip(asked, counts, strict=True) if count > MOST_A_DAY}
