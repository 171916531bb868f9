"""Types that take each other's tickets, by what held-out examples are taken for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from worker.routing.examples import Example
from worker.routing.lint.finding import Weight
from worker.routing.lint.shadows import Guesses, lint_guesses, lint_shadows
from worker.routing.policy_document import Rule
from worker.routing.ticket import Ticket

TYPES = ["file_error", "file_upload", "general"]
WHERES = {"file_error": "line 1", "file_upload": "line 2", "general": "line 3"}


def guesses(*rows: tuple[str, str, int]) -> Guesses:
    """Examples as (type, what it is taken for, how many)."""
    pairs = [(kind, guess) for kind, guess, count in rows for _ in range(count)]
    margins = np.zeros((len(pairs), len(TYPES)), dtype=np.float32)
    for number, (_, guess) in enumerate(pairs):
        margins[number, TYPES.index(guess)] = 1.0
    examples = [Example(Ticket(str(n), "", "x"), pair[0], "v", "") for n, pair in enumerate(pairs)]
    return Guesses(examples, margins, TYPES)


def said(*rows: tuple[str, str, int]) -> Sequence[tuple[Weight, str, str]]:
    found = lint_shadows(guesses(*rows), WHERES)
    return [(one.weight, one.where, one.what.split(":")[0]) for one in found]


def test_a_type_of_which_another_takes_more_than_stays_is_swallowed() -> None:
    assert said(("file_upload", "file_upload", 4), ("file_upload", "file_error", 5)) == [
        (Weight.ERROR, "line 2", "the type file_upload is swallowed by file_error")
    ]


def test_a_quarter_taken_by_one_type_is_a_shadow() -> None:
    assert said(("file_upload", "file_upload", 6), ("file_upload", "file_error", 2)) == [
        (Weight.WARNING, "line 2", "the type file_upload is shadowed by file_error")
    ]


def test_fewer_and_scattered_errors_are_none() -> None:
    scattered = [("file_upload", "file_error", 2), ("file_upload", "general", 2)]
    assert said(("file_upload", "file_upload", 16), *scattered) == []
    # Of so few examples nothing can be said.
    assert said(("file_upload", "file_error", 7)) == []


def test_a_rule_on_a_guess_that_never_comes_is_told() -> None:
    rules = [
        Rule(name="waits", becomes="general", guess=("file_upload",)),
        Rule(name="fits", becomes="general", guess=("file_upload", "file_error")),
        Rule(name="by words", becomes="general", phrases=("soc 2",)),
    ]
    seen = guesses(("file_upload", "file_error", 3))
    (one,) = lint_guesses(rules, ["line 7", "line 8", "line 9"], seen)
    assert (one.weight, one.where) == (Weight.WARNING, "line 7")
    assert "'waits' waits for the guess file_upload" in one.what
