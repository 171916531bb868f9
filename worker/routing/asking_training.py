"""Learning which sentences ask, from what the sentences of the examples sound like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from worker.routing.asking import Asking, flags, terms
from worker.routing.reading import Segment
from worker.routing.softmax import Floats

AT_LEAST = 8
"""Sentences that a word or pair must stand in."""
CLEAR = 0.4
"""The least chance at which a sentence is said to sound like a type."""
STRENGTH = 0.3
FEW = 50
"""Sentences of each sort below which nothing is learned: every sentence counts as it did."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """The segments of one example and what each sounds like to a model that never saw its voice
    (`chances`: segments by types). `group` numbers the voices held out together."""

    group: int
    ticket_type: int
    segments: tuple[Segment, ...]
    chances: Floats


def learn_asking(examples: Sequence[Sounding], general: int) -> Asking:
    """The words and circumstances that tell the sentence that sounds like its ticket's type from
    the one that sounds like another's. `general` is the number of the type that says nothing."""
    samples: list[tuple[dict[str, float], tuple[float, ...], bool]] = []
    for one in examples:
        count = len(one.segments)
        if count < 2 or one.ticket_type == general:
            continue
        for place, segment in enumerate(one.segments):
            sounds = int(one.chances[place].argmax())
            if sounds == general or one.chances[place, sounds] < CLEAR:
                continue
            found: dict[str, float] = {}
            for term, value in terms(segment):
                found[term] = found.get(term, 0.0) + value
            samples.append((found, flags(segment, place, count), sounds == one.ticket_type))
    wanted = sum(right for _, _, right in samples)
    width = len(flags(Segment("", 1.0, ()), 0, 1))
    if min(wanted, len(samples) - wanted) < FEW:
        return Asking(words={}, flags=(0.0,) * width, middle=0.0)
    return _fit(samples, width)


def _fit(samples: Sequence[tuple[dict[str, float], tuple[float, ...], bool]], width: int) -> Asking:
    seen = Counter(term for found, _, _ in samples for term in found)
    known = sorted(term for term, count in seen.items() if count >= AT_LEAST)
    number_of = {term: width + number for number, term in enumerate(known)}
    data: list[float] = []
    columns: list[int] = []
    starts = [0]
    for found, circumstances, _ in samples:
        entries = list(enumerate(circumstances))
        entries += [(number_of[t], value) for t, value in found.items() if t in number_of]
        columns.extend(column for column, _ in entries)
        data.extend(value for _, value in entries)
        starts.append(len(data))
    x = csr_matrix((data, columns, starts), shape=(len(samples), width + len(known)))
    y = np.array([right for _, _, right in samples])
    model = LogisticRegression(C=STRENGTH, max_iter=2000).fit(x, y)
    weights = model.coef_[0]
    middle = float((x @ weights).mean())
    return Asking(
        words={t: round(float(weights[c]), 4) for t, c in number_of.items()},
        flags=tuple(round(float(weight), 4) for weight in weights[:width]),
        middle=middle,
    )
