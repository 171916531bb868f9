"""Types that take each other's tickets, by what examples are taken for when their voices are held
out, and rules that wait for a guess that never comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from worker.routing.examples import Example
from worker.routing.lint.finding import Finding, Weight
from worker.routing.policy_document import Rule
from worker.routing.softmax import Floats

ENOUGH = 8
"""Examples of a type from which on something can be said."""
SHADOWED = 0.25
"""The share of a type's examples that another one may not take."""


class Guesses:
    """What each example is taken for. `margins`: one row an example, one column a type."""

    def __init__(self, examples: Sequence[Example], margins: Floats, types: Sequence[str]) -> None:
        found = [types[number] for number in margins.argmax(axis=1).tolist()]
        self.pairs = Counter(
            (example.ticket_type, guess) for example, guess in zip(examples, found, strict=True)
        )
        self.examples = Counter(example.ticket_type for example in examples)
        self.guessed = frozenset(found)


def lint_shadows(guesses: Guesses, wheres: Mapping[str, str]) -> Iterator[Finding]:
    """`wheres`: the place of each type of the policy, for people."""
    for (code, other), count in sorted(guesses.pairs.items()):
        total = guesses.examples[code]
        if code == other or total < ENOUGH or count < SHADOWED * total:
            continue
        swallowed = count > guesses.pairs[code, code]
        yield Finding(
            Weight.ERROR if swallowed else Weight.WARNING,
            wheres[code],
            f"the type {code} is {'swallowed' if swallowed else 'shadowed'} by {other}: {count} of "
            f"its {total} examples are taken for it when their voice is held out",
            "Add examples that show the difference, by several people; write it into `means`; or "
            "make one type of the two",
        )


def lint_guesses(
    rules: Sequence[Rule], wheres: Sequence[str], guesses: Guesses
) -> Iterator[Finding]:
    """Rules on guesses that never come. `wheres`: the place of each rule, for people."""
    for rule, where in zip(rules, wheres, strict=True):
        if rule.guess and not guesses.guessed & set(rule.guess):
            yield Finding(
                Weight.WARNING,
                where,
                f"the rule {rule.name!r} waits for the guess {' or '.join(rule.guess)}, which no "
                "example ever gets",
                "Add examples of it, or let the rule go by phrases",
            )
