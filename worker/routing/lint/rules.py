"""Rules that can never fit, because of themselves or of an earlier one, and rules that are slow."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from worker.routing.lint.finding import Finding, Weight
from worker.routing.policy_document import Rule
from worker.routing.reading import Reading, Segment
from worker.routing.rules import first_rule, spaced

HOSTILE = 65_536
"""Characters of a hostile text; HubSpot's ticket body holds no more."""
SLOW_S = 0.050
TRIES = 3


def lint_rules(rules: Sequence[Rule], wheres: Sequence[str]) -> Iterator[Finding]:
    """`wheres`: the place of each rule, for people."""
    for number, (rule, where) in enumerate(zip(rules, wheres, strict=True)):
        yield from _itself(rule, where)
        earlier = next((n for n in range(number) if covers(rules[n], rule)), None)
        if earlier is not None:
            yield Finding(
                Weight.ERROR,
                where,
                f"the rule {rule.name!r} is never reached: whatever fits it fits "
                f"{rules[earlier].name!r} before it ({wheres[earlier]})",
                "Put it before that one, or delete it",
            )
        seconds = slowest(rule)
        if seconds > SLOW_S:
            yield Finding(
                Weight.ERROR,
                where,
                f"the rule {rule.name!r} takes {1000 * seconds:.0f} ms on a hostile ticket of "
                f"{HOSTILE:,} characters; {1000 * SLOW_S:.0f} ms are allowed",
                "Split it, or give it fewer phrases",
            )


def covers(earlier: Rule, later: Rule) -> bool:
    """Whether every ticket that fits the later rule fits the earlier one.

    One rule against another: that several earlier ones cover it together is not seen.
    """
    return (
        (not earlier.guess or (bool(later.guess) and set(later.guess) <= set(earlier.guess)))
        and (not earlier.channel or _within(later.channel, earlier.channel))
        and earlier.managed_services in (None, later.managed_services)
        and _implied(earlier.phrases, later)
        and _implied(earlier.and_phrases, later)
        and all(_holds_one(word, later.without) for word in earlier.without)
    )


def slowest(rule: Rule) -> float:
    """Seconds of processor time that a rule takes on the worst of some hostile texts; what seems
    too slow is tried again, for a busy machine slows everything down."""
    return max(_fairly(rule, text) for text in _hostile(rule))


def _fairly(rule: Rule, text: str) -> float:
    taken = _seconds(rule, text)
    for _ in range(TRIES):
        if taken <= SLOW_S:
            break
        taken = min(taken, _seconds(rule, text))
    return taken


def _itself(rule: Rule, where: str) -> Iterator[Finding]:
    for field, phrases in (("phrases", rule.phrases), ("and_phrases", rule.and_phrases)):
        for phrase in phrases:
            if not spaced(phrase).strip():
                yield Finding(
                    Weight.ERROR,
                    where,
                    f"the phrase {phrase!r} of the rule {rule.name!r} is never found: it has no "
                    "word",
                    "Only letters and digits are compared; name a word, or delete it",
                )
        excluded = [phrase for phrase in phrases if _holds_one(phrase, rule.without)]
        if phrases and len(excluded) == len(phrases):
            yield Finding(
                Weight.ERROR,
                where,
                f"the rule {rule.name!r} fits nothing: what `without` forbids stands in each of "
                f"its `{field}`",
                "Take it out of one of the two",
            )
        elif excluded:
            yield Finding(
                Weight.WARNING,
                where,
                f"the phrase {excluded[0]!r} of the rule {rule.name!r} never counts: `without` "
                "forbids it",
                "Take it out of one of the two",
            )


def _within(later: Sequence[str], earlier: Sequence[str]) -> bool:
    return bool(later) and set(later) <= set(earlier)


def _implied(phrases: Sequence[str], later: Rule) -> bool:
    """Whether one of the phrases is found wherever the later rule fits."""
    if not phrases:
        return True
    return any(
        some and all(_holds_one(phrase, phrases) for phrase in some)
        for some in (later.phrases, later.and_phrases)
    )


def _holds_one(phrase: str, others: Sequence[str]) -> bool:
    """Whether one of the others stands in a phrase, as whole words."""
    text = spaced(phrase)
    return any(spaced(other).strip() and spaced(other) in text for other in others)


def _hostile(rule: Rule) -> Iterator[str]:
    """Texts that nearly hold what the rule looks for, or that cost most to take apart."""
    phrases = (*rule.phrases, *rule.and_phrases, *rule.without)
    nearly = " ".join(phrase[:-1] for phrase in phrases)
    for pattern in (f"{nearly} ", "a ", "a", "é ", "\n"):
        yield (pattern * (HOSTILE // len(pattern) + 1))[:HOSTILE]


def _seconds(rule: Rule, text: str) -> float:
    reading = Reading((Segment(text, 1.0, ()),))
    guess = rule.guess[0] if rule.guess else ""
    channel = rule.channel[0] if rule.channel else None
    began = time.thread_time()
    first_rule((rule,), reading, guess, channel, rule.managed_services)
    return time.thread_time() - began
