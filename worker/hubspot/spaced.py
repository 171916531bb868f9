"""For commands that run before anything is started: a limiter without Redis."""

from __future__ import annotations

import time
from collections.abc import Mapping

from worker.hubspot.limits import Bucket

GAP_S = 0.12  # about 83 calls in ten seconds, below the smallest limit


class Spaced:
    """Spaces the calls of one short-lived command; shares with nobody."""

    def acquire(self, bucket: Bucket) -> None:
        time.sleep(0.35 if bucket is Bucket.SEARCH else GAP_S)

    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        """Nothing to learn for a few calls."""

    def hold(self, bucket: Bucket, seconds: float) -> None:
        """The caller is told by the error."""

    def hold_everything(self, seconds: float) -> None:
        """The caller is told by the error."""
