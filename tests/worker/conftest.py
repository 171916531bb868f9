"""A portal that `setup` has made ready, shared by the tests of a module, and a worker on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, settings_for
from worker.runtime import Runtime


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running_simulator("--empty") as url, Hub(url) as hub:
        hub.settings(rates_enabled=False)
        provision(settings_for(url, "redis://127.0.0.1:1", Path("unused")))
        yield url


@pytest.fixture(scope="module")
def base_to_break() -> Iterator[str]:
    with running_simulator("--empty") as url:
        yield url


@pytest.fixture
def hub(base: str) -> Iterator[Hub]:
    """A portal that `setup` has made ready, with what earlier tests left in it."""
    with Hub(base) as hub:
        yield hub


@pytest.fixture
def fresh_hub(base_to_break: str) -> Iterator[Hub]:
    """An empty portal as HubSpot hands it out."""
    with Hub(base_to_break) as hub:
        hub.control("POST", "/reset", {"portal": "empty", "tier": "professional", "seed": 1})
        hub.settings(rates_enabled=False, required_rules=[])
        yield hub


@pytest.fixture
def here(hub: Hub, redis_url: str, folder: Path) -> Runtime:
    return Runtime(settings_for(hub.base, redis_url, folder))
