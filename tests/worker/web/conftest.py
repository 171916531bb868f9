"""A receiver at the door, on the tests' Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worker.web.door import Door


@pytest.fixture
def door(redis_url: str) -> Iterator[Door]:
    """A receiver that takes v3 alone."""
    door = Door(redis_url)
    yield door
    door.close()


@pytest.fixture
def lenient_door(redis_url: str) -> Iterator[Door]:
    """A receiver with WEBHOOK_ALLOW_V1."""
    door = Door(redis_url, allow_v1=True)
    yield door
    door.close()
