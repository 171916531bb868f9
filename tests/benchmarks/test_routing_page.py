from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.routing.knowledge import figures
from benchmarks.routing.page import PAGE, confusion_table, put, table, voices_table
from worker.routing.decision import Decision
from worker.routing.examples import Example
from worker.routing.policy import DEFAULT_POLICY, PolicyDocument
from worker.routing.policy_file import read_document
from worker.routing.ticket import Ticket

Told = tuple[str, str, float]
"""The right type, the type said, and how sure."""


@pytest.fixture(scope="module")
def document() -> PolicyDocument:
    return read_document(DEFAULT_POLICY)


def cells(told: Sequence[Told], document: PolicyDocument) -> list[str]:
    """The line of the voices' table for these tickets."""
    examples = [Example(Ticket("1", "", "text"), right, "clerks", "") for right, _, _ in told]
    made = [_decision(said, sure, document) for _, said, sure in told]
    line = voices_table({"clerks": figures(document, examples, made)})[-1]
    return [cell.strip() for cell in line.split("|")[1:-1]]


def _decision(said: str, sure: float, document: PolicyDocument) -> Decision:
    queue = document.types[said].queue
    decided = sure >= document.queues[queue].bar
    return Decision(
        id="1",
        ticket_type=said,
        queue=queue,
        confidence=sure,
        decided=decided,
        routed_to=queue if decided else "level_1",
        guideline="5.1",
        reason="",
        evidence=(),
        alternatives=(),
        topics=(),
        missing=(),
        policy_version="1",
    )


def test_a_wrong_type_of_the_right_queue_counts_as_a_right_queue(document: PolicyDocument) -> None:
    assert cells([("password_reset", "general", 0.99)], document)[1:4] == ["1", "100.0", "0.0"]


def test_the_least_sure_tenth_is_left_out_of_the_surest(document: PolicyDocument) -> None:
    told = [*[("soc2_report", "soc2_report", 0.99)] * 9, ("soc2_report", "new_erp", 0.1)]
    assert cells(told, document)[2:5] == ["90.0", "90.0", "100.0"]


def test_a_wrong_costly_queue_counts_where_it_was_decided(document: PolicyDocument) -> None:
    told = [
        ("soc2_report", "soc2_report", 0.99),
        ("soc2_report", "new_erp", 0.99),
        ("soc2_report", "new_erp", 0.1),
    ]
    assert cells(told, document)[5:] == ["66.7", "50.0", "–", "50.0"]


def test_the_worst_queue_has_sixteen_tickets_or_more(document: PolicyDocument) -> None:
    told = [("unexplained_error_log", "general", 0.99)] * 15
    told += [*[("soc2_report", "soc2_report", 0.99)] * 15, ("soc2_report", "new_erp", 0.99)]
    assert cells(told, document)[7] == "level_1 93.8"


def test_confusion_shows_where_tickets_were_sent_and_what_stayed(document: PolicyDocument) -> None:
    examples = [Example(Ticket("1", "", "text"), "new_erp", "clerks", "")] * 2
    made = [_decision("soc2_report", 0.99, document), _decision("new_erp", 0.1, document)]
    lines = confusion_table(figures(document, examples, made))
    head, row = ([cell.strip() for cell in lines[n].split("|")[1:-1]] for n in (0, -1))
    assert {name: row[n] for n, name in enumerate(head) if row[n] != "0"} == {
        "belongs to": "not_supported",
        "level_1": "1",
        "triage": "1",
    }


def test_a_table_replaces_the_one_before_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- one -->\nold\n<!-- end -->\nafter <!-- end -->\n")
    for _ in range(2):
        put("one", table(["queue", "share"], [["ocr", "97.1"]]), page)
    assert page.read_text() == (
        "before\n<!-- one -->\n\n| queue | share |\n| --- | ---: |\n| ocr | 97.1 |\n\n"
        "<!-- end -->\nafter <!-- end -->\n"
    )
    with pytest.raises(ValueError, match="two"):
        put("two", [], page)


@pytest.mark.parametrize("name", ["headline", "voices", "confusion", "costs", "designs"])
def test_the_page_holds_every_table(name: str) -> None:
    _, found, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n\n|")
    assert found
    assert "<!-- end -->" in rest
