"""Learning the ticket types from the examples. Only training needs scikit-learn.

The model is linear, with one weight a term and type, but it is found through the likeness of the
examples to each other (a matrix of examples by examples), which is small where the terms are many.
It is learned twice: a first model says what each sentence of the examples sounds like, from which
it is learned which sentences ask (`asking.py`); the second counts the sentences accordingly.
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

from worker.routing.asking import Asking
from worker.routing.asking_training import Heard, company, learn_asking
from worker.routing.classifier import Classifier, Floats, Row, softmax
from worker.routing.examples import Example, read_examples
from worker.routing.meanings import Meanings, read_meanings
from worker.routing.policy_document import PolicyDocument, PolicyError
from worker.routing.reading import Reading, read
from worker.routing.terms import terms_of
from worker.routing.ticket import Ticket
from worker.routing.vocabulary import Vocabulary

MAX_EXAMPLES = 8_000
"""Time grows with the square and the cube of the examples; so many take some minutes."""
STRENGTH = 40.0
"""How closely the examples are followed (scikit-learn's C, the likenesses being about 1)."""
INTERCEPT = 0.07
ROUGH, FINE = 1e-4, 1e-6
"""How exactly the models on held-out voices and the final one are found."""
FOLDS = 5
DESCRIPTIONS = "policy"
"""The voice of what the types mean: always learned from, never held out."""

Matrix = NDArray[np.float32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learned from: readings, the type of each (by its number) and its voice."""

    types: tuple[str, ...]
    meanings: Meanings
    readings: tuple[Reading, ...]
    y: Numbers
    voices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trained:
    """A classifier, and what it says of its own examples when their voices are held out:
    margins of `rows` (numbers of examples, in the order given)."""

    classifier: Classifier
    margins: Floats
    rows: Numbers


def learn(document: PolicyDocument, examples_dir: Path, meanings_path: Path) -> Trained:
    """A classifier of all examples, its probabilities set on voices held out in turn.

    What a type `means` counts as one more example. Raises `PolicyError`.
    """
    examples = read_examples(examples_dir, document.types)
    return learn_from(document, examples, Meanings(read_meanings(meanings_path)))


def learn_from(
    document: PolicyDocument, examples: Sequence[Example], meanings: Meanings
) -> Trained:
    """A classifier of these examples. Raises `PolicyError` when they are too many."""
    lesson = prepare(document, examples, meanings)
    groups = folds(lesson.voices)
    asking, crossed, together, rough = _learn_asking(lesson, groups)
    terms = [
        terms_of(reading.segments, asked.weights(reading.segments), meanings)
        for reading, asked in zip(lesson.readings, crossed, strict=True)
    ]
    vocabulary = Vocabulary.of(terms)
    x = matrix(vocabulary, [Row(*vocabulary.row(one)) for one in terms])
    likeness = likeness_of(x)
    margins, rows, without = held_out_margins(likeness, lesson.y, groups, rough)
    duals = _fit(likeness, lesson.y, np.mean(without, axis=0), FINE)
    classifier = Classifier(
        types=lesson.types,
        meanings=meanings,
        asking=asking,
        vocabulary=vocabulary,
        weights=np.ascontiguousarray(x.T @ duals, dtype=np.float32),
        bias=(INTERCEPT * duals.sum(axis=0)).astype(np.float32),
        company=together,
        sharpness=_sharpness(margins, lesson.y[rows]),
    )
    return Trained(classifier, margins, rows)


def prepare(document: PolicyDocument, examples: Sequence[Example], meanings: Meanings) -> Lesson:
    """Examples, then descriptions, as readings."""
    if len(examples) > MAX_EXAMPLES:
        raise PolicyError(
            f"{len(examples)} examples are more than the {MAX_EXAMPLES} that can be learned from. "
            f"Keep the most telling ones of each type."
        )
    types = tuple(document.types)
    tickets = [example.ticket for example in examples]
    tickets += [Ticket(code, "", kind.means) for code, kind in document.types.items()]
    labels = [types.index(example.ticket_type) for example in examples] + list(range(len(types)))
    return Lesson(
        types=types,
        meanings=meanings,
        readings=tuple(read(ticket, document.max_characters) for ticket in tickets),
        y=np.array(labels),
        voices=(*(example.voice for example in examples), *(DESCRIPTIONS for _ in types)),
    )


def _learn_asking(
    lesson: Lesson, groups: Sequence[Numbers]
) -> tuple[Asking, list[Asking], Floats, list[Matrix]]:
    """What asks; the same for each reading, learned without its voice; the company of types; and
    the models without each group, which are near those still to be found."""
    terms = [
        terms_of(reading.segments, [one.weight for one in reading.segments], lesson.meanings)
        for reading in lesson.readings
    ]
    vocabulary = Vocabulary.of(terms)
    x = matrix(vocabulary, [Row(*vocabulary.row(one)) for one in terms])
    likeness = likeness_of(x)
    heard: list[Heard] = []
    without: list[Matrix] = []
    for number, group in enumerate(groups):
        kept = np.setdiff1d(np.arange(len(lesson.y)), group)
        nothing = np.zeros((len(kept), len(lesson.types)), dtype=np.float32)
        duals = _fit(likeness[np.ix_(kept, kept)], lesson.y[kept], nothing)
        without.append(_spread(duals, kept, len(lesson.y)))
        segments = [one for n in group.tolist() for one in lesson.readings[n].segments]
        single = [terms_of([one], [1.0], lesson.meanings) for one in segments]
        rows = matrix(vocabulary, [Row(*vocabulary.row(one)) for one in single])
        sounds = rows @ np.asarray(x[kept].T @ duals) + INTERCEPT * duals.sum(axis=0)
        chances = softmax((sounds * 5.0).astype(np.float32))
        start = 0
        for reading_number in group.tolist():
            here = lesson.readings[reading_number].segments
            heard.append(
                Heard(
                    group=number,
                    ticket_type=int(lesson.y[reading_number]),
                    segments=here,
                    chances=chances[start : start + len(here)],
                )
            )
            start += len(here)
    general = lesson.types.index("general")
    asking = learn_asking(heard, general)
    by_group = [
        learn_asking([one for one in heard if one.group != number], general)
        for number in range(len(groups))
    ]
    crossed = [asking] * len(lesson.readings)
    for number, group in enumerate(groups):
        for reading_number in group.tolist():
            crossed[reading_number] = by_group[number]
    return asking, crossed, company(heard, len(lesson.types)), without


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
    return np.asarray((x @ x.T).todense(), dtype=np.float32) + np.float32(INTERCEPT)


def held_out_margins(
    likeness: Matrix, y: Numbers, groups: Sequence[Numbers], near: Sequence[Matrix]
) -> tuple[Floats, Numbers, list[Matrix]]:
    """Margins of rows that were not learned from, which rows those are, and the model without each
    group. `near` are models without the same groups to begin from."""
    margins, without = [], []
    for group, start in zip(groups, near, strict=True):
        kept = np.setdiff1d(np.arange(len(y)), group)
        duals = _fit(likeness[np.ix_(kept, kept)], y[kept], start[kept])
        margins.append((likeness[np.ix_(group, kept)] @ duals).astype(np.float32))
        without.append(_spread(duals, kept, len(y)))
    return np.concatenate(margins), np.concatenate(groups), without


def _spread(duals: Matrix, kept: Numbers, size: int) -> Matrix:
    result = np.zeros((size, duals.shape[1]), dtype=np.float32)
    result[kept] = duals
    return result


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


def _fit(likeness: Matrix, y: Numbers, start: Matrix, tolerance: float = ROUGH) -> Matrix:
    """How much each example speaks for each type (examples by types), by logistic regression over
    a square root of the likeness, found from `start`. A type without an example speaks for
    nothing."""
    root = np.linalg.cholesky(likeness + np.float32(1e-4) * np.eye(len(y), dtype=np.float32))
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


def _sharpness(margins: Floats, truth: Numbers) -> float:
    def surprise(log_sharpness: float) -> float:
        found = softmax((margins * np.exp(log_sharpness)).astype(np.float32))
        return float(-np.log(found[np.arange(len(truth)), truth] + 1e-9).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2, 3), method="bounded").x))
