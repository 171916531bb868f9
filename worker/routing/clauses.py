"""A sentence as clauses of plain words, each word with whether a negation rules it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_PART = re.compile(r"\w+|[.!?;:,\n()]")
_DIGITS = re.compile(r"\d+")
_NOT = re.compile(r"n['’]t\b")
MAX_WORD = 30
NEGATIONS = frozenset(
    (
        *("no", "not", "never", "without", "nothing", "neither", "nor", "none", "cannot", "cant"),
        *("dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "wont", "hasnt", "havent"),
        *("couldnt", "wouldnt", "neednt"),
        *("pas", "sans", "ni", "aucun", "aucune", "jamais"),
        *("sin", "nunca"),
    )
)
TURNS = frozenset(
    (
        *("but", "however", "although", "though", "instead", "just", "only", "rather"),
        *("mais", "pero"),
    )
)
"""Words after which a negation no longer holds."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Words that stand together, each with whether a negation rules it."""

    words: tuple[str, ...]
    negated: tuple[bool, ...]

    @property
    def marked(self) -> list[str]:
        """The words, a negated one with `!` before it, which no plain word has."""
        return [
            f"!{word}" if negated else word
            for word, negated in zip(self.words, self.negated, strict=True)
        ]


def fold(text: str) -> str:
    """Lower case, without accents."""
    text = text.lower()
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char))


def zeros(text: str) -> str:
    """Figures as zeros, at most three for each."""
    return _DIGITS.sub(lambda found: "000"[: min(3, len(found[0]))], text)


def clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of a sentence: lower case, no accents, figures as zeros (at most three)."""
    text = zeros(_NOT.sub(" not", fold(text)))
    result: list[Clause] = []
    words: list[str] = []
    flags: list[bool] = []
    ruled = False
    for part in _PART.findall(text):
        is_word = part[0].isalnum() or part[0] == "_"
        if not is_word or part in TURNS:
            if words:
                result.append(Clause(tuple(words), tuple(flags)))
                words, flags = [], []
            ruled = False
            if not is_word:
                continue
        word = part[:MAX_WORD]
        words.append(word)
        flags.append(ruled and word not in NEGATIONS)
        ruled = ruled or word in NEGATIONS
    if words:
        result.append(Clause(tuple(words), tuple(flags)))
    return tuple(result)
