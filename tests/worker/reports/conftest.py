"""Sixty clients in a simulated portal, and a worker whose clock is ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, settings_for
from tests.worker.reports.nights import At, runtime


@pytest.fixture(scope="package")
def base() -> Iterator[str]:
    with running_simulator() as url:
        yield url


@pytest.fixture
def hub(base: str) -> Iterator[Hub]:
    """Sixty clients: a third complete, a third half, a third empty."""
    with Hub(base) as hub:
        hub.control("POST", "/reset", {"portal": "sample", "tier": "professional", "seed": 1})
        hub.settings(rates_enabled=False, index_delay_s=0, time_zone="America/New_York")
        provision(settings_for(base, "redis://127.0.0.1:1", Path("unused")))
        hub.control("POST", "/clients/sample", {})
        hub.control("POST", "/counters/reset", {})
        yield hub


@pytest.fixture
def here(hub: Hub, redis_url: str, folder: Path) -> Iterator[At]:
    made = runtime(hub, redis_url, folder)
    yield made
    made.redis.close()
