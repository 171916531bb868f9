"""The bars of the queues, chosen from tickets whose queue is known (pure).

A bar is the least confidence at which the tickets sent to a queue are right often enough: 95 in
100, and 98 in 100 where errors are costly (`backtest.COSTLY`). Where that still sends one decided
ticket in a hundred or more wrongly to a costly queue, these are asked for more. And no bar is below
the break-even: the confidence at which the cost to be expected of a wrong ticket is that of triage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.routing.backtest import Share, costly_queues
from worker.routing.policy_document import PolicyDocument, Queue

PRECISION = 0.95
COSTLY_PRECISIONS = (0.98, 0.985, 0.99, 0.995, 1.0)
"""What costly queues are asked for, until fewer errors than the next line says come out."""
COSTLY_ERRORS = 0.01
LEAST, MOST = 30, 99
"""In hundredths. No bar is lower: what is that unsure is no decision, however often it was right
here. None is higher, so that a decision stays possible."""
ENOUGH = 16
"""With fewer tickets guessed to be a queue's, the queue keeps the bar it has."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A ticket's best guess, how sure it is, and whether the queue is right."""

    ticket_type: str
    queue: str
    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A queue's bar: what it was, what it should be, the precision asked for and reached, and
    what share of the tickets guessed to be the queue's passes it."""

    queue: str
    before: float
    after: float
    asked: float
    precision: Share
    passing: Share

    @property
    def reached(self) -> bool:
        """Whether the precision asked for was reached, with enough tickets to tell."""
        value = self.precision.value
        return self.passing.of >= ENOUGH and value is not None and value >= self.asked


@dataclass(frozen=True, slots=True)
class Overall:
    """All queues under a set of bars."""

    coverage: Share
    precision: Share
    costly_errors: Share


def least_bar(queue: Queue) -> int:
    """The lowest bar of a queue, in hundredths: below it, (1 - confidence) * `cost_if_wrong` is
    more than the one ticket that leaving it to triage costs."""
    return max(LEAST, math.ceil(round(100 * (1 - 1 / queue.cost_if_wrong), 6)))


def tune(document: PolicyDocument, scored: Sequence[Scored]) -> tuple[Bar, ...]:
    """The smallest bar of each queue, in hundredths, at which it is right often enough."""
    by_queue = {code: [one for one in scored if one.queue == code] for code in document.queues}
    costly = costly_queues(document)
    bars: tuple[Bar, ...] = ()
    for precision in COSTLY_PRECISIONS:
        bars = tuple(
            _bar(document, code, some, precision if code in costly else PRECISION)
            for code, some in by_queue.items()
        )
        errors = overall(document, scored, {bar.queue: bar.after for bar in bars}).costly_errors
        if (errors.value or 0.0) < COSTLY_ERRORS:
            break
    return bars


def changes(found: Sequence[Bar]) -> Mapping[str, float]:
    """The new bars by queue, only those that change."""
    return {bar.queue: bar.after for bar in found if bar.after != bar.before}


def overall(
    document: PolicyDocument, scored: Sequence[Scored], bars: Mapping[str, float]
) -> Overall:
    """What all tickets come to under these bars."""
    passing = [one for one in scored if _passes(document, one, bars[one.queue])]
    costly = costly_queues(document)
    return Overall(
        coverage=Share(len(passing), len(scored)),
        precision=Share(sum(one.right for one in passing), len(passing)),
        costly_errors=Share(
            sum(one.queue in costly and not one.right for one in passing), len(passing)
        ),
    )


def _bar(document: PolicyDocument, code: str, scored: Sequence[Scored], asked: float) -> Bar:
    queue = document.queues[code]

    def passing(bar: float) -> list[Scored]:
        return [one for one in scored if _passes(document, one, bar)]

    def holds(bar: float) -> bool:
        some = passing(bar)
        return sum(one.right for one in some) >= asked * len(some)

    after = queue.bar
    if len(scored) >= ENOUGH:
        steps = (step / 100 for step in range(least_bar(queue), MOST + 1))
        after = next((bar for bar in steps if holds(bar)), MOST / 100)
    some = passing(after)
    return Bar(
        queue=code,
        before=queue.bar,
        after=after,
        asked=asked,
        precision=Share(sum(one.right for one in some), len(some)),
        passing=Share(len(some), len(scored)),
    )


def _passes(document: PolicyDocument, one: Scored, bar: float) -> bool:
    return one.confidence >= max(bar, document.types[one.ticket_type].bar or 0.0)
