"""What the benchmarks of the limits share: the stack on a tier, tickets, what was counted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.ledger import Ledger, Story
from chaos.plan import make_plan
from chaos.stack import Stack, stack
from demo.portal import SimulatedPortal, samples
from simulator.settings import TIERS

SEED = 7
SEARCHES_A_SECOND = 5.0  # HubSpot, for the whole account
WINDOW_S = 11.0  # until nothing of what went before counts any more
DECIDED_WITHIN_S = 900.0


@contextmanager
def stack_on(tier: str, folder: Path, knowledge: Path | None) -> Iterator[Stack]:
    """All processes against a portal with the limits of a tier. `knowledge`: a folder with
    examples/ and model/ instead of the shipped ones."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = {}
    if knowledge:
        environment["EXAMPLES_DIR"] = str((knowledge / "examples").resolve())
    model = knowledge / "model" if knowledge else Path("var/model")
    with stack(folder, environment, model) as running:
        # Setting up wanted labels; the limits alone are the smaller tier's.
        running.portal.control("PUT", "/settings", {"tier": tier})
        yield running


def tickets(portal: SimulatedPortal, count: int) -> list[dict[str, Any]]:
    """Tickets of the sample texts, the same in every run."""
    return list(make_plan(count, SEED, 100.0, samples(), portal.senders()).tickets)


def arrive(portal: SimulatedPortal, arriving: list[dict[str, Any]]) -> list[str]:
    """They come as fast as the simulator makes them; their ids."""
    ids: list[str] = []
    for start in range(0, len(arriving), 200):
        ids += portal.arrive(arriving[start : start + 200])
    return ids


class Watch:
    """Reads the simulator's log as it grows."""

    def __init__(self, portal: SimulatedPortal) -> None:
        self._portal = portal
        self._ledger = Ledger(str(portal.control("GET", "/settings")["app_id"]))

    def stories(self, ids: list[str]) -> list[Story]:
        self._ledger.feed(self._portal.control("GET", f"/log?after={self._ledger.next}"))
        return self._ledger.of(ids)

    def until_decided(self, ids: list[str]) -> float:
        """Seconds until all of these are decided. Raises `TimeoutError`."""
        began = time.monotonic()
        while time.monotonic() - began < DECIDED_WITHIN_S:
            if all(story.stages and story.decided for story in self.stories(ids)):
                return time.monotonic() - began
            time.sleep(0.5)
        left = sum(not (story.stages and story.decided) for story in self.stories(ids))
        raise TimeoutError(f"{left} of {len(ids)} tickets are undecided")


@dataclass(frozen=True, slots=True)
class Counted:
    """What the simulator counted since its counters were set to zero. A call above a limit is
    answered 429 and is in no window, so `refused` is 0 when no window ever held too many."""

    tier: str
    calls: int
    refused: int  # with 429
    ten_seconds: int
    associations: int
    searches: int
    most_in_ten_seconds: int
    most_associations: int
    most_searches_in_a_second: int

    @property
    def refused_share(self) -> float:
        return self.refused / max(1, self.calls)

    @property
    def seconds_by_limits(self) -> float:
        """The time that HubSpot's limits alone impose on these calls."""
        limits = TIERS[self.tier]
        return max(
            self.ten_seconds / limits.ten_secondly * 10,
            self.associations / limits.associations * 10,
            self.searches / SEARCHES_A_SECOND,
        )

    def __str__(self) -> str:
        limits = TIERS[self.tier]
        return (
            f"{self.calls} calls, {self.refused} answered 429 ({self.refused_share:.2%}); at most "
            f"{self.most_in_ten_seconds} of {limits.ten_secondly} in ten seconds, "
            f"{self.most_associations} of {limits.associations} of associations, "
            f"{self.most_searches_in_a_second} of {SEARCHES_A_SECOND:.0f} searches in a second"
        )


def counted(portal: SimulatedPortal, tier: str) -> Counted:
    """The simulator's counters; its windows are sliding ones, looked at with each call."""
    said = portal.counters()
    return Counted(
        tier=tier,
        calls=said["total"],
        refused=said["status"].get("429", 0),
        ten_seconds=said["ten_secondly"],
        associations=said["associations"],
        searches=said["search"],
        most_in_ten_seconds=said["max_ten_secondly_in_window"],
        most_associations=said["max_associations_in_window"],
        most_searches_in_a_second=said["max_search_in_second"],
    )
