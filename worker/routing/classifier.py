"""How probable each ticket type is for a reading: a linear model over counted terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.routing.asking import Asking
from worker.routing.clauses import NEGATIONS
from worker.routing.meanings import Meanings
from worker.routing.reading import Reading
from worker.routing.terms import terms_of
from worker.routing.vocabulary import Ids, Values, Vocabulary

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Row:
    """A reading over the vocabulary."""

    ids: Ids
    values: Values


@dataclass(frozen=True, slots=True)
class Classifier:
    """What was learned from the examples.

    `weights` has one row a term and one column a type, `bias` one entry a type; `sharpness`
    turns margins into probabilities that hold in voices not learned from. `company` is how often
    (log of a share) a ticket of one type (row) holds a sentence that sounds like another (column).
    """

    types: tuple[str, ...]
    meanings: Meanings = field(repr=False)
    asking: Asking = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)
    weights: Floats = field(repr=False)
    bias: Floats = field(repr=False)
    company: Floats = field(repr=False)
    sharpness: float

    def row(self, reading: Reading) -> Row:
        """The terms of a reading that are known."""
        weights = self.asking.weights(reading.segments)
        return Row(*self.vocabulary.row(terms_of(reading.segments, weights, self.meanings)))

    def probabilities(self, rows: Sequence[Row]) -> Floats:
        """One row a reading, one column a type; each row sums to 1."""
        return self.chances(self.margins(rows))

    def margins(self, rows: Sequence[Row]) -> Floats:
        """How much each reading speaks for each type, on no scale that means anything."""
        margins = np.empty((len(rows), len(self.types)), dtype=np.float32)
        for number, row in enumerate(rows):
            margins[number] = row.values @ self.weights[row.ids] + self.bias
        return margins

    def chances(self, margins: Floats) -> Floats:
        """Margins as probabilities; each row sums to 1."""
        return softmax(margins * self.sharpness)

    def speaking_terms(self, row: Row, ticket_type: str, limit: int) -> list[str]:
        """The words and pairs of words that speak most for a type, strongest first."""
        column = self.types.index(ticket_type)
        words = row.ids < len(self.vocabulary.terms["words"])
        ids, values = row.ids[words], row.values[words]
        rows = self.weights[ids]
        strength = values * (rows[:, column] - rows.mean(axis=1))
        chosen: list[str] = []
        for number in np.argsort(-strength, kind="stable")[: 12 * limit].tolist():
            if strength[number] <= 0 or len(chosen) == limit:
                break
            _, term = self.vocabulary.term(int(ids[number]))
            if len(term) < 3 or not any(char.isalpha() for char in term):
                continue
            parts = set(term.split())
            if not any(parts & set(other.split()) for other in chosen):
                chosen.append(term)
        return [as_written(term) for term in chosen]


def as_written(term: str) -> str:
    """A term for people: a negated word behind its negation, or behind `not ...`."""
    words = term.replace("!", "")
    negated = term.startswith("!") or (" !" in term and term.split()[0] not in NEGATIONS)
    return f"not ... {words}" if negated else words


def softmax(margins: Floats) -> Floats:
    """Rows of margins as rows of probabilities."""
    shifted = np.exp(margins - margins.max(axis=1, keepdims=True))
    result: Floats = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return result
