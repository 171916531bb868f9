"""The terms that were learned, and segments of a ticket as one sparse row over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.routing.terms import Counts, Terms, meanings_together, pieces

Ids = NDArray[np.int64]
Values = NDArray[np.float32]

KINDS = ("words", "pairs", "pieces", "meanings")
SHARES: dict[str, float] = {"words": 0.33, "pairs": 0.42, "pieces": 0.25, "meanings": 0.1}
"""How much each kind of term counts in the likeness of two tickets."""
AT_LEAST = 2
"""Examples that a term must stand in to be learned."""
RARITY_POWER = 1.5
_CACHED_WORDS = 50_000
_LENGTHS = np.sqrt(np.array([SHARES[kind] for kind in KINDS], dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Known:
    """The known terms of one segment with their counts, and all meanings found in it."""

    ids: Ids
    counts: Values
    found: frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    """A text over the vocabulary: each kind of term has the length of its share."""

    ids: Ids
    values: Values


class Vocabulary:
    """The learned terms by kind, each with its weight by rarity."""

    def __init__(self, terms: dict[str, Sequence[str]], rarity: Values) -> None:
        self.terms = {kind: list(terms[kind]) for kind in KINDS}
        self.rarity = rarity
        self._ids: dict[str, dict[str, int]] = {}
        start, ends = 0, []
        for kind in KINDS:
            self._ids[kind] = {term: start + n for n, term in enumerate(self.terms[kind])}
            start += len(self.terms[kind])
            ends.append(start)
        self.size = start
        self._ends = np.array(ends[:-1])
        self._pieces: dict[str, Ids] = {}

    @classmethod
    def of(cls, readings: Iterable[Sequence[Terms]]) -> Vocabulary:
        """The terms that stand in at least two of the readings, each given by its segments."""
        seen: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        total = 0
        for segments in readings:
            total += 1
            seen["words"].update({term for one in segments for term in one.words})
            seen["pairs"].update({term for one in segments for term in one.pairs})
            seen["meanings"].update({term for one in segments for term in one.meanings})
            seen["meanings"].update(meanings_together(one.found for one in segments))
            plain = {word for one in segments for word in one.plain}
            seen["pieces"].update({piece for word in plain for piece in pieces(word)})
        kept = {
            kind: sorted(term for term, count in seen[kind].items() if count >= AT_LEAST)
            for kind in KINDS
        }
        counts = np.array([seen[kind][term] for kind in KINDS for term in kept[kind]], dtype=float)
        rarity = (np.log((1 + total) / (1 + counts)) + 1) ** RARITY_POWER
        return cls({kind: kept[kind] for kind in KINDS}, rarity.astype(np.float32))

    def known(self, terms: Terms) -> Known:
        """What is known of the terms of a segment."""
        plain = [
            self._known("words", terms.words),
            self._known("pairs", terms.pairs),
            self._known("meanings", terms.meanings),
            self._piece_counts(terms.plain),
        ]
        return Known(
            ids=np.concatenate([ids for ids, _ in plain]),
            counts=np.concatenate([counts for _, counts in plain]),
            found=frozenset(terms.found),
        )

    def row(self, segments: Sequence[Known], weights: Sequence[float]) -> Row:
        """Segments as one text, the terms of each by its weight; meanings weigh alike."""
        together = self._together(one.found for one in segments)
        ids = np.concatenate([*(one.ids for one in segments), together])
        counts = np.concatenate([*(one.counts for one in segments), np.ones(len(together))])
        scale = np.repeat([*weights, 1.0], [*(len(one.ids) for one in segments), len(together)])
        scale[ids >= self._ends[-1]] = 1.0
        once, where = np.unique(ids, return_inverse=True)
        return self._rows(once, np.bincount(where, counts * scale, len(once)), [len(once)])[0]

    def row_of_each(self, segments: Sequence[Known]) -> list[Row]:
        """Each segment as a text by itself."""
        ids: list[Ids] = []
        counts: list[NDArray[Any]] = []
        sizes: list[int] = []
        for one in segments:
            together = self._together([one.found])
            ids += [one.ids, together]
            counts += [one.counts, np.ones(len(together))]
            sizes.append(len(one.ids) + len(together))
        return self._rows(np.concatenate(ids), np.concatenate(counts), sizes)

    def term(self, number: int) -> tuple[str, str]:
        """Kind and term of an id."""
        for kind in KINDS:
            if number < len(self.terms[kind]):
                return kind, self.terms[kind][number]
            number -= len(self.terms[kind])
        raise IndexError(number)

    def _known(self, kind: str, counts: Counts) -> tuple[Ids, Values]:
        numbers = map(self._ids[kind].get, counts, repeat(-1))
        ids = np.fromiter(numbers, np.int64, len(counts))
        known = ids >= 0
        return ids[known], np.fromiter(counts.values(), np.float32, len(counts))[known]

    def _piece_counts(self, plain: Counts) -> tuple[Ids, Values]:
        if not plain:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        found = [self._pieces_of(word) for word in plain]
        every = np.concatenate(found)
        counts = np.repeat(
            np.fromiter(plain.values(), np.float32, len(plain)), [len(ids) for ids in found]
        )
        ids, where = np.unique(every, return_inverse=True)
        return ids, np.bincount(where, counts, len(ids)).astype(np.float32)

    def _pieces_of(self, word: str) -> Ids:
        ids = self._pieces.get(word)
        if ids is None:
            known = self._ids["pieces"]
            ids = np.array([known[p] for p in pieces(word) if p in known], dtype=np.int64)
            if len(self._pieces) >= _CACHED_WORDS:
                self._pieces.clear()
            self._pieces[word] = ids
        return ids

    def _together(self, found: Iterable[Iterable[str]]) -> Ids:
        number_of = self._ids["meanings"]
        hits = (number_of.get(pair) for pair in meanings_together(found))
        return np.array([number for number in hits if number is not None], dtype=np.int64)

    def _rows(self, ids: Ids, counts: NDArray[Any], sizes: Sequence[int]) -> list[Row]:
        """Texts that lie one after another, each of so many different terms."""
        values = np.where(counts >= 1, 1 + np.log(np.maximum(counts, 1)), counts)
        values = values * self.rarity[ids]
        kinds = np.searchsorted(self._ends, ids, side="right")
        where = kinds + len(KINDS) * np.repeat(np.arange(len(sizes)), sizes)
        lengths = np.sqrt(np.bincount(where, values * values, len(KINDS) * len(sizes)))
        lengths[lengths == 0] = 1.0
        values = (values * _LENGTHS[kinds] / lengths[where]).astype(np.float32)
        ends = np.cumsum(sizes).tolist()
        return [
            Row(ids[end - size : end], values[end - size : end])
            for end, size in zip(ends, sizes, strict=True)
        ]
