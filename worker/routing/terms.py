"""A segment of a ticket as counted terms, the same way when learning and when deciding.

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

Counts = dict[str, float]


@dataclass(slots=True)
class Terms:
    """The terms of one segment, each with how often it stands there. Words of `plain` are what
    pieces are cut from; `meanings` are pairs within a clause, `found` all meanings."""

    words: Counts = field(default_factory=dict)
    pairs: Counts = field(default_factory=dict)
    plain: Counts = field(default_factory=dict)
    meanings: Counts = field(default_factory=dict)
    found: set[str] = field(default_factory=set)


def terms_of(segment: Segment, meanings: Meanings) -> Terms:
    """The counted terms of a segment; the meanings of a quoted mail do not count."""
    result = Terms()
    _count_words(segment.clauses, result)
    if not segment.quoted:
        _count_meanings(segment.clauses, meanings, result)
    return result


def meanings_together(found: Iterable[Iterable[str]]) -> list[str]:
    """The pairs of meanings that stand anywhere in a text of several segments."""
    return _pairs_of({name for some in found for name in some}, "+")


def _count_words(parts: Sequence[Clause], result: Terms) -> None:
    plain = [word for part in parts for word in part.words]
    marked = [word for part in parts for word in part.marked]
    words, pairs, counts = result.words, result.pairs, result.plain
    last = ""
    for word in marked:
        words[word] = words.get(word, 0.0) + 1.0
        if last:
            both = f"{last} {word}"
            words[both] = words.get(both, 0.0) + 1.0
        last = word
    size = len(plain)
    for i, word in enumerate(plain):
        counts[word] = counts.get(word, 0.0) + 1.0
        for other in plain[i + 1 : min(i + 1 + WINDOW, size)]:
            key = f"{word}~{other}" if word <= other else f"{other}~{word}"
            pairs[key] = pairs.get(key, 0.0) + 1.0


def _count_meanings(parts: Iterable[Clause], meanings: Meanings, result: Terms) -> None:
    for part in parts:
        here: set[str] = set()
        for position, name in meanings.find(part.words):
            here.add(f"!{name}" if part.negated[position] else name)
        for pair in _pairs_of(here, "&"):
            result.meanings[pair] = result.meanings.get(pair, 0.0) + 1.0
        result.found |= here


def _pairs_of(names: set[str], sign: str) -> list[str]:
    ordered = sorted(names)[:MAX_MEANINGS]
    return [f"{a}{sign}{b}" for i, a in enumerate(ordered) for b in ordered[i + 1 :]]


def pieces(word: str) -> list[str]:
    """All pieces of 2 to 5 characters of a word with its borders; each begins with `#`."""
    padded = f" {word} "
    return [
        "#" + padded[start : start + size]
        for size in PIECE_SIZES
        for start in range(max(1, len(padded) - size + 1))
    ]
