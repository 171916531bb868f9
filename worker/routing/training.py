"""Learning the ticket types from the examples. Only this module needs scikit-learn.

The model is linear, with one weight a term and type, but it is found through the likeness of the
examples to each other (a matrix of examples by examples), which is small where the terms are many.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from worker.routing.classifier import Classifier, Floats, Row, softmax
from worker.routing.examples import Example, read_examples
from worker.routing.meanings import Meanings, read_meanings
from worker.routing.policy_document import PolicyDocument, PolicyError
from worker.routing.reading import read
from worker.routing.terms import terms_of
from worker.routing.ticket import Ticket
from worker.routing.vocabulary import Vocabulary

MAX_EXAMPLES = 8_000
"""Time grows with the square and the cube of the examples; so many take about three minutes."""
STRENGTH = 22.0
"""How closely the examples are followed (scikit-learn's C, the likenesses being about 1)."""
INTERCEPT = 0.07
FOLDS = 5
DESCRIPTIONS = "policy"
"""The voice of what the types mean: always learned from, never held out."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learned from: rows, the type of each (by its number) and its voice."""

    vocabulary: Vocabulary
    x: csr_matrix
    y: NDArray[np.int64]
    voices: tuple[str, ...]
    types: tuple[str, ...]


def learn(document: PolicyDocument, examples_dir: Path, meanings_path: Path) -> Classifier:
    """A classifier of all examples, its probabilities set on voices held out in turn.

    What a type `means` counts as one more example. Raises `PolicyError`.
    """
    examples = read_examples(examples_dir, document.types)
    return learn_from(document, examples, Meanings(read_meanings(meanings_path)))


def learn_from(
    document: PolicyDocument, examples: Sequence[Example], meanings: Meanings
) -> Classifier:
    """A classifier of these examples. Raises `PolicyError` when they are too many."""
    lesson = prepare(document, examples, meanings)
    likeness = np.asarray((lesson.x @ lesson.x.T).todense(), dtype=np.float64) + INTERCEPT
    margins, truth = held_out_margins(lesson, likeness)
    duals = _fit(likeness, lesson.y, len(lesson.types))
    return Classifier(
        types=lesson.types,
        meanings=meanings,
        vocabulary=lesson.vocabulary,
        weights=np.ascontiguousarray(lesson.x.T @ duals, dtype=np.float32),
        bias=(INTERCEPT * duals.sum(axis=0)).astype(np.float32),
        sharpness=_sharpness(margins, lesson.y[truth]),
    )


def prepare(document: PolicyDocument, examples: Sequence[Example], meanings: Meanings) -> Lesson:
    """Examples and descriptions as rows over their own vocabulary."""
    if len(examples) > MAX_EXAMPLES:
        raise PolicyError(
            f"{len(examples)} examples are more than the {MAX_EXAMPLES} that can be learned from. "
            f"Keep the most telling ones of each type."
        )
    types = tuple(document.types)
    tickets = [example.ticket for example in examples]
    tickets += [Ticket(code, "", kind.means) for code, kind in document.types.items()]
    labels = [types.index(example.ticket_type) for example in examples] + list(range(len(types)))
    voices = [example.voice for example in examples] + [DESCRIPTIONS] * len(types)
    terms = [terms_of(read(t, document.max_characters), meanings) for t in tickets]
    vocabulary = Vocabulary.of(terms)
    return Lesson(
        vocabulary=vocabulary,
        x=matrix(vocabulary, [Row(*vocabulary.row(one)) for one in terms]),
        y=np.array(labels),
        voices=tuple(voices),
        types=types,
    )


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


def held_out_margins(lesson: Lesson, likeness: Matrix) -> tuple[Floats, NDArray[np.int64]]:
    """Margins of rows that were not learned from, voices held out in groups, and which rows."""
    margins, where = [], []
    for group in folds(lesson.voices):
        kept = np.setdiff1d(np.arange(len(lesson.y)), group)
        duals = _fit(likeness[np.ix_(kept, kept)], lesson.y[kept], len(lesson.types))
        margins.append((likeness[np.ix_(group, kept)] @ duals).astype(np.float32))
        where.append(group)
    return np.concatenate(margins), np.concatenate(where)


def folds(voices: Sequence[str]) -> list[NDArray[np.int64]]:
    """Rows to hold out together: whole voices, in at most five groups; with fewer than two
    voices every fifth row. What the types mean is never held out."""
    held = [number for number, voice in enumerate(voices) if voice != DESCRIPTIONS]
    names = sorted({voices[number] for number in held})
    if len(names) < 2:
        groups = [held[start::FOLDS] for start in range(FOLDS)]
    else:
        of = {name: position % FOLDS for position, name in enumerate(names)}
        groups = [[n for n in held if of[voices[n]] == g] for g in range(min(FOLDS, len(names)))]
    return [np.array(group) for group in groups if group]


def _fit(likeness: Matrix, y: NDArray[np.int64], count: int) -> Matrix:
    """How much each example speaks for each type (examples by types), by logistic regression over
    a square root of the likeness. A type without an example speaks for nothing."""
    root = np.linalg.cholesky(likeness + 1e-5 * np.eye(len(y)))
    with warnings.catch_warnings():
        # With few examples a type, scikit-learn wonders whether this is regression.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        model = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=300, tol=1e-6)
        model.fit(root, y)
    duals = np.zeros((len(y), count))
    duals[:, model.classes_] = solve_triangular(root, model.coef_.T, lower=True, trans="T")
    return duals


def _sharpness(margins: Floats, truth: NDArray[np.int64]) -> float:
    def surprise(log_sharpness: float) -> float:
        found = softmax((margins * np.exp(log_sharpness)).astype(np.float32))
        return float(-np.log(found[np.arange(len(truth)), truth] + 1e-9).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2, 3), method="bounded").x))
