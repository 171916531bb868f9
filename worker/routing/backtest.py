"""How right a policy is on tickets whose queue is known (pure).

Precision is told beside coverage throughout: of the tickets that were decided, how many were
right, and how many were decided at all.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from worker.routing.decision import Decision
from worker.routing.policy_document import LEVEL_1, PolicyDocument

TRIAGE = "triage"
"""Where a ticket goes that is not decided: Level 1, but not because it belongs there."""
COSTLY = 4.0
"""Queues whose `cost_if_wrong` is at least this are called costly."""
STEPS = 10


@dataclass(frozen=True, slots=True)
class Label:
    """What is right for a ticket. The type is empty where only the queue is known."""

    queue: str
    ticket_type: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    of: int

    @property
    def value(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.part / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue: `guessed` are its tickets whose best guess is right, `recall` those that were
    decided so; `precision` are the tickets sent to it that belong there, `cost` what the others
    cost, in tickets wrongly sent to Level 1."""

    code: str
    label: str
    tickets: int
    guessed: Share
    precision: Share
    recall: Share
    cost: float


@dataclass(frozen=True, slots=True)
class TypeFigures:
    """One type by the best guess. `taken_for`: the type that most of the others were taken for."""

    code: str
    label: str
    queue: str
    tickets: int
    precision: Share
    recall: Share
    taken_for: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Point:
    """The surest tickets: how many of all they are, how many of them are right, and the least
    confidence among them."""

    surest: Share
    right: Share
    confidence: float


@dataclass(frozen=True, slots=True)
class Costs:
    """In tickets wrongly sent to Level 1: of wrong decisions, of abstaining, and what it would
    cost to send everything to Level 1."""

    wrong: float
    abstained: float
    nothing_routed: float

    @property
    def total(self) -> float:
        return self.wrong + self.abstained


@dataclass(frozen=True, slots=True)
class Figures:
    """What a backtest found."""

    tickets: int
    queue_guessed: Share
    type_guessed: Share
    coverage: Share
    precision: Share
    costly_errors: Share  # wrongly sent to a costly queue, of all decided
    costly: tuple[str, ...]
    queues: tuple[QueueFigures, ...]
    types: tuple[TypeFigures, ...]
    curve: tuple[Point, ...]
    confusion: Mapping[tuple[str, str], int]  # (right queue, where it was sent, or triage)
    costs: Costs


class Backtest:
    """Takes decisions one by one; keeps some bytes of each and no text. `prices`: what a wrong
    ticket costs each queue, by default what the policy says."""

    def __init__(self, document: PolicyDocument, prices: Mapping[str, float] | None = None) -> None:
        self._document = document
        self._prices = prices_of(document) | dict(prices or {})
        self._sent: Counter[tuple[str, str]] = Counter()
        self._queues: Counter[tuple[str, str]] = Counter()
        self._types: Counter[tuple[str, str]] = Counter()
        self._right = array("d"), array("d")  # confidences of wrong and right queues

    def add(self, label: Label, decision: Decision) -> None:
        """One ticket."""
        self._sent[label.queue, decision.queue if decision.decided else TRIAGE] += 1
        self._queues[label.queue, decision.queue] += 1
        if label.ticket_type:
            self._types[label.ticket_type, decision.ticket_type] += 1
        self._right[decision.queue == label.queue].append(decision.confidence)

    @property
    def tickets(self) -> int:
        return self._queues.total()

    def figures(self) -> Figures:
        sent = {pair: count for pair, count in self._sent.items() if pair[1] != TRIAGE}
        decided = sum(sent.values())
        costly = costly_queues(self._document)
        wrong = {pair: count for pair, count in sent.items() if pair[0] != pair[1]}
        return Figures(
            tickets=self.tickets,
            queue_guessed=_hits(self._queues),
            type_guessed=_hits(self._types),
            coverage=Share(decided, self.tickets),
            precision=_hits(sent),
            costly_errors=Share(sum(n for (_, to), n in wrong.items() if to in costly), decided),
            costly=costly,
            queues=tuple(self._queue(code) for code in self._document.queues),
            types=tuple(self._type(code) for code in self._document.types) if self._types else (),
            curve=self._curve(),
            confusion=dict(self._sent),
            costs=self._costs(wrong),
        )

    def _queue(self, code: str) -> QueueFigures:
        tickets = sum(n for (right, _), n in self._queues.items() if right == code)
        sent = sum(n for (_, to), n in self._sent.items() if to == code)
        right = self._sent[code, code]
        return QueueFigures(
            code=code,
            label=self._document.queues[code].label,
            tickets=tickets,
            guessed=Share(self._queues[code, code], tickets),
            precision=Share(right, sent),
            recall=Share(right, tickets),
            cost=(sent - right) * self._prices[code],
        )

    def _type(self, code: str) -> TypeFigures:
        kind = self._document.types[code]
        guesses = Counter({to: n for (right, to), n in self._types.items() if right == code})
        right = guesses.pop(code, 0)
        tickets = right + guesses.total()
        guessed = sum(n for (_, to), n in self._types.items() if to == code)
        most = sorted(guesses.items(), key=lambda item: (-item[1], item[0]))
        return TypeFigures(
            code=code,
            label=kind.label,
            queue=kind.queue,
            tickets=tickets,
            precision=Share(right, guessed),
            recall=Share(right, tickets),
            taken_for=most[0] if most else None,
        )

    def _curve(self) -> tuple[Point, ...]:
        """Among equally sure tickets the right ones are spread evenly."""
        wrong, right = (Counter(sure) for sure in self._right)
        points, taken, hits, step = [], 0, 0, 1
        for sure in sorted(wrong.keys() | right.keys(), reverse=True):
            size = wrong[sure] + right[sure]
            while step <= STEPS and step * self.tickets <= STEPS * (taken + size):
                count = -(-step * self.tickets // STEPS)
                share = hits + right[sure] * (count - taken) // size
                points.append(Point(Share(count, self.tickets), Share(share, count), sure))
                step += 1
            taken, hits = taken + size, hits + right[sure]
        return tuple(points)

    def _costs(self, wrong: Mapping[tuple[str, str], int]) -> Costs:
        price = self._prices
        elsewhere = sum(n for (right, _), n in self._queues.items() if right != LEVEL_1)
        triage = sum(n for (right, to), n in self._sent.items() if to == TRIAGE != right)
        triage -= self._sent[LEVEL_1, TRIAGE]
        return Costs(
            wrong=sum(n * price[to] for (_, to), n in wrong.items()),
            abstained=triage * price[LEVEL_1],
            nothing_routed=elsewhere * price[LEVEL_1],
        )


def prices_of(document: PolicyDocument) -> dict[str, float]:
    """What a wrong ticket costs each queue."""
    return {code: queue.cost_if_wrong for code, queue in document.queues.items()}


def costly_queues(document: PolicyDocument) -> tuple[str, ...]:
    """The queues that a wrong ticket costs most."""
    return tuple(c for c, queue in document.queues.items() if queue.cost_if_wrong >= COSTLY)


def _hits(pairs: Mapping[tuple[str, str], int]) -> Share:
    return Share(
        sum(count for (right, found), count in pairs.items() if right == found),
        sum(pairs.values()),
    )
