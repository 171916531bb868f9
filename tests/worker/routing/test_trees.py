"""Trees as arrays say what they were grown to say."""

from __future__ import annotations

import numpy as np
import pytest

from worker.routing.trees import Trees
from worker.routing.trees_training import grow

BOTH_HIGH = Trees(
    roots=np.array([0, 5], dtype=np.int32),
    #                 first tree: a, then b      second tree: a leaf at once
    feature=np.array([0, 0, 1, 0, 0, 0], dtype=np.int32),
    threshold=np.array([0.5, 0, 0.5, 0, 0, 0]),
    low=np.array([1, 1, 3, 3, 4, 5], dtype=np.int32),
    high=np.array([2, 1, 4, 3, 4, 5], dtype=np.int32),
    value=np.array([0, -1, 0, -2, 3, 0.25]),
    depth=2,
)


@pytest.mark.parametrize(
    ("a", "b", "score"),
    [(0, 0, -0.75), (0, 1, -0.75), (1, 0, -1.75), (1, 1, 3.25), (0.5, 1, -0.75)],
)
def test_leaves_of_all_trees_add_up(a: float, b: float, score: float) -> None:
    assert BOTH_HIGH.score(np.array([a, b], dtype=np.float32)) == score


def test_without_a_tree_every_score_is_zero() -> None:
    assert Trees.none().score(np.ones(3, dtype=np.float32)) == 0.0


def test_grown_trees_know_what_no_single_number_tells() -> None:
    dice = np.random.default_rng(7)
    points = dice.random((600, 2), dtype=np.float32)
    answers = (points[:, 0] > 0.5) != (points[:, 1] > 0.5)
    trees = grow(points, answers, np.ones(600, dtype=np.int64))
    for corner, several in (
        ((0, 0), False),
        ((0.9, 0.1), True),
        ((0.1, 0.9), True),
        ((1, 1), False),
    ):
        assert (trees.score(np.array(corner, dtype=np.float32)) > 0) == several
