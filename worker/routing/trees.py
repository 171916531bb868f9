"""Small decision trees that add up to a score, as arrays: read without what they were grown by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.routing.softmax import Floats

Whole = NDArray[np.int32]
Exact = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trees:
    """All nodes of all trees in one row of arrays; `roots` are the numbers of the first ones.

    From a node it goes to `low` when the number at `feature` is at most `threshold`, else to
    `high`; from a leaf to itself. After `depth` steps every tree is at a leaf, and the leaves'
    values add up.
    """

    roots: Whole
    feature: Whole
    threshold: Exact
    low: Whole
    high: Whole
    value: Exact
    depth: int

    @classmethod
    def none(cls) -> Trees:
        """No tree: every score is 0."""
        nothing, no_value = np.zeros(0, dtype=np.int32), np.zeros(0)
        return cls(nothing, nothing, no_value, nothing, nothing, no_value, depth=0)

    def score(self, row: Floats) -> float:
        """The sum over all trees (log-odds)."""
        node = self.roots
        for _ in range(self.depth):
            below = row[self.feature[node]] <= self.threshold[node]
            node = np.where(below, self.low[node], self.high[node])
        return float(self.value[node].sum())
