"""Learning the ticket types from the examples. Only this module needs scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from worker.routing.classifier import Classifier, Floats, softmax
from worker.routing.examples import read_examples
from worker.routing.ngrams import Vocabulary, tokens
from worker.routing.policy_document import PolicyDocument
from worker.routing.reading import read

AT_LEAST = 2
"""Texts that a term must stand in to be learned."""
REGULARIZATION = 0.5
FOLDS = 4
UNLABELLED_VOICE = "policy"


def learn(document: PolicyDocument, examples_dir: Path) -> Classifier:
    """A classifier of all examples, its probabilities set on voices held out in turn.

    What a type `means` counts as one more example. Raises `PolicyError`.
    """
    types = tuple(document.types)
    examples = read_examples(examples_dir, types)
    texts = [read(e.ticket, document.max_characters).text for e in examples]
    labels = [types.index(e.ticket_type) for e in examples]
    voices = [e.voice for e in examples]
    for number, kind in enumerate(document.types.values()):
        texts.append(kind.means)
        labels.append(number)
        voices.append(UNLABELLED_VOICE)
    y = np.array(labels)
    vocabulary = Vocabulary.of(texts, AT_LEAST)
    x = matrix(vocabulary, texts)
    weights, bias = fit(x, y, len(types))
    sharpness = _sharpness(x, y, folds(voices), len(types))
    return Classifier(
        types=types, vocabulary=vocabulary, weights=weights, bias=bias, sharpness=sharpness
    )


def matrix(vocabulary: Vocabulary, texts: Sequence[str]) -> csr_matrix:
    """The rows of many texts."""
    rows = [vocabulary.row(tokens(text)) for text in texts]
    starts = np.cumsum([0, *(len(ids) for ids, _ in rows)])
    return csr_matrix(
        (
            np.concatenate([values for _, values in rows]),
            np.concatenate([ids for ids, _ in rows]),
            starts,
        ),
        shape=(len(texts), len(vocabulary.terms)),
    )


def fit(x: csr_matrix, y: NDArray[np.int64], count: int) -> tuple[Floats, Floats]:
    """Weights (terms by types) and bias of a linear support vector machine, each type against
    the rest. A type without a row gets a bias that it never wins with."""
    with warnings.catch_warnings():
        # With few examples a type, scikit-learn wonders whether this is regression.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        model = LinearSVC(C=REGULARIZATION, random_state=0).fit(x, y)
    weights = np.zeros((x.shape[1], count), dtype=np.float32)
    bias = np.full(count, -10.0, dtype=np.float32)
    weights[:, model.classes_] = model.coef_.T
    bias[model.classes_] = model.intercept_
    return weights, bias


def folds(voices: Sequence[str]) -> list[NDArray[np.int64]]:
    """Rows to hold out together: whole voices, in at most four groups; with fewer than two
    voices every fourth row. What the types mean is never held out."""
    held = [number for number, voice in enumerate(voices) if voice != UNLABELLED_VOICE]
    names = sorted({voices[number] for number in held})
    if len(names) < 2:
        groups = [held[start::FOLDS] for start in range(FOLDS)]
    else:
        of = {name: position % FOLDS for position, name in enumerate(names)}
        groups = [[n for n in held if of[voices[n]] == g] for g in range(min(FOLDS, len(names)))]
    return [np.array(group) for group in groups if group]


def _sharpness(
    x: csr_matrix, y: NDArray[np.int64], groups: list[NDArray[np.int64]], count: int
) -> float:
    margins, truth = [], []
    for group in groups:
        kept = np.setdiff1d(np.arange(len(y)), group)
        weights, bias = fit(x[kept], y[kept], count)
        margins.append(np.asarray(x[group] @ weights + bias))
        truth.append(y[group])
    scores, labels = np.concatenate(margins), np.concatenate(truth)

    def surprise(log_sharpness: float) -> float:
        found = softmax((scores * np.exp(log_sharpness)).astype(np.float32))
        return float(-np.log(found[np.arange(len(labels)), labels] + 1e-9).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2, 4), method="bounded").x))
