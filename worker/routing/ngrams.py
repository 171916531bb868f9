"""A text as counted words, pairs of words and pieces of words, the same way when learning and
when deciding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+")
MAX_TOKEN = 30
PIECES = (2, 3, 4, 5)
_CACHE_SIZE = 50_000

Ids = NDArray[np.int32]
Values = NDArray[np.float32]


def tokens(text: str) -> list[str]:
    """The words of a text, lower case, each at most 30 characters long."""
    return [word[:MAX_TOKEN] for word in _TOKEN.findall(text.lower())]


def word_terms(words: Sequence[str]) -> list[str]:
    """Single words and pairs of neighbours (parted by a space)."""
    return [*words, *(f"{a} {b}" for a, b in pairwise(words))]


def pieces(word: str) -> list[str]:
    """All pieces of 2 to 5 characters of one word with its borders marked by spaces; each ends
    up with a leading underscore, which no word term has."""
    padded = f" {word} "
    return ["_" + padded[i : i + n] for n in PIECES for i in range(max(1, len(padded) - n + 1))]


class Vocabulary:
    """The terms that were learned, each with its weight by rarity.

    A text becomes one sparse row: term ids and their values, words and pieces each of length 1.
    """

    def __init__(self, terms: Sequence[str], rarity: Values) -> None:
        self.terms = list(terms)
        self.rarity = rarity
        self._ids = {term: number for number, term in enumerate(self.terms)}
        self._pieces: dict[str, list[int]] = {}

    @classmethod
    def of(cls, texts: Iterable[str], at_least: int) -> Vocabulary:
        """The terms that stand in at least `at_least` of the texts."""
        seen: Counter[str] = Counter()
        total = 0
        for text in texts:
            total += 1
            words = tokens(text)
            terms = set(word_terms(words))
            for word in set(words):
                terms.update(pieces(word))
            seen.update(terms)
        kept = sorted(term for term, count in seen.items() if count >= at_least)
        counts = np.array([seen[term] for term in kept], dtype=np.float64)
        rarity = np.log((1 + total) / (1 + counts)) + 1
        return cls(kept, rarity.astype(np.float32))

    def id_of(self, term: str) -> int | None:
        return self._ids.get(term)

    def row(self, words: Sequence[str]) -> tuple[Ids, Values]:
        """Term ids (ascending) and values of one text's words."""
        known = self._ids
        word_ids = [known[term] for term in word_terms(words) if term in known]
        piece_ids: list[int] = []
        for word in words:
            piece_ids.extend(self._piece_ids(word))
        left, right = self._weighed(word_ids), self._weighed(piece_ids)
        ids = np.concatenate([left[0], right[0]])
        order = np.argsort(ids, kind="stable")
        values: Values = np.concatenate([left[1], right[1]])[order]
        return ids[order], values

    def _piece_ids(self, word: str) -> list[int]:
        found = self._pieces.get(word)
        if found is None:
            found = [self._ids[piece] for piece in pieces(word) if piece in self._ids]
            if len(self._pieces) >= _CACHE_SIZE:
                self._pieces.clear()
            self._pieces[word] = found
        return found

    def _weighed(self, ids: list[int]) -> tuple[Ids, Values]:
        unique, counts = np.unique(np.array(ids, dtype=np.int32), return_counts=True)
        values = (1 + np.log(counts)) * self.rarity[unique]
        length = float(np.sqrt(np.dot(values, values)))
        if length:
            values = values / length
        return unique, values.astype(np.float32)
