"""HubSpot away while 5,000 tickets come in: how often is it asked, how fast is the backlog gone?

    .venv/bin/python -m benchmarks.outage [--tickets 5000] [--minutes 3] [--tier professional]

The stack is the real one. An hour's outage by a simulated clock is in the tests of the breaker;
here every minute is real, and so is the drain, at the limit of the tier. Counted at the simulator.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.load import Watch, arrive, counted, stack_on, tickets
from chaos.stack import Stack

FOLDER = Path("var/outage")
MOST_PROBES_A_MINUTE = 60
MOST_429 = 0.01


def main() -> int:
    """Exit status 1 for more than sixty probes a minute, or 1 % of 429s while draining."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tickets", type=int, default=5_000)
    options.add_argument("--minutes", type=int, default=3)
    options.add_argument("--tier", choices=("starter", "professional"), default="professional")
    options.add_argument("--knowledge", type=Path, help="a folder with examples/ and model/")
    given = options.parse_args()
    with stack_on(given.tier, FOLDER, given.knowledge) as running:
        portal = running.portal
        portal.control("PUT", "/faults", {"rules": [{"match": ".*", "kind": "503"}]})
        ids = arrive(portal, tickets(portal, given.tickets))
        probes = [_probes(running) for _ in range(given.minutes)]
        portal.control("POST", "/counters/reset", {})
        portal.control("PUT", "/faults", {"rules": []})
        noticed = _until_answered(running)
        seconds = Watch(portal).until_decided(ids)
        drain = counted(portal, given.tier)
    print(f"{given.tier}: probes in each minute of the outage {probes}")
    print(
        f"first call {noticed:.0f} s after it; {given.tickets} tickets decided {seconds:.0f} s "
        f"later, {seconds / drain.seconds_by_limits:.2f} times the {drain.seconds_by_limits:.0f} s "
        f"that the limits impose; {drain}"
    )
    return 1 if max(probes) > MOST_PROBES_A_MINUTE or drain.refused_share >= MOST_429 else 0


def _probes(running: Stack) -> int:
    """The calls of the next minute."""
    running.portal.control("POST", "/counters/reset", {})
    time.sleep(60)
    return int(running.portal.counters()["total"])


def _until_answered(running: Stack) -> float:
    """Seconds until a call of the worker's got an answer."""
    began = time.monotonic()
    while not running.portal.counters()["status"].get("200"):
        time.sleep(0.1)
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
