"""Counts that outlive a process, in Redis: what the metrics page and the reports show."""

from __future__ import annotations

from collections.abc import Mapping

import redis

KEY = "ticket-worker:counters"


class Counters:
    """Named totals shared by all processes. Names are `metric` or `metric:label`."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def add(self, counts: Mapping[str, int]) -> None:
        """Add to the totals; zeros are left out."""
        pipe = self._redis.pipeline(transaction=False)
        for name, count in counts.items():
            if count:
                pipe.hincrby(KEY, name, count)
        pipe.execute()

    def totals(self) -> dict[str, int]:
        """All totals by name."""
        return {
            (name.decode() if isinstance(name, bytes) else name): int(count)
            for name, count in self._redis.hgetall(KEY).items()
        }
