"""Several requests in one ticket: which segments ask for what, and whether that is more than one.

The segments of a ticket are heard one by one. Two types that explain them together much better
than any one type does are two requests, unless tickets of the one often hold a sentence that
sounds like the other; how much better is enough is learned (`topics_training.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.routing.measuring import Linear, Measured
from worker.routing.reading import Segment
from worker.routing.softmax import Floats, softmax
from worker.routing.trees import Trees
from worker.routing.vocabulary import Vocabulary

SOUNDING = 2.5
"""Turns the margins of a single sentence into chances; found on voices held out."""
STEEPNESS = 1.5
"""How fast a segment counts for more as it asks more."""
FLOOR = 0.01
"""The chance that any sentence stands in any ticket."""
CANDIDATES = 8
"""Types that are tried in pairs."""
LEAST_GAIN = 0.2
"""How much better (in nats) two types must explain a ticket than one for a closer look."""
ANOTHER = 0.8
"""How much better (in nats) a third request must explain a ticket than two do."""
MOST = 6
"""Requests of one ticket; no more are told apart."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The segments of a ticket: how much each asks (log-odds) and what it sounds like (`chances`:
    segments by types)."""

    segments: tuple[Segment, ...]
    asking: Floats
    chances: Floats

    @property
    def weights(self) -> Floats:
        """How much each segment says of what is wanted (0 to 1); a lone word says nothing."""
        said = [sum(len(clause.words) for clause in one.clauses) > 1 for one in self.segments]
        asked = 1 / (1 + np.exp(-STEEPNESS * self.asking))
        result: Floats = np.where(said, asked, 0.0).astype(np.float32)
        return result


@dataclass(frozen=True, slots=True)
class Split:
    """The two types that explain a ticket best. `pull`: how well each type (column) explains each
    segment (row); `first`: the segments that the first explains at least as well."""

    types: tuple[int, int]
    gain: float
    pull: Floats
    first: NDArray[np.bool_]

    def part(self, number: int) -> list[int]:
        """The numbers of the segments of the first (0) or the second part (1)."""
        return np.flatnonzero(self.first == (number == 0)).tolist()


@dataclass(frozen=True, slots=True)
class Several:
    """The requests of one ticket: the number of the type of each and those of its segments, the
    one that asks for it most first. `certain`: hardly any ticket with one request looks so;
    `confidence` (0 to 1) grows with how much it looks like several."""

    confidence: float
    certain: bool
    requests: tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Splitting:
    """What was learned of tickets with several requests.

    `company` is how often a ticket of one type (row) holds a sentence that sounds like another
    (column); `trees` weigh the circumstances (log-odds); a score above `middle` is several, one
    above `certain` surely so.
    """

    company: Floats
    trees: Trees
    middle: float
    certain: float


def hear(measured: Measured, linear: Linear, vocabulary: Vocabulary) -> Heard:
    """What each segment sounds like by itself."""
    chances = softmax(linear.margins(vocabulary.row_of_each(measured.known)) * SOUNDING)
    return Heard(measured.segments, np.array(measured.asking, dtype=np.float32), chances)


def split_in_two(heard: Heard, company: Floats, general: int) -> Split | None:
    """The two types that explain a ticket best; None when one does about as well. `general` is
    the number of the type that is no request."""
    weights = heard.weights
    if np.count_nonzero(weights) < 2:
        return None
    pull: Floats = weights[:, None] * np.log(heard.chances @ company.T + FLOOR)
    pull[:, general] = -1e3
    alone = pull.sum(axis=0)
    evidence = (weights[:, None] * heard.chances).max(axis=0)
    evidence[[general, alone.argmax()]] = 0.0, 2.0
    some = np.argsort(-evidence, kind="stable")[:CANDIDATES]
    near = pull[:, some]
    pairs = np.maximum(near[:, :, None], near[:, None, :]).sum(axis=0)
    a, b = divmod(int(pairs.argmax()), len(some))
    gain = float(pairs[a, b] - alone.max())
    if a == b or gain < LEAST_GAIN:
        return None
    one, other = sorted((int(some[a]), int(some[b])), key=lambda code: -alone[code])
    return Split((one, other), gain, pull, pull[:, one] >= pull[:, other])


def circumstances(
    heard: Heard,
    split: Split,
    queues: Sequence[str],
    general: int,
    whole: Floats,
    parts: tuple[Floats, Floats],
) -> Floats:
    """The circumstances of a split. `whole` and `parts` are the margins of the ticket and of
    either part, each read as one text."""
    one, other = split.types
    weights = heard.weights
    heard_one, heard_other = (float((weights * heard.chances[:, n]).max()) for n in split.types)
    apart = split.pull[:, one] - split.pull[:, other]
    asking = int((heard.asking > 0.3).sum())
    chances = np.log(softmax(np.stack((whole, *parts)) * SOUNDING) + 1e-3)
    all_, first, second = chances
    third = np.delete(whole, [one, other, general]).max()
    own = first[one], second[other]
    return np.array(
        (
            split.gain,
            min(split.gain, 2.0),
            min(max(0.0, float(apart.max())), max(0.0, float(-apart.min()))),
            min(heard_one, heard_other),
            max(heard_one, heard_other),
            float(queues[one] != queues[other]),
            np.log(len(heard.segments)),
            asking / 2,
            min(asking, 2),
            all_[one] + all_[other],
            min(all_[one], all_[other]),
            min(whole[one], whole[other]) - third,
            all_[general],
            all_.max(),
            min(own),
            sum(own),
            first[general] + second[general],
            np.delete(first, general).max(),
            np.delete(second, general).max(),
            first[other] + second[one],
        ),
        dtype=np.float32,
    )


def requests(split: Split) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """The type of each request and the numbers of its segments, the one that asks for it most
    first; in the order of the ticket. They are those of the split, and more that explain what
    these do not."""
    types = list(split.types)
    while len(types) < MOST:
        covered = split.pull[:, types].max(axis=1, keepdims=True)
        gains = np.maximum(split.pull - covered, 0.0).sum(axis=0)
        best = int(gains.argmax())
        if gains[best] < ANOTHER:
            break
        types.append(best)
    pull = split.pull[:, types]
    lead = pull - np.stack(
        [np.delete(pull, number, axis=1).max(axis=1) for number in range(len(types))], axis=1
    )
    found = []
    for number, code in enumerate(types):
        order = np.argsort(-lead[:, number], kind="stable")
        found.append((code, tuple(n for n in order.tolist() if lead[n, number] > 0)))
    return tuple(sorted((one for one in found if one[1]), key=lambda one: min(one[1])))
