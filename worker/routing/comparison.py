"""What a draft policy would change: which tickets move, from where to where, and for better or
worse (pure).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from worker.routing.backtest import Label
from worker.routing.decision import Decision

MOST_LISTED = 1_000
"""Moves that are named one by one; all of them are counted."""


class Verdict(StrEnum):
    """What a move makes of a ticket."""

    RIGHT = "turns right"
    WRONG = "turns wrong"
    STILL_WRONG = "stays wrong"
    TRIAGED = "left to triage"  # no longer decided, and Level 1 is not where it belongs
    NEW_OWNER = "new owner"  # right before and after: the draft gives its type to another queue
    UNKNOWN = "nobody knows"


@dataclass(frozen=True, slots=True)
class Move:
    """A ticket that the draft sends elsewhere. `label` is its right queue by the draft, empty if
    unknown."""

    id: str
    subject: str
    before: str
    after: str
    label: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Differences:
    """What a comparison found. `ways` counts moves by from, to and verdict."""

    tickets: int
    ways: Mapping[tuple[str, str, Verdict], int]
    listed: tuple[Move, ...]
    retyped: int  # other type, same queue

    @property
    def moved(self) -> int:
        return sum(self.ways.values())

    def count(self, verdict: Verdict) -> int:
        return sum(number for (_, _, one), number in self.ways.items() if one is verdict)


class Comparison:
    """Takes pairs of decisions one by one."""

    def __init__(self) -> None:
        self._tickets = self._retyped = 0
        self._ways: Counter[tuple[str, str, Verdict]] = Counter()
        self._listed: list[Move] = []

    def add(
        self, subject: str, labels: tuple[Label, Label] | None, before: Decision, after: Decision
    ) -> None:
        """One ticket under both policies, with its label under each. A ticket left to triage is
        one for Level 1."""
        self._tickets += 1
        if before.routed_to == after.routed_to:
            self._retyped += before.ticket_type != after.ticket_type
            return
        verdict = Verdict.UNKNOWN
        if labels:
            was_right = before.routed_to == labels[0].queue
            verdict = _verdict(was_right, after.routed_to == labels[1].queue, after.decided)
        self._ways[before.routed_to, after.routed_to, verdict] += 1
        if len(self._listed) < MOST_LISTED:
            queue = labels[1].queue if labels else ""
            ways = before.routed_to, after.routed_to
            self._listed.append(Move(before.id, subject[:200], *ways, queue, verdict))

    def differences(self) -> Differences:
        return Differences(
            tickets=self._tickets,
            ways=dict(self._ways),
            listed=tuple(self._listed),
            retyped=self._retyped,
        )


def _verdict(was_right: bool, is_right: bool, decided: bool) -> Verdict:
    if is_right:
        return Verdict.NEW_OWNER if was_right else Verdict.RIGHT
    if not decided:
        return Verdict.TRIAGED
    return Verdict.WRONG if was_right else Verdict.STILL_WRONG
