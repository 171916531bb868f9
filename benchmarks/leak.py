"""Two hundred thousand tickets through one worker process: does its memory grow?

    .venv/bin/python -m benchmarks.leak [--tickets 200000] [--knowledge FOLDER]

The worker is the real one, with Celery, Redis and HTTP. HubSpot's answers are made up from the ids
asked for, under a limit that no account has: at the real ones it would take most of a day. Prints
the worker's resident memory (MB) as it goes.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import redis

from benchmarks.made_up_hubspot import MadeUpHubSpot
from benchmarks.receiver import resident_mb
from demo.portal import SimulatedPortal
from demo.processes import answers, free_ports, python, running, wait_for
from tests.stack import environment_of, provision, settings_for
from worker.intake.inbox import Inbox, Source
from worker.processes import embedded_redis
from worker.processes.counters import Counters

FOLDER = Path("var/leak")
WARM_SHARE = 0.1  # of the tickets, until caches and pools are full
MOST_GROWTH = 0.10
AHEAD = 3_000  # tickets that wait in the inbox
GIVES_UP_AFTER_S = 60.0  # without one decision


def main() -> int:
    """Exit status 1 when memory grew by a tenth or more after the warming up, or a ticket was
    not decided."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tickets", type=int, default=200_000)
    options.add_argument("--knowledge", type=Path, help="a folder with examples/ and model/")
    given = options.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    known = given.knowledge or Path("var")
    if (known / "model").exists():
        shutil.copytree(known / "model", FOLDER / "model")
    with ExitStack() as started:
        server, url = embedded_redis.start(FOLDER / "redis")
        started.callback(server.wait)
        started.callback(server.kill)
        base = f"http://127.0.0.1:{free_ports(1)[0]}"
        log = FOLDER / "simulator.log"
        started.enter_context(
            running(python("simulator", "--port", base.rpartition(":")[2]), {}, log)
        )
        wait_for("The simulator", lambda: answers(f"{base}/__control/health"), log)
        provision(settings_for(base, url, FOLDER))
        SimulatedPortal(base).control("PUT", "/settings", {"rates_enabled": False})
        made_up = started.enter_context(MadeUpHubSpot(base))
        settings = settings_for(
            made_up.url,
            url,
            FOLDER,
            log_level="ERROR",
            examples_dir=given.knowledge / "examples" if given.knowledge else "config/examples",
        )
        command = python("worker.cli", "worker", "--name", "leak")
        worker = started.enter_context(
            running(command, environment_of(settings), FOLDER / "worker.log")
        )
        client = started.enter_context(redis.Redis.from_url(url, socket_timeout=5))
        return watch(worker, client, given.tickets)


def watch(worker: subprocess.Popen[bytes], client: redis.Redis, count: int) -> int:
    """Keep the inbox filled until `count` tickets are decided; prints the figures."""
    inbox, counters = Inbox(client), Counters(client)
    began = moved = time.monotonic()
    first = warm = 0.0
    announced = done = shown = 0
    while done < count and time.monotonic() - moved < GIVES_UP_AFTER_S:
        before, done = done, decided(counters)
        moved = time.monotonic() if done > before else moved
        if announced < min(count, done + AHEAD):
            upto = min(count, done + AHEAD)
            inbox.announce([str(n) for n in range(1 + announced, 1 + upto)], Source.WEBHOOK)
            announced = upto
        if done and not first:
            first = resident_mb(worker.pid)
        if done >= count * WARM_SHARE and not warm:
            warm = resident_mb(worker.pid)
        if done >= shown + count / 10:
            shown = done
            seconds = time.monotonic() - began
            print(f"{done} tickets: {resident_mb(worker.pid):.1f} MB, {seconds:.0f} s", flush=True)
        time.sleep(0.5)
    last = resident_mb(worker.pid)
    growth = last / warm - 1 if warm else 1.0
    print(
        f"{done} of {count} decided in {time.monotonic() - began:.0f} s; {first:.1f} MB at the "
        f"first, {warm:.1f} MB warm, {last:.1f} MB at the end: {100 * growth:+.1f} %"
    )
    return 1 if growth >= MOST_GROWTH or done != count else 0


def decided(counters: Counters) -> int:
    """Tickets decided so far, by the worker's own count."""
    totals = counters.totals()
    return totals.get("tickets:decided", 0) + totals.get("tickets:to triage", 0)


if __name__ == "__main__":
    sys.exit(main())
