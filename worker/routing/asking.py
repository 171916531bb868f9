"""Which sentences ask and which only tell: learned from where the sentences of the examples
point, whatever the ticket is about.

A sentence that sounds like the ticket's own type probably carries the request; one that sounds
clearly like another team's does not ("the login works again", "no new report needed").
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from worker.routing.reading import Segment

FLAGS = (
    *("question", "asks", "settled", "negated", "subject", "quoted"),
    *("first", "last", "near_the_end", "how_far", "length", "short", "many"),
)
STEEPNESS = 0.7
LEAST, MOST = 0.15, 3.0
"""The least and the most that asking multiplies a sentence's weight by."""


@dataclass(frozen=True, slots=True)
class Asking:
    """`words` are weights of words, pairs of neighbours and beginnings (`^please`); `flags` those
    of the circumstances in `FLAGS`; a score of `middle` changes nothing."""

    words: Mapping[str, float]
    flags: tuple[float, ...]
    middle: float

    def scores(self, segments: Sequence[Segment]) -> list[float]:
        """How much each segment sounds like a request (log-odds)."""
        count = len(segments)
        return [self.score(one, place, count) for place, one in enumerate(segments)]

    def score(self, segment: Segment, place: int, count: int) -> float:
        """How much one of `count` segments, at `place`, sounds like a request (log-odds)."""
        total = sum(
            weight * value
            for weight, value in zip(self.flags, flags(segment, place, count), strict=True)
        )
        known = self.words
        for term, value in terms(segment):
            weight = known.get(term)
            if weight is not None:
                total += weight * value
        return total - self.middle


def weights_of(segments: Sequence[Segment], scores: Sequence[float]) -> list[float]:
    """The weights of the segments, changed by how much they ask."""
    return [
        one.weight * min(MOST, max(LEAST, math.exp(STEEPNESS * min(score, 10.0))))
        for one, score in zip(segments, scores, strict=True)
    ]


def terms(segment: Segment) -> Iterator[tuple[str, float]]:
    """Words, pairs of neighbours and the first word of a segment; a long one dilutes each."""
    words = [word for clause in segment.clauses for word in clause.marked]
    if not words:
        return
    share = float(len(words)) ** -0.5
    yield f"^{words[0]}", 1.0
    last = ""
    for word in words:
        yield word, share
        if last:
            yield f"{last} {word}", share
        last = word


def flags(segment: Segment, place: int, count: int) -> tuple[float, ...]:
    """The circumstances of a segment, in the order of `FLAGS`."""
    size = sum(len(clause.words) for clause in segment.clauses)
    return (
        float("?" in segment.text),
        float(segment.asks),
        float(segment.settled),
        float(any(any(clause.negated) for clause in segment.clauses)),
        float(segment.subject),
        float(segment.quoted),
        float(place == 0),
        float(place == count - 1),
        float(place >= count - 2),
        place / max(1, count - 1),
        min(size, 40) / 20,
        float(size < 5),
        math.log(count) / 2,
    )
