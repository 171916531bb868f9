"""Past tickets decided once more, under one policy or under two (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from worker.routing.backtest import Backtest, Figures, Label, prices_of
from worker.routing.comparison import Comparison, Differences
from worker.routing.decide import Case, decide_batch
from worker.routing.decision import Decision
from worker.routing.jsonl import BadLine
from worker.routing.labelled import Learned, Past, Standing
from worker.routing.policy import Policy
from worker.routing.tuning import Scored

BATCH = 100
MOST_BAD = 20
"""Bad lines that are told one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A policy, and which tickets it learned from."""

    policy: Policy
    learned: Learned

    def decide(self, cases: Sequence[Case]) -> list[Decision]:
        return decide_batch([self.learned.fair(case) for case in cases], self.policy)

    def owned(self, label: Label) -> Label:
        """A label with the queue that owns its type under this policy."""
        kind = self.policy.types.get(label.ticket_type)
        return replace(label, queue=kind.queue) if kind else label


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out. `figures` are of the labelled tickets alone, under the draft where there is
    one; `before` under the policy in force. `unchallenged_decided` are told beside, and right or
    wrong in no figure. `learned_from`: tickets judged by held-out margins.
    """

    figures: Figures
    before: Figures | None
    differences: Differences | None
    standings: Mapping[Standing, int]
    unchallenged_decided: int
    learned_from: int
    bad_lines: int
    bad: Sequence[BadLine]
    scored: Sequence[Scored]

    @property
    def worse(self) -> bool:
        """Whether a draft costs more than the policy in force, at the latter's prices."""
        return self.before is not None and self.figures.costs.total > self.before.costs.total

    @property
    def labelled(self) -> int:
        return self.standings.get(Standing.LABELLED, 0)


def replay(
    items: Iterable[Past | BadLine],
    now: Judge,
    draft: Judge | None = None,
    seen: Callable[[int], None] = lambda _: None,
) -> Replayed:
    """Decide everything again, in batches. `seen` is told how many more items were taken."""
    run = _Run(now, draft)
    waiting: list[Past] = []
    for item in items:
        if isinstance(item, BadLine):
            run.refuse(item)
            seen(1)
            continue
        waiting.append(item)
        if len(waiting) == BATCH:
            run.take(waiting)
            seen(len(waiting))
            waiting = []
    run.take(waiting)
    seen(len(waiting))
    return run.result()


@dataclass(slots=True)
class _Run:
    now: Judge
    draft: Judge | None
    standings: Counter[Standing] = field(default_factory=Counter)
    scored: list[Scored] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    bad_lines: int = 0
    learned_from: int = 0
    unchallenged_decided: int = 0
    comparison: Comparison = field(default_factory=Comparison)
    before: Backtest = field(init=False)
    after: Backtest = field(init=False)

    def __post_init__(self) -> None:
        self.before = Backtest(self.now.policy.document)
        # A draft is not better for calling errors cheaper.
        self.after = Backtest(self.judge.policy.document, prices_of(self.now.policy.document))

    @property
    def judge(self) -> Judge:
        return self.draft or self.now

    def refuse(self, line: BadLine) -> None:
        self.bad_lines += 1
        if len(self.bad) < MOST_BAD:
            self.bad.append(line)

    def take(self, items: Sequence[Past]) -> None:
        self.standings.update(item.standing for item in items)
        some = [item for item in items if item.standing is not Standing.OURS]
        cases = [item.case for item in some]
        decisions = self.judge.decide(cases)
        for item, decision in zip(some, decisions, strict=True):
            self._count(item, decision)
        if self.draft is None:
            return
        for item, before, after in zip(some, self.now.decide(cases), decisions, strict=True):
            labels = None
            if item.label:
                labels = self.now.owned(item.label), self.draft.owned(item.label)
                self.before.add(labels[0], before)
            self.comparison.add(item.case.ticket.subject, labels, before, after)

    def _count(self, item: Past, decision: Decision) -> None:
        if item.label is None:
            self.unchallenged_decided += decision.decided
            return
        self.learned_from += self.judge.learned.holds(item.case.ticket)
        label = self.judge.owned(item.label)
        self.after.add(label, decision)
        right = decision.queue == label.queue
        self.scored.append(Scored(decision.ticket_type, decision.queue, decision.confidence, right))

    def result(self) -> Replayed:
        return Replayed(
            figures=self.after.figures(),
            before=self.before.figures() if self.draft else None,
            differences=self.comparison.differences() if self.draft else None,
            standings=dict(self.standings),
            unchallenged_decided=self.unchallenged_decided,
            learned_from=self.learned_from,
            bad_lines=self.bad_lines,
            bad=tuple(self.bad),
            scored=tuple(self.scored),
        )
