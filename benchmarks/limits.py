"""All workers at full load with a sweep of the clients beside: are HubSpot's limits kept?

    .venv/bin/python -m benchmarks.limits [--tier professional] [--clients 60000] [--tickets 2000]

First new tickets come one at a time while a sweep runs, then many at once. The stack is the real
one, the sweep a process of its own; everything is counted at the simulator, over sliding windows.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

from benchmarks.load import WINDOW_S, Counted, Watch, arrive, counted, stack_on, tickets
from chaos.ledger import Story
from chaos.stack import Stack
from demo.processes import python, running

FOLDER = Path("var/limits")
SINGLE = 30  # new tickets one at a time
EVERY_S = 2.0
MOST_429 = 0.01
MOST_SECONDS = 10.0  # until a new ticket's stage, at the median, while a sweep runs


def main() -> int:
    """Exit status 1 when 1 % of the calls were answered 429, or new tickets wait for the sweep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tier", choices=("starter", "professional"), default="professional")
    options.add_argument("--clients", type=int, default=60_000)
    options.add_argument("--tickets", type=int, default=2_000)
    options.add_argument("--knowledge", type=Path, help="a folder with examples/ and model/")
    given = options.parse_args()
    with stack_on(given.tier, FOLDER, given.knowledge) as stack:
        watch = Watch(stack.portal)
        alone = _one_at_a_time(stack, watch)
        made = {"companies": given.clients, "contacts": 2 * given.clients, "complete_share": 0.5}
        stack.portal.control("POST", "/bulk", made)
        time.sleep(WINDOW_S)
        stack.portal.control("POST", "/counters/reset", {})
        report = python("worker.cli", "report", "--output", str(FOLDER / "report"))
        with running(report, stack.environment, FOLDER / "sweep.log") as sweep:
            beside = _one_at_a_time(stack, watch)
            calm = counted(stack.portal, given.tier)
            ids = arrive(stack.portal, tickets(stack.portal, given.tickets))
            seconds = watch.until_decided(ids)
            full = counted(stack.portal, given.tier)
            lasted = sweep.poll() is None
    _tell(given.tier, alone, beside, calm, full)
    print(
        f"{given.tickets} tickets at once decided in {seconds:.0f} s; "
        f"the sweep {'still ran' if lasted else 'had ended (take more clients)'}"
    )
    good = full.refused_share < MOST_429 and statistics.median(beside) < MOST_SECONDS
    return 0 if good and lasted else 1


def _one_at_a_time(stack: Stack, watch: Watch) -> list[float]:
    """Seconds from the creation of each new ticket to its stage, by HubSpot's clock."""
    ids = []
    for ticket in tickets(stack.portal, SINGLE):
        ids += stack.portal.arrive([{**ticket, "announce": True, "attach_after_s": 0}])
        time.sleep(EVERY_S)
    watch.until_decided(ids)
    return sorted(_to_stage(story) for story in watch.stories(ids))


def _to_stage(story: Story) -> float:
    first = next(entry for entry in story.stages if entry.ours)
    return first.at_s - story.stages[0].at_s


def _tell(tier: str, alone: list[float], beside: list[float], calm: Counted, full: Counted) -> None:
    print(f"{tier}: {full}")
    print(f"  of these {calm.calls} before the rush: {calm}")
    for name, found in (("without a sweep", alone), ("while a sweep runs", beside)):
        print(
            f"seconds from a new ticket to its stage {name}: median "
            f"{statistics.median(found):.1f}, longest {found[-1]:.1f}"
        )


if __name__ == "__main__":
    sys.exit(main())
