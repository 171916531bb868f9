"""The policy's rules: phrases and circumstances, no patterns, so no text can stall them."""

from __future__ import annotations

from collections.abc import Sequence

from worker.routing.ngrams import tokens
from worker.routing.policy_document import Rule
from worker.routing.reading import Reading
from worker.routing.ticket import Channel


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
    text = f" {' '.join(tokens(reading.text))} "
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
    return any(f" {' '.join(tokens(phrase))} " in text for phrase in phrases)
