"""A reading as counted terms, the same way when learning and when deciding.

Four kinds: words and pairs of neighbours, where a word under a negation is a word of its own;
pairs of words up to four apart; pieces of words; pairs of meanings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from worker.routing.clauses import Clause
from worker.routing.meanings import Meanings
from worker.routing.reading import Segment

WINDOW = 4
PIECE_SIZES = (2, 3, 4, 5)
MAX_MEANINGS = 60
"""Different meanings of one text that are paired; no ordinary ticket has more."""

Weights = dict[str, float]


@dataclass(slots=True)
class Terms:
    """The terms of one reading, each with the sum of its weights. Words of `plain` are what
    pieces are cut from."""

    words: Weights = field(default_factory=dict)
    pairs: Weights = field(default_factory=dict)
    plain: Weights = field(default_factory=dict)
    meanings: Weights = field(default_factory=dict)


def terms_of(segments: Sequence[Segment], weights: Sequence[float], meanings: Meanings) -> Terms:
    """The counted terms of some segments, each by its weight; meanings weigh alike, and those
    of a quoted mail do not count."""
    result = Terms()
    found: set[str] = set()
    for segment, weight in zip(segments, weights, strict=True):
        _count_words(segment.clauses, weight, result)
        if not segment.quoted:
            found |= _count_meanings(segment.clauses, meanings, result)
    for pair in _pairs_of(found, "+"):
        _add(result.meanings, pair, 1.0)
    return result


def _count_words(parts: Sequence[Clause], weight: float, result: Terms) -> None:
    plain = [word for part in parts for word in part.words]
    marked = [word for part in parts for word in part.marked]
    words, pairs, counts = result.words, result.pairs, result.plain
    last = ""
    for word in marked:
        words[word] = words.get(word, 0.0) + weight
        if last:
            both = f"{last} {word}"
            words[both] = words.get(both, 0.0) + weight
        last = word
    size = len(plain)
    for i, word in enumerate(plain):
        counts[word] = counts.get(word, 0.0) + weight
        for other in plain[i + 1 : min(i + 1 + WINDOW, size)]:
            key = f"{word}~{other}" if word <= other else f"{other}~{word}"
            pairs[key] = pairs.get(key, 0.0) + weight


def _count_meanings(parts: Iterable[Clause], meanings: Meanings, result: Terms) -> set[str]:
    found: set[str] = set()
    for part in parts:
        here: set[str] = set()
        for position, name in meanings.find(part.words):
            here.add(f"!{name}" if part.negated[position] else name)
        for pair in _pairs_of(here, "&"):
            _add(result.meanings, pair, 1.0)
        found |= here
    return found


def _pairs_of(names: set[str], sign: str) -> list[str]:
    ordered = sorted(names)[:MAX_MEANINGS]
    return [f"{a}{sign}{b}" for i, a in enumerate(ordered) for b in ordered[i + 1 :]]


def _add(weights: Weights, term: str, weight: float) -> None:
    weights[term] = weights.get(term, 0.0) + weight


def pieces(word: str) -> list[str]:
    """All pieces of 2 to 5 characters of a word with its borders; each begins with `#`."""
    padded = f" {word} "
    return [
        "#" + padded[start : start + size]
        for size in PIECE_SIZES
        for start in range(max(1, len(padded) - size + 1))
    ]
