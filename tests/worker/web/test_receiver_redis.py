"""Redis is away, hangs, is full or comes back: 503 within about a second, then business."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.worker.web.door import Door, event
from worker.intake.inbox import Inbox
from worker.processes import embedded_redis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "redis")
    yield server
    server.kill()


class Server:
    """A Redis of one test's own, that may be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = embedded_redis.free_port()
        self.start()

    def start(self) -> None:
        self.process, self.url = embedded_redis.start(self._folder, self.port)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def inbox_due(self) -> int:
        with redis.Redis.from_url(self.url) as client:
            return Inbox(client).counts()["due"]


def timed(door: Door, number: int) -> tuple[int, float]:
    """The status of a delivery and the seconds it took."""
    began = time.monotonic()
    status = door.deliver([event(object_id=number)])
    return status, time.monotonic() - began


def test_redis_that_is_not_there_is_503_at_once() -> None:
    door = Door(f"redis://127.0.0.1:{embedded_redis.free_port()}/0")
    status, seconds = timed(door, 1)
    assert status == 503
    assert seconds < 1.5
    answer = door.request(method="GET", path="/healthz")
    door.close()
    assert answer.status == 200


def test_redis_that_accepts_and_says_nothing_is_503_within_about_a_second() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        door = Door(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        status, seconds = timed(door, 1)
        door.close()
    assert status == 503
    assert 0.5 < seconds < 1.6


def test_a_refusal_does_not_wait_long_for_redis() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        door = Door(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        statuses = [door.request([b"[]"]).status for _ in range(20)]
        door.close()
    assert statuses == [401] * 20
    assert time.monotonic() - began < 1.6


def test_after_a_hang_deliveries_are_taken_and_answers_are_not_mixed_up(server: Server) -> None:
    door = Door(server.url)
    assert timed(door, 1)[0] == 202
    server.process.send_signal(signal.SIGSTOP)
    status, seconds = timed(door, 2)
    assert status == 503
    assert seconds < 1.6
    server.process.send_signal(signal.SIGCONT)
    door.now_ms += 1  # HubSpot signs the next attempt anew
    assert [timed(door, number)[0] for number in (2, 3, 4)] == [202, 202, 202]
    door.close()
    assert server.inbox_due() == 4


def test_a_restarted_redis_is_used_again_without_one_failure(server: Server) -> None:
    door = Door(server.url)
    assert timed(door, 1)[0] == 202
    server.kill()
    assert timed(door, 2)[0] == 503
    server.start()
    assert timed(door, 3)[0] == 202
    server.kill()
    server.start()
    assert timed(door, 4)[0] == 202
    door.close()


def test_a_full_redis_is_503(server: Server) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.config_set("maxmemory", "1")
        door = Door(server.url)
        assert timed(door, 1)[0] == 503
        client.config_set("maxmemory", "0")
        assert timed(door, 1)[0] == 202
        door.close()
    assert server.inbox_due() == 1
