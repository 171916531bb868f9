"""A portal made ready and the settings of real processes on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import redis

from config.settings import Settings
from demo.portal import APP
from demo.processes import free_ports
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import SECRET, provision, settings_for, worker_folder
from worker.processes import embedded_redis


@pytest.fixture(scope="module")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, url = embedded_redis.start(tmp_path_factory.mktemp("redis"))
    yield url
    process.kill()
    process.wait()


@pytest.fixture
def settings(redis_address: str, tmp_path: Path, trained: Path) -> Iterator[tuple[Settings, Hub]]:
    """A portal made ready, with 200 clients, and settings of a worker on it."""
    redis.Redis.from_url(redis_address).flushall()
    with running_simulator("--empty") as base, Hub(base) as hub:
        public, private = free_ports(2)
        settings = settings_for(
            base,
            redis_address,
            worker_folder(tmp_path / "data", trained),
            webhook_public_url=f"http://127.0.0.1:{public}/webhooks/hubspot",
            receiver_host="127.0.0.1",
            receiver_port=public,
            private_port=private,
            poll_interval_s=1,
            route_tickets_since=None,
        )
        provision(settings)
        hub.control("POST", "/bulk", {"companies": 200, "contacts": 200, "complete_share": 0.5})
        hub.control(
            "PUT",
            "/webhooks",
            {
                "target_url": settings.webhook_public_url,
                "client_secret": SECRET,
                "subscriptions": orjson.loads(APP.read_bytes()),
            },
        )
        yield settings, hub
