"""Growing small decision trees by gradient boosting; read as arrays from then on (`trees.py`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier

from worker.routing.softmax import Floats
from worker.routing.trees import Trees

TREES, DEPTH, STEP, LEAST = 200, 4, 0.05, 10
"""How many trees, their depth, how much of each counts, and the least samples of a leaf."""


def grow(rows: Floats, answers: NDArray[np.bool_], weights: NDArray[np.int64]) -> Trees:
    """Trees that score a row above 0 where yes is likelier than no. One row of numbers, one answer
    and one weight for each sample. The same samples grow the same trees."""
    model = GradientBoostingClassifier(
        n_estimators=TREES,
        learning_rate=STEP,
        max_depth=DEPTH,
        min_samples_leaf=LEAST,
        subsample=0.5,
        max_features="sqrt",
        init="zero",
        random_state=0,
    )
    model.fit(rows, answers, sample_weight=weights)
    grown = [one.tree_ for one in model.estimators_[:, 0]]
    first = np.cumsum([0, *(tree.node_count for tree in grown)])
    low, high = [], []
    for start, tree in zip(first[:-1], grown, strict=True):
        itself = np.arange(tree.node_count)
        leaf = tree.children_left < 0
        low.append(start + np.where(leaf, itself, tree.children_left))
        high.append(start + np.where(leaf, itself, tree.children_right))
    return Trees(
        roots=first[:-1].astype(np.int32),
        # A leaf goes to itself whatever number is looked at.
        feature=np.concatenate([np.maximum(tree.feature, 0) for tree in grown]).astype(np.int32),
        threshold=np.concatenate([tree.threshold for tree in grown]),
        low=np.concatenate(low).astype(np.int32),
        high=np.concatenate(high).astype(np.int32),
        value=STEP * np.concatenate([tree.value[:, 0, 0] for tree in grown]),
        depth=DEPTH,
    )
