"""One simulator process for all its tests; each test starts with a fresh portal."""

from collections.abc import Iterator

import pytest

from simulator.settings import Settings
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    with running_simulator("--empty") as base:
        yield base


def _fresh(base: str, portal: str, version: str = "2026-09") -> Hub:
    hub = Hub(base, version)
    hub.control("PUT", "/webhooks", {"enabled": False, "subscriptions": {}, "target_url": ""})
    fresh = Settings().as_json()
    hub.control("PUT", "/settings", fresh)
    hub.control("POST", "/reset", {"portal": portal, "tier": "professional", "seed": 7})
    return hub


@pytest.fixture
def hub(simulator_url: str) -> Iterator[Hub]:
    """An empty portal, spoken to in 2026-09."""
    with _fresh(simulator_url, "empty") as fresh:
        yield fresh


@pytest.fixture
def old_hub(simulator_url: str) -> Iterator[Hub]:
    """An empty portal, spoken to in 2026-03."""
    with _fresh(simulator_url, "empty", "2026-03") as fresh:
        yield fresh


@pytest.fixture
def sample(simulator_url: str) -> Iterator[Hub]:
    """The portal with sixty clients."""
    with _fresh(simulator_url, "sample") as fresh:
        yield fresh
