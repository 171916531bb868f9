"""A simulated portal that `setup` has made ready, without clients, and the gateway to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from config.portal import PortalNames
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, settings_for
from worker.hubspot.by_night import HubSpotByNight
from worker.portal_names import read_portal_names
from worker.runtime import gateway_by_night


@pytest.fixture(scope="package")
def base() -> Iterator[str]:
    with running_simulator("--empty") as url:
        yield url


@pytest.fixture
def hub(base: str) -> Iterator[Hub]:
    """A portal that `setup` has made ready, without clients."""
    with Hub(base) as hub:
        hub.control("POST", "/reset", {"portal": "empty", "tier": "professional", "seed": 1})
        hub.settings(rates_enabled=False, index_delay_s=0)
        provision(settings_for(base, "redis://127.0.0.1:1", Path("unused")))
        hub.control("POST", "/counters/reset", {})
        yield hub


@pytest.fixture
def names() -> PortalNames:
    return read_portal_names(Path("config/portal.yaml"))


@pytest.fixture
def hubspot(
    hub: Hub, redis_url: str, redis_client: redis.Redis, names: PortalNames
) -> HubSpotByNight:
    settings = settings_for(hub.base, redis_url, Path("unused"))
    return gateway_by_night(settings, redis_client, names)
