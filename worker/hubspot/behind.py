"""A place behind everybody: calls for work that nobody waits for, such as the nightly sweep.

The bucket's burst is never touched, so an interactive call finds it whole and goes at once; the
work behind takes what is left of the rate, one place at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from worker.hubspot.errors import RateLimited
from worker.hubspot.limits import Bucket, Limiter

PATIENCE_S = 30.0
LONGEST_NAP_S = 0.5


class Behind:
    """The limiter as the sweep sees it: waits in line, at most `PATIENCE_S` for one place."""

    def __init__(
        self,
        limiter: Limiter,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limiter = limiter
        self._sleep = sleep
        self._clock = clock
        self._lines = {bucket: threading.Lock() for bucket in Bucket}

    def acquire(self, bucket: Bucket) -> None:
        """Wait for a place that nobody else wants. Raises `RateLimited` after `PATIENCE_S`."""
        ends = self._clock() + PATIENCE_S
        with self._lines[bucket]:
            while wait_s := self._limiter.try_behind(bucket):
                if self._clock() + wait_s > ends:
                    raise RateLimited(
                        f"others use up HubSpot's {bucket.replace('_', '-')} limit",
                        retry_after_s=max(wait_s, 1.0),
                    )
                self._sleep(min(wait_s, LONGEST_NAP_S))

    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        self._limiter.learn(bucket, headers)

    def hold(self, bucket: Bucket, seconds: float) -> None:
        self._limiter.hold(bucket, seconds)

    def hold_everything(self, seconds: float) -> None:
        self._limiter.hold_everything(seconds)
