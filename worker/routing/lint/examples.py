"""Types without examples, and examples that contradict each other."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from worker.routing.clauses import fold
from worker.routing.examples import Example
from worker.routing.lint.finding import Finding, Weight

FEW = 4
RUN = 5
"""Words in a row that near-same texts share."""
COMMON = 20
"""A run of words in more examples than this is a phrase of everyday use and is not followed."""
NEAR_SAME = 0.7
"""Of the runs of words that two texts have, the share they have in common."""
_WORD = re.compile(r"\w+")
Words = tuple[str, ...]


def lint_coverage(examples: Sequence[Example], wheres: Mapping[str, str]) -> Iterator[Finding]:
    """`wheres`: the place of each type of the policy, for people."""
    counts = Counter(example.ticket_type for example in examples)
    voices = {(example.ticket_type, example.voice) for example in examples}
    by_voice = Counter(ticket_type for ticket_type, _ in voices)
    for code, where in wheres.items():
        if not counts[code]:
            yield Finding(
                Weight.ERROR,
                where,
                f"the type {code} has no example, so tickets of it are hardly ever recognised",
                "Add some to the examples, in several voices",
            )
        elif counts[code] < FEW or by_voice[code] < 2:
            yield Finding(
                Weight.WARNING,
                where,
                f"the type {code} has only {_count(counts[code], 'example')} in "
                f"{_count(by_voice[code], 'voice')}",
                f"Add some: at least {FEW}, by different people",
            )


def lint_contradictions(examples: Sequence[Example]) -> Iterator[Finding]:
    """The same text, or nearly the same, under different types."""
    texts = [_words(example) for example in examples]
    same: defaultdict[Words, list[Example]] = defaultdict(list)
    for example, words in zip(examples, texts, strict=True):
        same[words].append(example)
    for alike in same.values():
        for one, other in combinations(alike, 2):
            if one.ticket_type != other.ticket_type:
                yield _contradiction(one, other, "word for word")
                break
    for first, second in _near(examples, texts):
        yield _contradiction(examples[first], examples[second], "nearly word for word")


def _contradiction(one: Example, other: Example, how: str) -> Finding:
    told_apart = (one.ticket.channel, one.ticket.managed_services) != (
        other.ticket.channel,
        other.ticket.managed_services,
    )
    exact = how == "word for word" and not told_apart
    return Finding(
        Weight.ERROR if exact else Weight.WARNING,
        other.where,
        f"says {how} what {one.where} says, but is {other.ticket_type} and not {one.ticket_type}",
        "Only a rule can tell them apart by channel or managed services; else correct one"
        if told_apart
        else "Correct one of the two, or delete both",
    )


def _near(examples: Sequence[Example], texts: Sequence[Words]) -> Iterator[tuple[int, int]]:
    """Pairs of nearly the same text and different types."""
    runs = [frozenset(zip(*(text[n:] for n in range(RUN)), strict=False)) for text in texts]
    holders: defaultdict[Words, list[int]] = defaultdict(list)
    for number, some in enumerate(runs):
        for run in some:
            holders[run].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in holders.values():
        if len(numbers) <= COMMON:
            shared.update(combinations(numbers, 2))
    for (first, second), common in shared.items():
        if examples[first].ticket_type == examples[second].ticket_type:
            continue
        of = len(runs[first] | runs[second])
        if common >= NEAR_SAME * of and texts[first] != texts[second]:
            yield first, second


def _words(example: Example) -> Words:
    return tuple(_WORD.findall(fold(f"{example.ticket.subject} {example.ticket.body}")))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
