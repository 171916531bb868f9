"""Sentences and what they are: an ask, or something settled or put off.

A ticket often tells what is *not* the matter ("the login works again, thanks", "no new report
needed") before it asks. These marks are first hints; `asking.py` weighs them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.routing.clauses import Clause

_END = re.compile(r"(?<=[.!?;])\s+|\n+|\bbut\b|(?<=[a-z]), (?=and now)")
_ASK_WORDS = frozenset(
    (
        *("please", "pls", "plz", "kindly", "can", "could", "would", "need", "needs", "want"),
        *("wants", "send", "reset", "why", "how", "where", "who", "what", "when", "help", "tell"),
        *("ask", "asks", "asking", "request"),
        *("merci", "veuillez", "pouvez", "pourriez", "souhaite", "voudrais", "pourquoi", "comment"),
        *("puede", "pueden", "podrian", "favor", "necesito", "necesitamos", "quiero", "queremos"),
    )
)
_ASK_PAIRS = frozenset({"let us", "let me", "por favor"})
_SETTLED_WORDS = frozenset(
    (
        *("already", "solved", "resolved", "settled", "sorted", "fixed", "closed", "healthy"),
        *("praised", "kudos", "loved", "received", "arrived", "understood", "later", "might"),
        *("separately", "behaves", "perfect", "deja"),
    )
)
_SETTLED_PAIRS = frozenset(
    f"{first} {second}"
    for firsts, seconds in (
        (("is", "are", "was", "were"), "fine ok okay done clear correct right known in"),
        (("work", "works", "working"), "fine again like well"),
        (("all",), "good"),
        (("no",), "longer"),
        (("taken",), "care"),
        (("went",), "away"),
        (("in",), "order future"),
        (("worked", "turned"), "out"),
        (("thanks", "merci", "gracias"), "for pour por"),
        (("thank",), "you"),
        (("happy",), "with"),
        (("got",), "it them the"),
        (("has", "have"), "been"),
        (("i", "we"), "know understand realise realize"),
        (("can",), "wait"),
        (("another",), "time day ticket"),
        (("next",), "year month week"),
        (("will", "ll"), "open send ask write get"),
        (("may",), "ask"),
        (("some",), "day"),
        (("as",), "usual always"),
        (("ya",), "esta"),
    )
    for first in firsts
    for second in seconds.split()
)


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, in order; a line break and a `but` part too."""
    return [part for part in _END.split(text) if part and not part.isspace()]


def asks(text: str, clauses: Sequence[Clause]) -> bool:
    """Whether a sentence may be what the writer wants."""
    return "?" in text or _has(clauses, _ASK_WORDS, _ASK_PAIRS)


def settled(text: str, clauses: Sequence[Clause]) -> bool:
    """Whether a sentence tells of what is done, in order or put off, and asks nothing about it."""
    return "?" not in text and _has(clauses, _SETTLED_WORDS, _SETTLED_PAIRS)


def _has(clauses: Sequence[Clause], words: frozenset[str], pairs: frozenset[str]) -> bool:
    for clause in clauses:
        if not words.isdisjoint(clause.words):
            return True
        last = ""
        for word in clause.words:
            if f"{last} {word}" in pairs:
                return True
            last = word
    return False
