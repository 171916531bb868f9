"""Which receivers are left alone for a while, by all processes: they were away, or asked for it."""

from __future__ import annotations

import redis

KEY = "ticket-worker:receiver-away:"


class Holds:
    """Variables of receivers that nobody posts to for now."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def hold(self, variable: str, seconds: float) -> None:
        """Leave a receiver alone for so long."""
        self._redis.set(KEY + variable, "1", px=max(1, int(seconds * 1000)))

    def left_s(self, variable: str) -> float:
        """Seconds for which a receiver is still left alone; 0 when it may be told."""
        return max(0, int(self._redis.pttl(KEY + variable))) / 1000
