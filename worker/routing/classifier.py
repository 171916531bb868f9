"""How probable each ticket type is for a reading: a linear model over counted terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.routing.asking import Asking
from worker.routing.confidence import Calibration
from worker.routing.meanings import Meanings
from worker.routing.measuring import Linear, Measured, measure
from worker.routing.policy_document import GENERAL
from worker.routing.reading import Reading
from worker.routing.softmax import Floats, softmax
from worker.routing.terms import terms_of
from worker.routing.topics import (
    Several,
    Splitting,
    circumstances,
    hear,
    requests,
    split_in_two,
)
from worker.routing.vocabulary import Row, Vocabulary
from worker.routing.wording import telling


@dataclass(frozen=True, slots=True)
class Classifier:
    """What was learned from the examples.

    `sharpness` turns margins into probabilities that hold in voices not learned from,
    `calibration` into the probability that the queue is right; `splitting` knows several requests
    from one.
    """

    types: tuple[str, ...]
    meanings: Meanings = field(repr=False)
    asking: Asking = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)
    linear: Linear = field(repr=False)
    splitting: Splitting = field(repr=False)
    sharpness: float
    calibration: Calibration

    def measure(self, reading: Reading) -> Measured:
        """The numbers of a reading."""
        known = [self.vocabulary.known(terms_of(s, self.meanings)) for s in reading.segments]
        return measure(reading.segments, known, self.asking, self.vocabulary)

    def chances(self, margins: Floats) -> Floats:
        """Margins as probabilities; each row sums to 1."""
        return softmax(margins * self.sharpness)

    def several(self, measured: Measured, whole: Floats, queues: Sequence[str]) -> Several | None:
        """The requests of a ticket, where it holds several. `whole` is the ticket's row of
        margins, `queues` names the queue of each type."""
        if len(measured.segments) < 2:
            return None
        general = self.types.index(GENERAL)
        heard = hear(measured, self.linear, self.vocabulary)
        split = split_in_two(heard, self.splitting.company, general)
        if split is None:
            return None
        rows = [measured.part(split.part(number), self.vocabulary) for number in (0, 1)]
        first, second = self.linear.margins(rows)
        flags = circumstances(heard, split, queues, general, whole, (first, second))
        score = self.splitting.trees.score(flags)
        if score <= self.splitting.middle:
            return None
        return Several(
            confidence=float(1 / (1 + np.exp(self.splitting.middle - score))),
            certain=score > self.splitting.certain,
            requests=requests(split),
        )

    def speaking_terms(self, row: Row, ticket_type: str, limit: int) -> list[str]:
        """The words and pairs of words that speak most for a type, strongest first, as terms."""
        column = self.types.index(ticket_type)
        words = row.ids < len(self.vocabulary.terms["words"])
        ids, values = row.ids[words], row.values[words]
        rows = self.linear.weights[ids]
        strength = values * (rows[:, column] - rows.mean(axis=1))
        chosen: list[str] = []
        for number in np.argsort(-strength, kind="stable")[: 12 * limit].tolist():
            if strength[number] <= 0 or len(chosen) == limit:
                break
            _, term = self.vocabulary.term(int(ids[number]))
            if not telling(term):
                continue
            parts = set(term.replace("!", "").split())
            if not any(parts & set(other.replace("!", "").split()) for other in chosen):
                chosen.append(term)
        return chosen
