"""How fast the receiver answers: `python -m benchmarks.receiver [--seconds S]`.

Real parts: a Redis-compatible server with its append-only file, the receiver as a process of its
own, deliveries of 100 events signed as HubSpot signs them, over HTTP on loopback. The promise is an
answer within 50 ms; HubSpot itself opens ten connections and gives up after five seconds. The last
row is no promise: ten connections that never pause, to find the most that goes through.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import orjson
from rich.console import Console

from simulator.webhooks import signature
from worker.processes import embedded_redis

PATH = "/webhooks/hubspot"
PROMISED_MS = 50.0
EVENTS = 100
CONNECTIONS = 10  # HubSpot's default for one account
PACE = 50  # deliveries a second: 5,000 events, many times what a busy portal sends
console = Console(highlight=False, width=120)


def main() -> int:
    """Print the figures. Exit status 1 when the promise was broken for 1 in 100 or more."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=5.0, help="of each run")
    seconds = options.parse_args().seconds
    secret = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory() as folder:
        redis_process, redis_url = embedded_redis.start(Path(folder) / "redis")
        port = embedded_redis.free_port()
        receiver = start_receiver(Path(folder), redis_url, port, secret)
        try:
            wait_until_healthy(port)
            deliver(port, secret, 0.3)  # warm
            console.print(machine())
            console.print(f"\n{EVENTS} events a delivery, answers in milliseconds\n")
            console.print("| connections | deliveries/s | p50 | p95 | p99 | longest | within 50 |")
            console.print("|---|---|---|---|---|---|---|")
            before = cpu_s(receiver.pid)
            deliveries = 0
            kept = []
            for connections, pace in ((1, PACE), (CONNECTIONS, PACE), (CONNECTIONS, None)):
                times, took = _run(port, secret, connections, seconds, pace)
                share = _row(connections, pace, times, took)
                deliveries += len(times)
                kept += [share] if pace else []
            spent_ms = (cpu_s(receiver.pid) - before) * 1000 / deliveries
            console.print(f"\nThe receiver's own CPU time: {spent_ms:.1f} ms a delivery")
        finally:
            receiver.terminate()
            receiver.wait()
            redis_process.terminate()
            redis_process.wait()
    return 0 if min(kept) > 0.99 else 1


def _run(
    port: int, secret: str, connections: int, seconds: float, pace: float | None
) -> tuple[list[float], float]:
    """Milliseconds of each answer, sorted, and the seconds it took."""
    each = None if pace is None else connections / pace
    found: list[list[float]] = [[] for _ in range(connections)]
    threads = [
        threading.Thread(target=lambda row=row: row.extend(deliver(port, secret, seconds, each)))
        for row in found
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
        time.sleep((each or 0) / connections)
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    return sorted(one for row in found for one in row), took


def _row(connections: int, pace: float | None, times: list[float], took: float) -> float:
    """Print a row; returns the share of answers within the promise."""
    cuts = statistics.quantiles(times, n=100)
    within = sum(one <= PROMISED_MS for one in times) / len(times)
    console.print(
        f"| {connections}{'' if pace else ', no pause'} | {len(times) / took:,.0f} "
        f"| {cuts[49]:.1f} | {cuts[94]:.1f} | {cuts[98]:.1f} | {times[-1]:.1f} | {within:.1%} |"
    )
    return within


def deliver(port: int, secret: str, seconds: float, every_s: float | None = None) -> list[float]:
    """Deliver on one connection, each delivery new; milliseconds of each answer. A delivery that
    is late because the one before took long counts from when it was due.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    found: list[float] = []
    began = time.perf_counter()
    due = began
    while due < began + seconds:
        body, headers = signed_delivery(secret)
        time.sleep(max(0.0, due - time.perf_counter()))
        if every_s is None:
            due = time.perf_counter()
        connection.request("POST", PATH, body, headers)
        answer = connection.getresponse()
        answer.read()
        found.append((time.perf_counter() - due) * 1000)
        if answer.status != 202:
            raise RuntimeError(f"the receiver answered {answer.status}")
        due = due + every_s if every_s else time.perf_counter()
    connection.close()
    return found


def signed_delivery(secret: str, count: int = EVENTS) -> tuple[bytes, dict[str, str]]:
    """A delivery of new events as HubSpot signs it: body and headers."""
    now_ms = time.time_ns() // 1_000_000
    events = [
        {
            "eventId": secrets.randbits(32),
            "subscriptionId": 25,
            "portalId": 33,
            "appId": 9,
            "occurredAt": now_ms,
            "subscriptionType": "ticket.propertyChange",
            "attemptNumber": 0,
            "objectId": 40_000_000 + secrets.randbelow(5_000),
            "propertyName": "hs_pipeline_stage",
            "propertyValue": "4",
            "changeSource": "CRM_UI",
            "sourceId": "userId:882761034",
        }
        for _ in range(count)
    ]
    body = orjson.dumps(events)
    url = f"https://tickets.example.com{PATH}"
    return body, {
        "Content-Type": "application/json",
        "X-HubSpot-Request-Timestamp": str(now_ms),
        "X-HubSpot-Signature-v3": signature.v3(secret, "POST", url, body, now_ms),
    }


def start_receiver(folder: Path, redis_url: str, port: int, secret: str) -> subprocess.Popen[bytes]:
    """The receiver as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "worker.cli", "receiver"],
        env={
            **os.environ,
            "HUBSPOT_ACCESS_TOKEN": "none",
            "HUBSPOT_CLIENT_SECRET": secret,
            "WEBHOOK_PUBLIC_URL": f"https://tickets.example.com{PATH}",
            "REDIS_URL": redis_url,
            "RECEIVER_HOST": "127.0.0.1",
            "RECEIVER_PORT": str(port),
            "PRIVATE_PORT": str(embedded_redis.free_port()),
            "DATA_DIR": str(folder),
        },
    )


def wait_until_healthy(port: int) -> None:
    """Wait until the receiver answers. Raises `RuntimeError`."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("the receiver did not start")


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far (Linux; 0 elsewhere)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process (Linux)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


def peak_mb(pid: int) -> float:
    """The most that a process ever had resident (Linux)."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmHWM")) * 1024 / 1e6


def machine() -> str:
    """What it was measured on."""
    cpu = Path("/proc/cpuinfo")
    model = platform.processor() or "unknown"
    if cpu.exists():
        lines = [line for line in cpu.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{model}, {os.cpu_count()} cores shared by sender, receiver and Redis; load before "
        f"{load}; Python {platform.python_version()}, {platform.system()}"
    )


if __name__ == "__main__":
    sys.exit(main())
