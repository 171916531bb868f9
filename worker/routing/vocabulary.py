"""The terms that were learned, and a reading as one sparse row over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from worker.routing.terms import Terms, Weights, pieces

Ids = NDArray[np.int64]
Values = NDArray[np.float32]

KINDS = ("words", "pairs", "pieces", "meanings")
SHARES: dict[str, float] = {"words": 0.33, "pairs": 0.42, "pieces": 0.25, "meanings": 0.1}
"""How much each kind of term counts in the likeness of two tickets."""
AT_LEAST = 2
"""Examples that a term must stand in to be learned."""
RARITY_POWER = 1.5
_CACHED_WORDS = 50_000


class Vocabulary:
    """The learned terms by kind, each with its weight by rarity."""

    def __init__(self, terms: dict[str, Sequence[str]], rarity: Values) -> None:
        self.terms = {kind: list(terms[kind]) for kind in KINDS}
        self.rarity = rarity
        self._ids: dict[str, dict[str, int]] = {}
        start = 0
        for kind in KINDS:
            self._ids[kind] = {term: start + n for n, term in enumerate(self.terms[kind])}
            start += len(self.terms[kind])
        self.size = start
        self._pieces: dict[str, Ids] = {}

    @classmethod
    def of(cls, readings: Iterable[Terms]) -> Vocabulary:
        """The terms that stand in at least two of the readings."""
        seen: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        total = 0
        for terms in readings:
            total += 1
            seen["words"].update(terms.words.keys())
            seen["pairs"].update(terms.pairs.keys())
            seen["meanings"].update(terms.meanings.keys())
            seen["pieces"].update({piece for word in terms.plain for piece in pieces(word)})
        kept = {
            kind: sorted(term for term, count in seen[kind].items() if count >= AT_LEAST)
            for kind in KINDS
        }
        counts = np.array([seen[kind][term] for kind in KINDS for term in kept[kind]], dtype=float)
        rarity = (np.log((1 + total) / (1 + counts)) + 1) ** RARITY_POWER
        return cls({kind: kept[kind] for kind in KINDS}, rarity.astype(np.float32))

    def row(self, terms: Terms) -> tuple[Ids, Values]:
        """Term ids and values of one reading; each kind has the length of its share."""
        parts = self.parts(terms)
        scaled = [
            values * (SHARES[kind] ** 0.5 / (float(np.sqrt(values @ values)) or 1.0))
            for kind, (_, values) in zip(KINDS, parts, strict=True)
        ]
        return np.concatenate([ids for ids, _ in parts]), np.concatenate(scaled)

    def parts(self, terms: Terms) -> list[tuple[Ids, Values]]:
        """Ids and values by kind, before each kind is brought to its length."""
        return [
            self._weighed(*self._known("words", terms.words)),
            self._weighed(*self._known("pairs", terms.pairs)),
            self._weighed(*self._piece_counts(terms.plain)),
            self._weighed(*self._known("meanings", terms.meanings)),
        ]

    def term(self, number: int) -> tuple[str, str]:
        """Kind and term of an id."""
        for kind in KINDS:
            if number < len(self.terms[kind]):
                return kind, self.terms[kind][number]
            number -= len(self.terms[kind])
        raise IndexError(number)

    def _known(self, kind: str, weights: Weights) -> tuple[Ids, Values]:
        known = self._ids[kind]
        hits = [
            (number, weight)
            for term, weight in weights.items()
            if (number := known.get(term)) is not None
        ]
        ids = np.array([number for number, _ in hits], dtype=np.int64)
        return ids, np.array([weight for _, weight in hits], dtype=np.float32)

    def _piece_counts(self, plain: Weights) -> tuple[Ids, Values]:
        if not plain:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        found = [self._pieces_of(word) for word in plain]
        every = np.concatenate(found)
        weights = np.repeat(
            np.fromiter(plain.values(), np.float32, len(plain)), [len(ids) for ids in found]
        )
        ids, where = np.unique(every, return_inverse=True)
        return ids, np.bincount(where, weights, len(ids)).astype(np.float32)

    def _pieces_of(self, word: str) -> Ids:
        ids = self._pieces.get(word)
        if ids is None:
            known = self._ids["pieces"]
            ids = np.array([known[p] for p in pieces(word) if p in known], dtype=np.int64)
            if len(self._pieces) >= _CACHED_WORDS:
                self._pieces.clear()
            self._pieces[word] = ids
        return ids

    def _weighed(self, ids: Ids, counts: Values) -> tuple[Ids, Values]:
        values = np.where(counts >= 1, 1 + np.log(np.maximum(counts, 1)), counts)
        return ids, (values * self.rarity[ids]).astype(np.float32)
