"""One night of the benchmark: a real Redis, a real worker process, a simulated portal."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import redis
from celery import Celery
from rich.console import Console

from demo.portal import SimulatedPortal
from demo.processes import DemoFailed, answers, free_ports, python, running, wait_for
from worker.app import UPKEEP_QUEUE
from worker.clients.sweep import SweepState
from worker.clients.sweep_store import BURDENS_KEY, LEASE_KEY, STATE_KEY, SweepStore
from worker.processes import embedded_redis

CONTACTS_A_CLIENT = 2.5
COMPLETE_SHARE = 0.8
LATENCY_MS = 80
TEN_SECONDS, ASSOCIATIONS, SEARCHES = 19.0, 15.0, 5.0  # calls a second (HubSpot, Professional)
WINDOW_S = 11.0  # until nothing of what went before counts any more
GIVES_UP_AFTER_S = 1800.0
WOKEN_EVERY_S = 5.0
TASK = "tend_client_records"


@dataclass(frozen=True, slots=True)
class Night:
    """What a night took, by the simulator's counters. Memory is the worker's resident set, MB;
    `load` the machine's average over its last minute, all of ours included."""

    clients: int
    checked: int
    flags_written: int
    ten_secondly: int
    searches: int
    associations: int
    pages_listed: int
    refused: int
    seconds: float
    peak_memory_mb: int
    memory_before_mb: int
    load: float

    @property
    def seconds_by_limits(self) -> float:
        """The time that HubSpot's limits alone impose on these calls."""
        return max(
            self.ten_secondly / TEN_SECONDS,
            self.associations / ASSOCIATIONS,
            self.searches / SEARCHES,
        )


