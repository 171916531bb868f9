"""Finding a linear model through the likeness of the examples to each other.

The model has one weight a term and type, but it is found in a matrix of examples by examples,
which is small where the terms are many.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from worker.routing.confidence import Calibration, lead
from worker.routing.measuring import Linear
from worker.routing.softmax import Floats, softmax
from worker.routing.vocabulary import Row, Vocabulary

STRENGTH = 20.0
"""How closely the examples are followed (scikit-learn's C, the likenesses being about 1)."""
INTERCEPT = 0.07
RIDGE = 1e-4
"""Keeps rows that are much the same apart."""
OFTEN = 200
"""Rows with a term above which it is multiplied as a dense column."""
BLOCK = 512
ROUGH, FINE = 1e-4, 1e-6
"""How exactly the models on held-out voices and the final one are found."""
FOLDS = 5
DESCRIPTIONS = "policy"
"""The voice of what the types mean: always learned from, never held out."""

Matrix = NDArray[np.float32]
Numbers = NDArray[np.int64]


def matrix(vocabulary: Vocabulary, rows: Sequence[Row]) -> csr_matrix:
    """Many rows as one sparse matrix."""
    starts = np.cumsum([0, *(len(row.ids) for row in rows)])
    return csr_matrix(
        (
            np.concatenate([row.values for row in rows]),
            np.concatenate([row.ids for row in rows]),
            starts,
        ),
        shape=(len(rows), vocabulary.size),
    )


def likeness_of(x: csr_matrix) -> Matrix:
    """How alike each two rows are: about 1 for a row and itself."""
    # Nearly all of the work is in terms that many rows share: five times faster as a dense product.
    often = np.diff(x.tocsc().indptr) > OFTEN
    shared = x[:, often].toarray()
    likeness: Matrix = shared @ shared.T
    rest = x[:, ~often]
    for start in range(0, x.shape[0], BLOCK):
        block = slice(start, start + BLOCK)
        likeness[block] += (rest[block] @ rest.T).toarray()
    likeness += np.float32(INTERCEPT)
    return likeness


def fit_without(
    likeness: Matrix,
    y: Numbers,
    learned: Numbers,
    groups: Sequence[Numbers],
    near: Sequence[Matrix],
) -> list[Matrix]:
    """For each group, how much each example speaks for each type when the group is left out.
    `near` are such models to begin from."""
    return [
        fit_on(likeness, y, np.setdiff1d(learned, group), start)
        for group, start in zip(groups, near, strict=True)
    ]


def fit_on(
    likeness: Matrix, y: Numbers, rows: Numbers, start: Matrix, tolerance: float = ROUGH
) -> Matrix:
    """How much each example speaks for each type, learned from some rows; others say nothing."""
    duals = np.zeros_like(start)
    duals[rows] = fit(likeness[np.ix_(rows, rows)], y[rows], start[rows], tolerance)
    return duals


def linear(x: csr_matrix, duals: Matrix) -> Linear:
    """The weights of the terms, from how much each example speaks for each type."""
    return Linear(
        weights=np.ascontiguousarray(x.T @ duals, dtype=np.float32),
        bias=(INTERCEPT * duals.sum(axis=0)).astype(np.float32),
    )


def folds(voices: Sequence[str]) -> list[Numbers]:
    """Rows to hold out together: whole voices, in at most five groups of about the same size;
    with fewer than two voices every fifth row. What the types mean is never held out."""
    held = [number for number, voice in enumerate(voices) if voice != DESCRIPTIONS]
    names = sorted({voices[number] for number in held})
    if len(names) < 2:
        groups = [held[start::FOLDS] for start in range(FOLDS)]
        return [np.array(group) for group in groups if group]
    by_voice = {name: [n for n in held if voices[n] == name] for name in names}
    groups = [[] for _ in range(min(FOLDS, len(names)))]
    for name in sorted(names, key=lambda name: (-len(by_voice[name]), name)):
        min(groups, key=len).extend(by_voice[name])
    return [np.array(sorted(group)) for group in groups]


def fit(likeness: Matrix, y: Numbers, start: Matrix, tolerance: float = ROUGH) -> Matrix:
    """How much each example speaks for each type (examples by types), by logistic regression over
    a square root of the likeness, found from `start`. A type without an example speaks for
    nothing."""
    likeness = likeness.copy()
    likeness.flat[:: len(y) + 1] += np.float32(RIDGE)
    root = cholesky(likeness, lower=True, overwrite_a=True, check_finite=False)
    present = np.unique(y)
    with warnings.catch_warnings():
        # With few examples a type, scikit-learn wonders whether this is regression.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        model = LogisticRegression(
            C=STRENGTH, fit_intercept=False, max_iter=300, tol=tolerance, warm_start=True
        )
        if len(present) > 2:
            model.coef_ = np.ascontiguousarray(start[:, present].T @ root)
        model.fit(root, y)
    duals = np.zeros_like(start)
    duals[:, model.classes_] = solve_triangular(root, model.coef_.T, lower=True, trans="T")
    return duals


def sharpness(margins: Floats, truth: Numbers) -> float:
    """What turns margins into the probabilities that surprise least."""

    def surprise(log_sharpness: float) -> float:
        found = softmax((margins * np.exp(log_sharpness)).astype(np.float32))
        return float(-np.log(found[np.arange(len(truth)), truth] + 1e-9).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2, 3), method="bounded").x))


def calibrate(margins: Floats, truth: Numbers, queues: Sequence[str]) -> Calibration:
    """How sure a lead is, from held-out margins. Where all are right or all wrong, every lead is
    as sure as that."""
    best = [queues[number] for number in margins.argmax(axis=1)]
    leads = np.array(
        [
            [lead(row, [queue == one for queue in queues])]
            for row, one in zip(margins, best, strict=True)
        ]
    )
    right = np.array([a == queues[b] for a, b in zip(best, truth.tolist(), strict=True)])
    if len(set(right.tolist())) < 2:
        share = (right.sum() + 1) / (len(right) + 2)
        return Calibration(start=float(np.log(share / (1 - share))), slope=0.0)
    model = LogisticRegression(C=1e3).fit(leads, right)
    return Calibration(start=float(model.intercept_[0]), slope=float(model.coef_[0, 0]))
