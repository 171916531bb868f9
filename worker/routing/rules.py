"""The policy's rules: phrases and circumstances, no patterns, so no text can stall them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.routing.clauses import fold
from worker.routing.policy_document import Rule
from worker.routing.reading import Reading
from worker.routing.ticket import Channel

_WORD = re.compile(r"\w+")


def first_rule(
    rules: Sequence[Rule],
    reading: Reading,
    guess: str,
    channel: Channel | None,
    managed_services: bool | None,
) -> Rule | None:
    """The first rule that fits a ticket, or None. `guess` is what the examples speak most for."""
    if not rules:
        return None
    text = spaced(" \n ".join(segment.text for segment in reading.segments))
    for rule in rules:
        if rule.guess and guess not in rule.guess:
            continue
        if rule.managed_services is not None and rule.managed_services != managed_services:
            continue
        if rule.channel and channel not in rule.channel:
            continue
        if rule.phrases and not _any(rule.phrases, text):
            continue
        if rule.and_phrases and not _any(rule.and_phrases, text):
            continue
        if _any(rule.without, text):
            continue
        return rule
    return None


def _any(phrases: Sequence[str], text: str) -> bool:
    return any(spaced(phrase) in text for phrase in phrases)


def spaced(text: str) -> str:
    """The words of a text as rules compare them, one space around each."""
    return f" {' '.join(_WORD.findall(fold(text)))} "
