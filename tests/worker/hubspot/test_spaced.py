"""The limiter of commands that run before Redis does."""

from __future__ import annotations

import pytest

from worker.hubspot.limits import Bucket
from worker.hubspot.spaced import Spaced


def test_calls_are_spaced_below_the_smallest_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("worker.hubspot.spaced.time.sleep", slept.append)
    limiter = Spaced()

    limiter.acquire(Bucket.TEN_SECONDS)
    limiter.acquire(Bucket.ASSOCIATIONS)
    limiter.acquire(Bucket.SEARCH)
    limiter.learn(Bucket.TEN_SECONDS, {"X-HubSpot-RateLimit-Max": "100000"})
    limiter.hold(Bucket.TEN_SECONDS, 60)
    limiter.hold_everything(60)

    assert 10 / slept[0] < 95
    assert 10 / slept[1] < 95
    assert 1 / slept[2] < 3
    assert len(slept) == 3
