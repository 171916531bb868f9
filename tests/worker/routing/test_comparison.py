"""What a draft moves, and whether for better or worse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.worker.routing.decisions import decision
from worker.routing import comparison
from worker.routing.backtest import Label
from worker.routing.comparison import Comparison, Verdict


def compared(right: tuple[str, str] | None, before: str, after: str) -> Verdict | None:
    counted = Comparison()
    labels = (Label(right[0]), Label(right[1])) if right else None
    counted.add("", labels, decision(before), decision(after))
    found = counted.differences()
    return found.listed[0].verdict if found.listed else None


OCR = ("ocr", "ocr")


@pytest.mark.parametrize(
    ("right", "before", "after", "verdict"),
    [
        (OCR, "file_error", "ocr_usage", Verdict.RIGHT),
        (OCR, "ocr_usage", "file_error", Verdict.WRONG),
        (OCR, "file_error", "bug_report", Verdict.STILL_WRONG),
        (None, "file_error", "ocr_usage", Verdict.UNKNOWN),
        (OCR, "file_error", "file_upload", None),
        (("level_2", "ocr"), "file_error", "ocr_usage", Verdict.NEW_OWNER),
    ],
)
def test_a_move_is_judged_by_the_right_queue_under_each_policy(
    right: tuple[str, str] | None, before: str, after: str, verdict: Verdict | None
) -> None:
    assert compared(right, before, after) == verdict


def test_a_ticket_that_is_no_longer_decided_moves_to_level_1() -> None:
    counted = Comparison()
    unsure = decision("ocr_usage", 0.1, decided=False)
    counted.add("s", (Label("ocr"), Label("ocr")), decision("ocr_usage"), unsure)
    counted.add("s", (Label("level_1"), Label("level_1")), decision("bug_report"), unsure)
    found = counted.differences()
    assert (found.tickets, found.moved) == (2, 1)
    assert found.ways == {("ocr", "level_1", Verdict.TRIAGED): 1}
    assert found.retyped == 1


def test_a_ticket_of_level_1_that_is_left_to_triage_has_come_to_the_right_place() -> None:
    counted = Comparison()
    unsure = decision("ocr_usage", 0.1, decided=False)
    counted.add("s", (Label("level_1"), Label("level_1")), decision("ocr_usage"), unsure)
    assert counted.differences().ways == {("ocr", "level_1", Verdict.RIGHT): 1}


def test_all_moves_are_counted_and_the_first_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MOST_LISTED", 2)
    counted = Comparison()
    for number in range(5):
        before = replace(decision("file_error"), id=str(number))
        counted.add("x" * 900, (Label("ocr"), Label("ocr")), before, decision("ocr_usage"))
    found = counted.differences()
    assert found.count(Verdict.RIGHT) == 5
    assert [move.id for move in found.listed] == ["0", "1"]
    assert len(found.listed[0].subject) == 200
