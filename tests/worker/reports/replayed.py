"""A backtest with a draft, as the pages show it: every queue, some errors, some moves."""

from __future__ import annotations

from collections.abc import Sequence

from tests.worker.routing.decisions import DOCUMENT, decision
from worker.routing.backtest import Backtest, Label
from worker.routing.comparison import Comparison
from worker.routing.jsonl import BadLine
from worker.routing.labelled import Standing
from worker.routing.replay import Replayed


def replayed(subjects: Sequence[str]) -> Replayed:
    """A ticket of each type for each subject; the draft no longer decides the last type's."""
    before, after, comparison = Backtest(DOCUMENT), Backtest(DOCUMENT), Comparison()
    codes = list(DOCUMENT.types)
    for number, subject in enumerate(subjects):
        for place, code in enumerate(codes):
            label = Label(DOCUMENT.types[code].queue, code)
            guess = codes[(place + (place % 7 == number % 7)) % len(codes)]
            was = decision(guess, 0.5 + place / 100, id_=subject or str(place))
            now = decision(guess, 0.5, id_=was.id, decided=code != codes[-1])
            before.add(label, was)
            after.add(label, now)
            comparison.add(subject, (label, label), was, now)
    return Replayed(
        figures=after.figures(),
        before=before.figures(),
        differences=comparison.differences(),
        standings={Standing.LABELLED: len(subjects) * len(codes), Standing.UNCHALLENGED: 3},
        unchallenged_decided=2,
        learned_from=1,
        bad_lines=len(subjects),
        bad=[BadLine(n, subject) for n, subject in enumerate(subjects, 1)],
        scored=(),
    )