class Stage:
    """Everything that runs, from start to end of the benchmark."""

    def __init__(
        self, folder: Path, clients: int, console: Console, knowledge: Path | None = None
    ) -> None:
        self._knowledge = knowledge
        self._folder = folder
        self._clients = clients
        self._console = console
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        process, self._redis_url = embedded_redis.start(self._folder / "redis")
        self._stack.callback(process.wait, 10)
        self._stack.callback(process.terminate)
        self._redis = redis.Redis.from_url(self._redis_url, socket_timeout=5)
        base = f"http://127.0.0.1:{free_ports(1)[0]}"
        self._environment = self._settings(base)
        simulator = python("simulator", "--port", base.rpartition(":")[2], "--empty")
        log = self._folder / "simulator.log"
        self._stack.enter_context(running(simulator, {}, log))
        self._portal = SimulatedPortal(base)
        wait_for("The simulator", lambda: answers(f"{base}/__control/health"), log)
        self._fill()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _settings(self, base: str) -> dict[str, str]:
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        known = self._knowledge or Path("var")
        (data / "model").symlink_to((known / "model").resolve())
        # The night begins now, whatever the clock says.
        policy = Path("config/escalation.yaml").read_text()
        begun = datetime.now(UTC) - timedelta(minutes=1)
        later = begun + timedelta(hours=12)
        policy = policy.replace('sweep_at: "02:00"', f'sweep_at: "{begun:%H:%M}"')
        policy = policy.replace('report_at: "06:00"', f'report_at: "{later:%H:%M}"')
        policy = policy.replace('time_zone: ""', "time_zone: UTC")
        (self._folder / "escalation.yaml").write_text(policy)
        examples = self._knowledge / "examples" if self._knowledge else Path("config/examples")
        return {
            "EXAMPLES_DIR": str(examples.resolve()),
            "HUBSPOT_BASE_URL": base,
            "HUBSPOT_ACCESS_TOKEN": "token-of-the-benchmark",
            "REDIS_URL": self._redis_url,
            "DATA_DIR": str(data),
            "REPORTS_DIR": str(self._folder / "reports"),
            "POLICY_FILE": str(self._folder / "escalation.yaml"),
            "ROUTING_MODE": "route",
            "ROUTE_TICKETS_SINCE": "2020-01-01T00:00:00Z",
        }

    def _fill(self) -> None:
        self._portal.control("PUT", "/settings", {"rates_enabled": False, "latency_ms": 0})
        done = subprocess.run(
            python("worker.cli", "setup"),
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            raise DemoFailed(f"setup did not work: {done.stdout}{done.stderr}")
        made = {
            "companies": self._clients,
            "contacts": int(self._clients * CONTACTS_A_CLIENT),
            "complete_share": COMPLETE_SHARE,
        }
        self._portal.control("POST", "/bulk", made)
        self._portal.control("PUT", "/settings", {"rates_enabled": True, "latency_ms": LATENCY_MS})
        self._console.print(
            f"{self._clients:,} companies with {made['contacts']:,} contacts, {LATENCY_MS} ms for "
            f"every answer, {COMPLETE_SHARE:.0%} of the records complete"
        )

    # ---- a night

    def night(self, name: str, kill: bool = False) -> Night:
        """Sweep all clients once. `kill`: the worker dies half way and another goes on."""
        self._redis.delete(STATE_KEY, BURDENS_KEY, LEASE_KEY)
        log = self._folder / f"worker_{name}.log"
        with ExitStack() as stack:
            worker = stack.enter_context(self._worker(log))
            wait_for("The worker", lambda: b"worker_ready" in log.read_bytes(), log)
            time.sleep(WINDOW_S)
            self._portal.control("POST", "/counters/reset", {})
            before = peak = _memory_mb(worker.pid, "VmRSS")
            self._wake()
            began = time.monotonic()
            if kill:
                self._until(log, lambda state: state.figures.companies >= self._clients / 2)
                peak = _memory_mb(worker.pid, "VmHWM")
                worker.send_signal(signal.SIGKILL)
                worker.wait()
                self._redis.delete(LEASE_KEY)  # what its end within the lease's time does
                worker = stack.enter_context(self._worker(self._folder / f"worker_{name}_2.log"))
            state = self._until(log, lambda one: bool(one.finished))
            seconds = time.monotonic() - began
            peak = max(peak, _memory_mb(worker.pid, "VmHWM"))
        counted: dict[str, Any] = self._portal.control("GET", "/counters")
        return Night(
            clients=self._clients,
            checked=state.figures.clients,
            flags_written=state.figures.flags_written,
            ten_secondly=counted["ten_secondly"],
            searches=counted["search"],
            associations=counted["associations"],
            pages_listed=counted["by_endpoint"].get("GET /crm/objects/{v}/companies", 0),
            refused=sum(n for status, n in counted["status"].items() if int(status) >= 400),
            seconds=seconds,
            peak_memory_mb=peak,
            memory_before_mb=before,
            load=os.getloadavg()[0],
        )

    def _worker(self, log: Path) -> Any:
        return running(python("worker.cli", "worker", "--name", "sweep"), self._environment, log)

    def _wake(self) -> None:
        """What beat does every minute."""
        app = Celery(broker=self._redis_url)
        app.conf.task_default_queue = UPKEEP_QUEUE
        app.send_task(TASK, queue=UPKEEP_QUEUE, expires=60)
        app.close()

    def _until(self, log: Path, holds: Any) -> SweepState:
        store = SweepStore(self._redis)
        ends = time.monotonic() + GIVES_UP_AFTER_S
        woken = shown = time.monotonic()
        while time.monotonic() < ends:
            state = store.load()
            if state is not None and holds(state):
                return state
            if time.monotonic() - shown > 20 and state is not None:
                shown = time.monotonic()
                self._console.print(f"  {state.figures.companies:,} companies checked")
            if not store.taken() and time.monotonic() - woken > WOKEN_EVERY_S:
                woken = time.monotonic()
                self._wake()
            time.sleep(0.1)
        raise DemoFailed(f"the sweep did not end within {GIVES_UP_AFTER_S:.0f} s; see {log}")


def _memory_mb(pid: int, what: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return round(int(line.split()[1]) / 1024)
    raise DemoFailed(f"the worker {pid} has no {what}")
