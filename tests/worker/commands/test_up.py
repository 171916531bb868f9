"""`ticket-worker up`: all processes run, come back when killed, and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from config.settings import Settings
from demo.processes import answers, free_ports
from tests.simulator.process import running_simulator
from tests.stack import provision, settings_for, until
from tests.worker.running import command_line, environment, ticket_worker
from worker.processes import embedded_redis

TOKEN = "tok%(en)s%of-the-test"
SECRET = "client%secret-of-the-test"
PASSWORD = "pass%word-of-the-test"


@pytest.fixture(scope="module")
def hubspot() -> Iterator[str]:
    with running_simulator("--empty", "--token", TOKEN) as base:
        yield base


class Machine:
    """One machine with its settings. No REDIS_URL: `up` brings its own."""

    def __init__(self, hubspot: str, folder: Path) -> None:
        public, private, flower = free_ports(3)
        self.folder = folder
        self.private = f"http://127.0.0.1:{private}"
        self.settings: Settings = settings_for(
            hubspot,
            "redis://127.0.0.1:1/0",
            folder,
            hubspot_access_token=TOKEN,
            hubspot_client_secret=SECRET,
            webhook_public_url=f"http://127.0.0.1:{public}/webhooks/hubspot",
            receiver_host="127.0.0.1",
            receiver_port=public,
            private_port=private,
            flower_port=flower,
            flower_basic_auth=f"me:{PASSWORD}",
            worker_processes=1,
        )
        self.env = environment(self.settings)
        del self.env["REDIS_URL"]

    @property
    def redis_folder(self) -> Path:
        return self.settings.data_dir / "redis"

    def log(self, name: str) -> str:
        path = self.settings.data_dir / "run" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[str]]:
        """`up` in a session of its own, ready."""
        process = subprocess.Popen(
            command_line("up"),
            env=self.env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            until("it is ready", lambda: answers(self.private + "/readyz"), 60)
            until("the worker is ready", lambda: "worker_ready" in self.log("worker1"), 60)
            yield process
        finally:
            for pid in [process.pid, *children(process.pid)]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            process.communicate()
            embedded_redis.stop_orphan(self.redis_folder)


def children(parent: int) -> dict[int, str]:
    """Process ids and commands of what a process started."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if stat.rpartition(")")[2].split()[1] == str(parent) and command:
            found[int(folder.name)] = command
    return found


def named(parent: int, name: str) -> int | None:
    return next((pid for pid, command in children(parent).items() if name in command), None)


def gone(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


@pytest.fixture
def machine(hubspot: str, folder: Path) -> Machine:
    machine = Machine(hubspot, folder)
    provision(machine.settings)
    return machine


def test_it_runs_mends_itself_survives_being_killed_and_ends_together(machine: Machine) -> None:
    with machine.up() as up:
        started = children(up.pid)
        assert len(started) == 5  # worker, beat, receiver, Flower, Redis
        _shows_no_secret(machine, started)
        _is_no_other_users_business(machine)
        _serves_commands_beside_it(machine, up.pid)
        _brings_back(up.pid, "worker.cli receiver")
        _brings_back(up.pid, "valkey-server")
        until("it is ready again", lambda: answers(machine.private + "/readyz"), 20)

        # Killed itself, it leaves nothing that the next one stumbles over.
        started = children(up.pid)
        orphan = named(up.pid, "valkey-server")
        assert orphan
        _remember(machine, "1")
        up.kill()
        up.wait()
        ours = [pid for pid in started if pid != orphan]
        until("its processes ended", lambda: all(gone(pid) for pid in ours), 20)
    with machine.up() as up:
        assert gone(orphan)
        assert _remembered(machine) == "1"
        started = children(up.pid)
        up.send_signal(signal.SIGTERM)
        said, _ = up.communicate(timeout=30)
        assert up.returncode == 0
        assert [pid for pid in started if not gone(pid)] == []
        assert embedded_redis.running(machine.redis_folder) is None
        assert "Traceback" not in said


def _shows_no_secret(machine: Machine, started: dict[int, str]) -> None:
    """Neither in a file it wrote nor where every user of the machine can read it."""
    shown = "".join(started.values())
    for file in (machine.settings.data_dir / "run").iterdir():
        shown += file.read_text()
    of_redis = urlsplit(embedded_redis.running(machine.redis_folder) or "").password
    assert of_redis
    assert not [one for one in (TOKEN, SECRET, PASSWORD, of_redis) if one in shown]


def _is_no_other_users_business(machine: Machine) -> None:
    port = urlsplit(embedded_redis.running(machine.redis_folder) or "").port or 0
    with (
        redis.Redis.from_url(embedded_redis.url_of(port)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.get("ticket-worker:identity")
    written = [*machine.redis_folder.rglob("*"), *(machine.settings.data_dir / "run").rglob("*")]
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def _serves_commands_beside_it(machine: Machine, pid: int) -> None:
    said = ticket_worker(machine.env, machine.folder, "failed", "list")
    assert (said.status, said.last) == (0, "No ticket is set aside."), said
    said = ticket_worker(machine.env, machine.folder, "up")
    assert said.status == 2
    assert f"It runs already (process {pid}" in said.folded


def _brings_back(supervisor: int, name: str) -> None:
    pid = named(supervisor, name)
    assert pid
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    until(f"{name} is back", lambda: named(supervisor, name) not in {None, pid}, 5)
    assert time.monotonic() - began < 3


def _remember(machine: Machine, value: str) -> None:
    with redis.Redis.from_url(embedded_redis.running(machine.redis_folder) or "") as client:
        client.set("kept", value)
    time.sleep(1.1)  # the append-only file is synced every second


def _remembered(machine: Machine) -> str:
    with redis.Redis.from_url(embedded_redis.running(machine.redis_folder) or "") as client:
        return bytes(client.get("kept") or b"").decode()


def test_a_wrong_token_is_told_before_anything_starts(machine: Machine) -> None:
    env = {**machine.env, "HUBSPOT_ACCESS_TOKEN": "another"}
    said = ticket_worker(env, machine.folder, "up")
    assert said.status == 2
    assert "HUBSPOT_ACCESS_TOKEN" in said.errors
    assert not (machine.settings.data_dir / "run").exists()
