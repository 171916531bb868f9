"""Examples that are missing, and examples that say the same under different types."""

from __future__ import annotations

from worker.routing.examples import Example
from worker.routing.lint.examples import lint_contradictions, lint_coverage
from worker.routing.lint.finding import Weight
from worker.routing.ticket import Ticket

LONG = (
    "hello team, since this morning the nightly payment file to our bank is rejected with a "
    "format error in line twelve, could you please have a look at it before noon, thanks a lot"
)


def example(
    text: str, kind: str, row: int = 2, voice: str = "v", managed: bool | None = None
) -> Example:
    where = f"v.csv, row {row}"
    return Example(Ticket(where, "", text, managed_services=managed), kind, voice, where)


def test_a_type_without_examples_is_an_error_at_its_line() -> None:
    rows = [example(f"text {n}", "many", n, voice=f"v{n % 2}") for n in range(4)]
    rows += [example(f"one voice {n}", "one_voice", n) for n in range(9)] + [example("x", "one")]
    wheres = {"many": "l1", "one_voice": "l2", "one": "l3", "none": "l4"}
    found = {one.where: one for one in lint_coverage(rows, wheres)}
    assert set(found) == {"l2", "l3", "l4"}
    assert found["l4"].weight is Weight.ERROR
    assert "the type none has no example" in found["l4"].what
    assert found["l2"].weight is found["l3"].weight is Weight.WARNING
    assert "only 1 example in 1 voice" in found["l3"].what


def test_the_same_words_under_two_types_contradict_each_other() -> None:
    rows = [
        example("Please reset my password!", "password_reset", 2),
        example("please  reset my PASSWORD", "ocr_password", 3),
        example("please reset my password", "password_reset", 4),
    ]
    (one,) = lint_contradictions(rows)
    assert one.weight is Weight.ERROR
    assert one.where == "v.csv, row 3"
    assert "what v.csv, row 2 says, but is ocr_password and not password_reset" in one.what


def test_what_rules_can_tell_apart_is_a_warning() -> None:
    rows = [
        example("keyed wrongly", "error_ticket", 2, managed=False),
        example("keyed wrongly", "managed_processing_error", 3, managed=True),
    ]
    (one,) = lint_contradictions(rows)
    assert one.weight is Weight.WARNING
    assert "Only a rule can tell them apart" in one.mend


def test_nearly_the_same_words_are_found_and_others_are_not() -> None:
    near = LONG.replace("thanks a lot", "many thanks")
    other = LONG.replace("payment file to our bank is rejected", "report of all users was empty")
    rows = [example(LONG, "file_error", 2), example(near, "bug_report", 3)]
    (one,) = lint_contradictions([*rows, example(other, "bug_report", 4)])
    assert one.weight is Weight.WARNING
    assert one.where == "v.csv, row 3"
    assert "nearly word for word" in one.what
    assert list(lint_contradictions([rows[0], example(near, "file_error", 3)])) == []
