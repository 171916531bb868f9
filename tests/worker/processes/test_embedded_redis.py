"""The embedded server: keeps its data, is found again, never runs twice on one folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.stack import until
from worker.processes import embedded_redis
from worker.processes.embedded_redis import EmbeddedRedisError


class Servers:
    """Starts servers and ends them after the test."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
        process, url = embedded_redis.start(folder)
        self._processes.append(process)
        return process, url

    def end(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


@pytest.fixture
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.end()


def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=2)


def ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_it_keeps_an_append_only_file_and_never_evicts(servers: Servers, tmp_path: Path) -> None:
    process, url = servers.start(tmp_path / "data")
    with client(url) as connection:
        connection.set("kept", "1")
        time.sleep(1.1)  # appendfsync everysec
    process.kill()
    process.wait()
    _, url = servers.start(tmp_path / "data")
    with client(url) as connection:
        assert connection.get("kept") == b"1"
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert connection.config_get("bind") == {"bind": "127.0.0.1"}


def test_a_password_stands_in_a_file_for_us_alone_and_in_no_command(tmp_path: Path) -> None:
    folder, port = tmp_path / "data", embedded_redis.free_port()
    command = embedded_redis.prepare(folder, port, "first")
    command = embedded_redis.prepare(folder, port, password := embedded_redis.new_password())
    assert password not in " ".join(command)
    (holding,) = [path for path in folder.iterdir() if password in path.read_text()]
    assert holding.stat().st_mode & 0o777 == 0o600
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            until("it is found", lambda: embedded_redis.running(folder) is not None)
            assert embedded_redis.running(folder) == embedded_redis.url_of(port, password)
            with (
                client(embedded_redis.url_of(port)) as stranger,
                pytest.raises(redis.AuthenticationError),
            ):
                stranger.ping()
            embedded_redis.stop_orphan(folder)
            assert ended(process)
        finally:
            process.kill()


def test_the_one_that_runs_is_found(servers: Servers, tmp_path: Path) -> None:
    folder = tmp_path / "with spaces; and % #"
    assert embedded_redis.running(folder) is None
    process, url = servers.start(folder)
    assert embedded_redis.running(folder) == url
    process.kill()
    process.wait()
    assert embedded_redis.running(folder) is None


def test_an_orphan_is_ended_before_another_starts(servers: Servers, tmp_path: Path) -> None:
    orphan, _ = servers.start(tmp_path)
    _, url = servers.start(tmp_path)
    assert ended(orphan)
    assert embedded_redis.running(tmp_path) == url


def test_an_orphan_that_hangs_is_ended_too(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_redis, "STOPS_WITHIN_S", 0.3)
    monkeypatch.setattr(embedded_redis, "ASKED_FOR_S", 0.3)
    orphan, _ = servers.start(tmp_path)
    orphan.send_signal(signal.SIGSTOP)
    _, url = servers.start(tmp_path)
    assert ended(orphan)
    assert embedded_redis.running(tmp_path) == url


def test_a_server_on_another_folder_is_left_alone(servers: Servers, tmp_path: Path) -> None:
    other, url = servers.start(tmp_path / "other")
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("server.port", "server.pid"):  # numbers of a run before the last reboot
        (mine / name).write_text((tmp_path / "other" / name).read_text())
    assert embedded_redis.running(mine) is None
    servers.start(mine)
    assert other.poll() is None
    assert embedded_redis.running(tmp_path / "other") == url


def test_a_process_that_has_taken_the_number_is_left_alone(
    servers: Servers, tmp_path: Path
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as innocent:
        (tmp_path / "server.pid").write_text(str(innocent.pid))
        (tmp_path / "server.port").write_text("1")
        servers.start(tmp_path)
        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.parametrize("nonsense", ["", "abc", "-1", "99999999999999999999", "\x00"])
def test_notes_that_are_nonsense_do_no_harm(
    servers: Servers, tmp_path: Path, nonsense: str
) -> None:
    (tmp_path / "server.pid").write_text(nonsense)
    (tmp_path / "server.port").write_text(nonsense)
    assert embedded_redis.running(tmp_path) is None
    embedded_redis.stop_orphan(tmp_path)


def test_a_folder_that_can_not_be_used_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedRedisError, match="DATA_DIR"):
        embedded_redis.start(tmp_path / "file" / "data")


def test_a_server_that_ends_at_once_is_said_clearly(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "appendonlydir")  # where the server wants a folder
    with pytest.raises(EmbeddedRedisError, match=r"server\.log"):
        embedded_redis.start(tmp_path)
