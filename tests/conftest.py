"""One real Redis-compatible server for the whole run; each test finds it empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import redis
from hypothesis.configuration import set_hypothesis_home_dir

from demo.processes import forget_settings
from tests.stack import train_small, worker_folder
from worker.processes import embedded_redis

forget_settings()

STOPS_WITHIN_S = 10.0
# The same examples on every machine, however slow, and nothing kept from one run to the next.
hypothesis.settings.register_profile("same", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("same")
set_hypothesis_home_dir(Path(__file__).parent.parent / ".pytest_cache" / "hypothesis")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of our own, with its data in a temporary folder."""
    process, url = embedded_redis.start(tmp_path_factory.mktemp("redis"))
    try:
        yield url
    finally:
        process.terminate()
        process.wait(STOPS_WITHIN_S)


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of an empty server (redis://127.0.0.1:…/0)."""
    with redis.Redis.from_url(redis_server, socket_timeout=5) as client:
        client.flushall()
    return redis_server


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of an empty server, made as the worker makes its own: answers are bytes."""
    with redis.Redis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=2) as client:
        yield client


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small examples of the tests and what was learned from them."""
    return train_small(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def folder(tmp_path: Path, trained: Path) -> Path:
    """A worker's data folder, with the small model."""
    return worker_folder(tmp_path / "data", trained)
