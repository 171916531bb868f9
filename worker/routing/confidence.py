"""How probable it is that the best guess names the right queue.

The probabilities of a classifier with many types are no measure of that. What is, in voices not
learned from, is how far the best type leads the best type of any *other* queue; two numbers,
found on voices held out, turn this lead into the share of such tickets that were right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.routing.softmax import Floats


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidence (0 to 1) from a lead: the logistic function of `start + slope * lead`."""

    start: float
    slope: float

    def confidence(self, margins: Floats, own: Sequence[bool]) -> float:
        """How sure it is that a ticket with this row of margins is of one of its `own` types."""
        exponent = self.start + self.slope * lead(margins, own)
        return float(1 / (1 + np.exp(-min(exponent, 500.0))))


def lead(margins: Floats, own: Sequence[bool]) -> float:
    """How far the best of the own types leads the best of all others; 0 where there is none."""
    mine = [margin for margin, of_us in zip(margins.tolist(), own, strict=True) if of_us]
    rest = [margin for margin, of_us in zip(margins.tolist(), own, strict=True) if not of_us]
    return max(mine) - max(rest) if mine and rest else 0.0
