"""A ticket as numbers: the known terms of each segment, how much it asks, and all as one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.routing.asking import Asking, weights_of
from worker.routing.reading import Segment
from worker.routing.softmax import Floats
from worker.routing.vocabulary import Known, Row, Vocabulary


@dataclass(frozen=True, slots=True)
class Measured:
    """Segments with their known terms, how much each asks (log-odds) and how much its terms
    count; `row` is all of them as one text."""

    segments: tuple[Segment, ...]
    known: tuple[Known, ...]
    asking: tuple[float, ...]
    weights: tuple[float, ...]
    row: Row

    def part(self, numbers: Sequence[int], vocabulary: Vocabulary) -> Row:
        """Some of the segments as one text."""
        known = [self.known[number] for number in numbers]
        return vocabulary.row(known, [self.weights[number] for number in numbers])


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights by term (row) and type (column), and one more for each type."""

    weights: Floats
    bias: Floats

    def margins(self, rows: Sequence[Row]) -> Floats:
        """How much each row speaks for each type, on no scale that means anything."""
        margins = np.empty((len(rows), len(self.bias)), dtype=np.float32)
        for number, row in enumerate(rows):
            margins[number] = row.values @ self.weights[row.ids] + self.bias
        return margins


def measure(
    segments: Sequence[Segment], known: Sequence[Known], asking: Asking, vocabulary: Vocabulary
) -> Measured:
    """The numbers of a text."""
    scores = asking.scores(segments)
    weights = weights_of(segments, scores)
    row = vocabulary.row(known, weights)
    return Measured(tuple(segments), tuple(known), tuple(scores), tuple(weights), row)
