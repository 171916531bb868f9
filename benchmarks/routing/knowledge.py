"""The policy and its examples as they stand in `config/`, and what decisions on them are worth."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from worker.routing.backtest import Backtest, Figures, Label
from worker.routing.decide import Case, decide_batch
from worker.routing.decision import Decision
from worker.routing.examples import Example, read_examples
from worker.routing.meanings import Meanings, read_meanings
from worker.routing.policy import (
    DEFAULT_EXAMPLES,
    DEFAULT_MEANINGS,
    DEFAULT_POLICY,
    Policy,
    PolicyDocument,
)
from worker.routing.policy_file import read_document
from worker.routing.softmax import Floats

OTHERS = ("hurried_clerks", "managers")
"""Voices written by other people, before and apart from every other example."""
UNSEEN = Path(__file__).resolve().parents[2] / "tests" / "data" / "voices"
"""Voices that nothing is ever learned from, to measure the shipped model by."""
BATCH = 100


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a model is learned from."""

    document: PolicyDocument
    examples: Sequence[Example]
    meanings: Meanings

    @classmethod
    def shipped(cls) -> Knowledge:
        """Everything in `config/`. Raises `PolicyError`."""
        document = read_document(DEFAULT_POLICY)
        return cls(
            document=document,
            examples=read_examples(DEFAULT_EXAMPLES, document.types),
            meanings=Meanings(read_meanings(DEFAULT_MEANINGS)),
        )

    def without(self, voices: Collection[str]) -> Knowledge:
        """The same without these voices."""
        return replace(self, examples=[one for one in self.examples if one.voice not in voices])

    def rows(self, voice: str) -> list[int]:
        """Where the examples of a voice stand."""
        return [number for number, one in enumerate(self.examples) if one.voice == voice]


def decisions(
    policy: Policy,
    examples: Sequence[Example],
    margins: Floats | None = None,
    *,
    blank: bool = False,
) -> list[Decision]:
    """Decisions about examples; by these margins (one row an example) where the policy learned
    from them. `blank` hides channel and managed services."""
    cases = [Case(one.ticket) for one in examples]
    if blank:
        cases = [Case(replace(c.ticket, channel=None, managed_services=None)) for c in cases]
    if margins is not None:
        cases = [replace(c, margins=row) for c, row in zip(cases, margins, strict=True)]
    found: list[Decision] = []
    for start in range(0, len(cases), BATCH):
        found += decide_batch(cases[start : start + BATCH], policy)
    return found


def figures(
    document: PolicyDocument, examples: Sequence[Example], made: Sequence[Decision]
) -> Figures:
    """What decisions about examples are worth."""
    backtest = Backtest(document)
    for example, decision in zip(examples, made, strict=True):
        kind = document.types[example.ticket_type]
        backtest.add(Label(kind.queue, example.ticket_type), decision)
    return backtest.figures()


def speed(policy: Policy, examples: Sequence[Example]) -> tuple[float, float]:
    """Tickets a second in full batches, and milliseconds that 19 of 20 tickets alone stay below;
    in processor time, which a busy machine does not stretch."""
    decisions(policy, examples[:BATCH])
    began = time.process_time()
    decisions(policy, examples)
    a_second = len(examples) / (time.process_time() - began)
    alone = []
    for example in examples[:: max(1, len(examples) // 300)]:
        began = time.process_time()
        decide_batch([Case(example.ticket)], policy)
        alone.append((time.process_time() - began) * 1000)
    return a_second, sorted(alone)[len(alone) * 19 // 20]
