"""The processes of a run: the simulator, a Redis-compatible server, and the worker's own, each
started again when it dies. Signals here hit one process at a time, as a machine's troubles do.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from demo.portal import SimulatedPortal
from demo.processes import answers, free_ports, plan_addresses, python, running, wait_for
from worker.processes import embedded_redis
from worker.routing.policy import DEFAULT_EXAMPLES, DEFAULT_MEANINGS, DEFAULT_POLICY
from worker.routing.train import Sources, train_apart

WORKERS = {
    "worker1": ("worker", "--name", "worker1"),
    "worker2": ("worker", "--name", "worker2"),
    "beat": ("beat",),
    "receiver": ("receiver",),
}
LOOKED_AT_EVERY_S = 0.1
LATENCY_MS = 30
STARTS = 6  # tries of a supervisor


class Kept:
    """A process that is started again within a moment when it dies."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self._command = command
        self._env = {**os.environ, **env}
        self._log = log
        self._lock = threading.Lock()
        self._wanted = True
        self.kills = 0
        self.ends_of_its_own = 0
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            return subprocess.Popen(
                self._command,
                env=self._env,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to the process and whatever it started."""
        with self._lock:
            if self._process.poll() is None:
                self.kills += 1
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
                if self._wanted:
                    self._process = self._start()

    def look(self) -> None:
        """Start it again if it has ended of its own."""
        with self._lock:
            if self._wanted and self._process.poll() is not None:
                self.ends_of_its_own += 1
                self._process = self._start()

    def end(self) -> None:
        with self._lock:
            self._wanted = False
        self.kill()


class RedisServer:
    """The embedded server on a port of its own; it may be killed, started again, emptied."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (self._port,) = free_ports(1)
        self._process, self.url = embedded_redis.start(folder, self._port)
        self.restarts = self.flushes = 0

    def restart(self, down_s: float = 0.3, keep_data: bool = True) -> None:
        """kill -9, a pause, start. Without its data it starts as if the append-only file had
        been off."""
        self._process.kill()
        self._process.wait()
        if not keep_data:
            shutil.rmtree(self._folder)
        time.sleep(down_s)
        for tries_left in reversed(range(STARTS)):
            try:
                self._process, _ = embedded_redis.start(self._folder, self._port)
                break
            except embedded_redis.EmbeddedRedisError:
                # A busy machine may need longer than a start is given.
                if not tries_left:
                    raise
        self.restarts += 1

    def flush(self) -> None:
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            client.flushall()
        self.flushes += 1

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@dataclass(slots=True)
class Stack:
    """Everything that runs."""

    portal: SimulatedPortal
    redis: RedisServer
    kept: dict[str, Kept]
    ready_url: str
    environment: Mapping[str, str]
    teams: str  # where the channel's stand-in listens

    @property
    def kills(self) -> int:
        return sum(one.kills for one in self.kept.values())

    def ends_of_their_own(self) -> Counter[str]:
        return Counter({name: one.ends_of_its_own for name, one in self.kept.items()})


@contextmanager
def stack(folder: Path, environment: Mapping[str, str], model: Path) -> Iterator[Stack]:
    """A portal made ready by `ticket-worker setup`, and all processes running on it. `model`: the
    folder of what was learned from the examples; what is not there yet is learned first, so that
    no ticket waits for it. Raises `DemoFailed` when something won't start.
    """
    folder.mkdir(parents=True)
    addresses, env = plan_addresses()
    env |= {"DATA_DIR": str(folder / "data"), **environment}
    examples = Path(environment.get("EXAMPLES_DIR", DEFAULT_EXAMPLES))
    train_apart(Sources(DEFAULT_POLICY, examples, DEFAULT_MEANINGS, model))
    shutil.copytree(model, folder / "data" / "model")
    with ExitStack() as started:
        port = addresses.hubspot.rpartition(":")[2]
        log = folder / "simulator.log"
        simulator = python("simulator", "--port", port, "--latency-ms", str(LATENCY_MS))
        started.enter_context(running(simulator, {}, log))
        health = f"{addresses.hubspot}/__control/health"
        wait_for("The simulator", lambda: answers(health), log)
        subprocess.run(
            python("worker.cli", "setup"),
            env={**os.environ, **env},
            check=True,
            capture_output=True,
            timeout=120,
        )
        channel = python("demo.teams_endpoint", "--port", addresses.teams.rpartition(":")[2])
        started.enter_context(running(channel, {}, folder / "teams.log"))
        wait_for("The channel", lambda: answers(f"{addresses.teams}/cards"), folder / "teams.log")
        portal = SimulatedPortal(addresses.hubspot)
        portal.control("POST", "/clients/sample", {})
        portal.subscribe(addresses.webhooks, env["HUBSPOT_CLIENT_SECRET"])
        server = RedisServer(folder / "redis")
        started.callback(server.end)
        env["REDIS_URL"] = server.url
        kept: dict[str, Kept] = {}
        for name, arguments in WORKERS.items():
            command = python("worker.cli", *arguments)
            kept[name] = Kept(name, command, env, folder / f"{name}.log")
            started.callback(kept[name].end)
        stop = threading.Event()
        thread = threading.Thread(target=_watch, args=(kept, stop), daemon=True)
        thread.start()
        started.callback(thread.join)
        started.callback(stop.set)
        ready = f"{addresses.private}/readyz"
        wait_for("The receiver", lambda: answers(ready), folder / "receiver.log")
        yield Stack(portal, server, kept, ready, env, addresses.teams)


def _watch(kept: Mapping[str, Kept], stop: threading.Event) -> None:
    while not stop.wait(LOOKED_AT_EVERY_S):
        for one in kept.values():
            one.look()
