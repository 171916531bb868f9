from __future__ import annotations

import numpy as np
import pytest

from worker.routing.confidence import lead
from worker.routing.fitting import calibrate

QUEUES = ("admin", "admin", "ocr")


def margins(*rows: tuple[float, float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(rows, dtype=np.float32)


def test_lead_is_over_the_best_type_of_another_queue() -> None:
    own = [queue == "admin" for queue in QUEUES]
    assert lead(margins((3.0, 2.9, 1.0))[0], own) == pytest.approx(2.0)
    assert lead(margins((0.0, 0.5, 1.0))[0], own) == pytest.approx(-0.5)


def test_single_queue_has_no_lead() -> None:
    assert lead(margins((3.0, 2.0, 1.0))[0], [True] * 3) == 0.0


def test_confidence_is_the_share_that_was_right_with_such_a_lead() -> None:
    dice = np.random.default_rng(7)
    leads = dice.uniform(0, 3, 4_000)
    right = dice.random(4_000) < 1 / (1 + np.exp(-2 * leads))
    rows = np.stack([leads, np.zeros(4_000), np.zeros(4_000)], axis=1).astype(np.float32)
    found = calibrate(rows, np.where(right, 0, 2), QUEUES)
    for value in (0.2, 1.0, 2.0):
        told = found.confidence(margins((value, 0, 0))[0], [True, True, False])
        assert told == pytest.approx(1 / (1 + np.exp(-2 * value)), abs=0.03)


def test_examples_that_are_all_right_are_no_proof_of_certainty() -> None:
    found = calibrate(margins((1, 0, 0), (0, 0, 1)), np.array([0, 2]), QUEUES)
    assert found.confidence(margins((9, 0, 0))[0], [True, True, False]) == pytest.approx(0.75)
