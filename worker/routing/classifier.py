"""How probable each ticket type is for a text: a linear model over counted terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.routing.ngrams import Vocabulary, tokens, word_terms

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Classifier:
    """What was learned from the examples.

    `weights` has one row a term and one column a type, `bias` one entry a type; `sharpness`
    turns margins into probabilities that hold on voices not learned from.
    """

    types: tuple[str, ...]
    vocabulary: Vocabulary = field(repr=False)
    weights: Floats = field(repr=False)
    bias: Floats = field(repr=False)
    sharpness: float

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """One row a text, one column a type; each row sums to 1."""
        margins = np.empty((len(texts), len(self.types)), dtype=np.float32)
        for number, text in enumerate(texts):
            ids, values = self.vocabulary.row(tokens(text))
            margins[number] = values @ self.weights[ids] + self.bias
        return softmax(margins * self.sharpness)

    def speaking_terms(self, text: str, ticket_type: str, limit: int) -> list[str]:
        """The words and pairs of words that speak most for a type, strongest first."""
        words = tokens(text)
        column = self.types.index(ticket_type)
        spoken: dict[str, float] = {}
        ids, values = self.vocabulary.row(words)
        value_of = dict(zip(ids.tolist(), values.tolist(), strict=True))
        for term in set(word_terms(words)):
            number = self.vocabulary.id_of(term)
            if number is None or term.isdigit() or len(term) < 3:
                continue
            row = self.weights[number]
            strength = value_of[number] * float(row[column] - row.mean())
            if strength > 0:
                spoken[term] = strength
        ranked = sorted(spoken, key=lambda term: (-spoken[term], term))
        chosen: list[str] = []
        for term in ranked:
            parts = set(term.split())
            if any(parts & set(other.split()) for other in chosen):
                continue
            chosen.append(term)
            if len(chosen) == limit:
                break
        return chosen


def softmax(margins: Floats) -> Floats:
    """Rows of margins as rows of probabilities."""
    shifted = np.exp(margins - margins.max(axis=1, keepdims=True))
    result: Floats = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return result
