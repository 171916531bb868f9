"""Learning the ticket types from the examples. Only training needs scikit-learn.

The linear model is learned twice: a first one says what each sentence of the examples sounds like,
from which it is learned which sentences ask (`asking.py`); the second counts the sentences
accordingly. What both say of voices held out also teaches how sure a decision is
(`confidence.py`) and how several requests are known from one (`topics.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.routing.asking import Asking
from worker.routing.asking_training import Sounding, learn_asking
from worker.routing.classifier import Classifier
from worker.routing.examples import Example, read_examples
from worker.routing.fitting import (
    DESCRIPTIONS,
    FINE,
    Matrix,
    Numbers,
    calibrate,
    fit_on,
    fit_without,
    folds,
    likeness_of,
    linear,
    matrix,
    sharpness,
)
from worker.routing.meanings import Meanings, read_meanings
from worker.routing.measuring import measure
from worker.routing.policy_document import GENERAL, PolicyDocument, PolicyError
from worker.routing.reading import Reading, read
from worker.routing.softmax import Floats, softmax
from worker.routing.terms import terms_of
from worker.routing.ticket import Ticket
from worker.routing.topics_training import Group, learn_splitting
from worker.routing.vocabulary import Known, Vocabulary

MAX_EXAMPLES = 10_000
"""Time and memory grow with the square of the examples, and faster."""
CLEARLY = 5.0
"""How boldly the first model says what a sentence sounds like."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learned from: readings, the known terms of their segments, the type of each (by its
    number), the types of its requests (empty where it has one), and its voice."""

    types: tuple[str, ...]
    queues: tuple[str, ...]
    vocabulary: Vocabulary
    readings: tuple[Reading, ...]
    known: tuple[tuple[Known, ...], ...]
    y: Numbers
    topics: tuple[tuple[int, ...], ...]
    voices: tuple[str, ...]

    @property
    def learned(self) -> Numbers:
        """The examples that the linear model learns from: a ticket with several requests sounds
        like each of their types, and is known by its parts."""
        return np.flatnonzero([not one for one in self.topics])

    @property
    def general(self) -> int:
        return self.types.index(GENERAL)


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
    vocabulary = lesson.vocabulary
    groups = folds(lesson.voices)
    asking, asking_without, near = _learn_asking(lesson, groups)
    asked = [asking] * len(lesson.readings)
    for group, other in zip(groups, asking_without, strict=True):
        for number in group.tolist():
            asked[number] = other
    measured = [
        measure(reading.segments, known, one, vocabulary)
        for reading, known, one in zip(lesson.readings, lesson.known, asked, strict=True)
    ]
    x = matrix(vocabulary, [one.row for one in measured])
    likeness = likeness_of(x)
    without = fit_without(likeness, lesson.y, lesson.learned, groups, near)
    rows = np.concatenate(groups)
    parts = [
        Group(
            rows=group,
            asking=other,
            linear=linear(x, duals),
            margins=(likeness[group] @ duals).astype(np.float32),
        )
        for group, other, duals in zip(groups, asking_without, without, strict=True)
    ]
    margins = np.concatenate([part.margins for part in parts])
    one = np.isin(rows, lesson.learned)
    whole = fit_on(likeness, lesson.y, lesson.learned, np.mean(without, axis=0), FINE)
    classifier = Classifier(
        types=lesson.types,
        meanings=meanings,
        asking=asking,
        vocabulary=vocabulary,
        linear=linear(x, whole),
        splitting=learn_splitting(
            parts, measured, lesson.y, lesson.topics, lesson.queues, lesson.general, vocabulary
        ),
        sharpness=sharpness(margins[one], lesson.y[rows[one]]),
        calibration=calibrate(margins[one], lesson.y[rows[one]], lesson.queues),
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
    readings = [read(ticket, document.max_characters) for ticket in tickets]
    terms = [[terms_of(one, meanings) for one in reading.segments] for reading in readings]
    vocabulary = Vocabulary.of(terms)
    return Lesson(
        types=types,
        queues=tuple(kind.queue for kind in document.types.values()),
        vocabulary=vocabulary,
        readings=tuple(readings),
        known=tuple(tuple(vocabulary.known(one) for one in some) for some in terms),
        y=np.array(labels),
        topics=(
            *(tuple(types.index(code) for code in example.topics) for example in examples),
            *(() for _ in types),
        ),
        voices=(*(example.voice for example in examples), *(DESCRIPTIONS for _ in types)),
    )


def _learn_asking(
    lesson: Lesson, groups: Sequence[Numbers]
) -> tuple[Asking, list[Asking], list[Matrix]]:
    """What asks; the same learned without each group; and the models without each group, which
    are near those still to be found."""
    vocabulary, count = lesson.vocabulary, len(lesson.types)
    rows = [
        vocabulary.row(known, [one.weight for one in reading.segments])
        for reading, known in zip(lesson.readings, lesson.known, strict=True)
    ]
    x = matrix(vocabulary, rows)
    nothing = np.zeros((len(lesson.y), count), dtype=np.float32)
    near = [nothing] * len(groups)
    without = fit_without(likeness_of(x), lesson.y, lesson.learned, groups, near)
    heard: list[Sounding] = []
    for number, (group, duals) in enumerate(zip(groups, without, strict=True)):
        model = linear(x, duals)
        known = [one for row in group.tolist() for one in lesson.known[row]]
        single = matrix(vocabulary, vocabulary.row_of_each(known))
        chances = softmax((single @ model.weights + model.bias) * CLEARLY)
        start = 0
        for row in group.tolist():
            segments = lesson.readings[row].segments
            here = chances[start : start + len(segments)]
            heard.append(Sounding(number, int(lesson.y[row]), segments, here))
            start += len(segments)
    return (
        learn_asking(heard, lesson.general),
        [
            learn_asking([one for one in heard if one.group != number], lesson.general)
            for number in range(len(groups))
        ],
        without,
    )
