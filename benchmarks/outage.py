"""HubSpot away while 5,000 tickets come in: how often is it asked, how fast is the backlog gone?

    .venv/bin/python -m benchmarks.outage [--tickets 5000] [--minutes 2] [--tier professional]

The stack is the real one. An hour's outage by a simulated clock is in the tests of the breaker;
here every minute is real, and so is the drain, at the limit of the tier. Counted at the simulator.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from chaos.ledger import Ledger
from chaos.plan import make_plan
from chaos.stack import Stack, stack
from demo.portal import samples

FOLDER = Path("var/outage")
MOST_PROBES_A_MINUTE = 60
MOST_429 = 0.01


def main() -> int:
    """Exit status 1 for more than sixty probes a minute, or 1 % of 429s while draining."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tickets", type=int, default=5_000)
    options.add_argument("--minutes", type=int, default=2)
    options.add_argument("--tier", choices=("starter", "professional"), default="professional")
    options.add_argument("--knowledge", type=Path, help="a folder with examples/ and model/")
    given = options.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    environment = {}
    if given.knowledge:
        environment["EXAMPLES_DIR"] = str((given.knowledge / "examples").resolve())
    model = given.knowledge / "model" if given.knowledge else Path("var/model")
    with stack(FOLDER, environment, model) as running:
        # Setting up wanted labels; the limits alone are the smaller tier's.
        running.portal.control("PUT", "/settings", {"tier": given.tier})
        probes = _outage(running, given.tickets, given.minutes)
        seconds, counters = _drain(running, given.tickets)
    refused = counters["status"].get("429", 0) / counters["total"]
    print(f"probes in each minute of the outage: {probes}")  # noqa: T201
    print(  # noqa: T201
        f"{given.tickets} tickets drained in {seconds:.0f} s on {given.tier}: {counters['total']} "
        f"calls, at most {counters['max_ten_secondly_in_window']} in ten seconds, "
        f"{counters['max_associations_in_window']} of associations, "
        f"{counters['max_search_in_second']} searches in a second; {100 * refused:.2f} % 429s"
    )
    return 1 if max(probes) > MOST_PROBES_A_MINUTE or refused >= MOST_429 else 0


def _outage(running: Stack, count: int, minutes: int) -> list[int]:
    """The calls of each minute, after the first seconds in which the breaker trips."""
    portal = running.portal
    portal.control("PUT", "/faults", {"rules": [{"match": ".*", "kind": "503"}]})
    plan = make_plan(count, 7, 100.0, samples(), portal.senders())
    for start in range(0, count, 200):
        portal.arrive(plan.tickets[start : start + 200])
    found = []
    for _ in range(minutes):
        portal.control("POST", "/counters/reset", {})
        time.sleep(60)
        found.append(int(portal.counters()["total"]))
    return found


def _drain(running: Stack, count: int) -> tuple[float, dict[str, Any]]:
    """Seconds until all are decided, and the simulator's counters of that time."""
    portal = running.portal
    ledger = Ledger(str(portal.control("GET", "/settings")["app_id"]))
    portal.control("POST", "/counters/reset", {})
    portal.control("PUT", "/faults", {"rules": []})
    began = time.monotonic()
    while time.monotonic() - began < 600:
        ledger.feed(portal.control("GET", f"/log?after={ledger.next}"))
        if sum(story.decided for story in ledger.tickets.values()) >= count:
            break
        time.sleep(0.5)
    return time.monotonic() - began, portal.counters()


if __name__ == "__main__":
    sys.exit(main())
