"""A place behind everybody: calls for work that nobody waits for, such as the nightly sweep.

Most of a bucket's burst is never touched, so an interactive call finds it free and goes at once;
the work behind takes what is left of the rate. Within that work, what all the rest hangs on (the
next page of a list) can go first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from worker.hubspot.errors import RateLimited
from worker.hubspot.limits import Bucket, Limiter

PATIENCE_S = 30.0
LONGEST_NAP_S = 0.5
GIVES_WAY_S = 0.005
_line = threading.local()


@contextmanager
def first_in_line() -> Iterator[None]:
    """This thread's calls go before those of the other work behind, while it lasts."""
    _line.first = True
    try:
        yield
    finally:
        _line.first = False


class Behind:
    """The limiter as the sweep sees it. Each call waits at most `PATIENCE_S` for its place."""

    def __init__(
        self,
        limiter: Limiter,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limiter = limiter
        self._sleep = sleep
        self._clock = clock
        self._guard = threading.Lock()
        self._first = dict.fromkeys(Bucket, 0)  # waiting calls that go first

    def acquire(self, bucket: Bucket) -> None:
        """Wait for a place that nobody else wants. Raises `RateLimited` after `PATIENCE_S`."""
        first = bool(getattr(_line, "first", False))
        ends = self._clock() + PATIENCE_S
        with self._waiting(bucket, first):
            while wait_s := self._wait_s(bucket, first):
                if self._clock() + wait_s > ends:
                    raise RateLimited(
                        f"others use up HubSpot's {bucket.replace('_', '-')} limit",
                        retry_after_s=max(wait_s, 1.0),
                    )
                self._sleep(min(wait_s, LONGEST_NAP_S))

    def _wait_s(self, bucket: Bucket, first: bool) -> float:
        """0 when a place was taken, else the seconds until it may be worth a try."""
        if not first and self._first[bucket]:
            return GIVES_WAY_S
        return self._limiter.try_behind(bucket)

    @contextmanager
    def _waiting(self, bucket: Bucket, first: bool) -> Iterator[None]:
        with self._guard:
            self._first[bucket] += first
        try:
            yield
        finally:
            with self._guard:
                self._first[bucket] -= first

    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        self._limiter.learn(bucket, headers)

    def hold(self, bucket: Bucket, seconds: float) -> None:
        self._limiter.hold(bucket, seconds)

    def hold_everything(self, seconds: float) -> None:
        self._limiter.hold_everything(seconds)
