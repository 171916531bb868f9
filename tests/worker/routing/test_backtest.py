"""What a backtest counts: by hand-made decisions, so that every figure can be checked by eye."""

from __future__ import annotations

import pytest

from tests.worker.routing.decisions import DOCUMENT, decision
from worker.routing.backtest import TRIAGE, Backtest, Figures, Label, Share, costly_queues


def label(ticket_type: str) -> Label:
    return Label(DOCUMENT.types[ticket_type].queue, ticket_type)


@pytest.fixture
def figures() -> Figures:
    """Right; right queue by another type; wrong in a costly queue; two left to triage."""
    counted = Backtest(DOCUMENT)
    counted.add(label("password_reset"), decision("password_reset", 0.9))
    counted.add(label("product_usage"), decision("password_reset", 0.8))
    counted.add(label("file_error"), decision("unexplained_error_log", 0.95))
    counted.add(label("file_error"), decision("file_upload", 0.3, decided=False))
    counted.add(label("soc2_report"), decision("custom_query", 0.2, decided=False))
    return counted.figures()


def test_best_guesses_count_whether_decided_or_not(figures: Figures) -> None:
    assert figures.tickets == 5
    assert figures.queue_guessed == Share(3, 5)
    assert figures.type_guessed == Share(1, 5)


def test_precision_is_of_what_was_decided_and_stands_beside_coverage(figures: Figures) -> None:
    assert (figures.precision, figures.coverage) == (Share(2, 3), Share(3, 5))


def test_a_wrong_ticket_in_a_costly_queue_is_counted_apart(figures: Figures) -> None:
    assert set(figures.costly) == {"development", "it", "not_supported"}
    assert figures.costly_errors == Share(1, 3)


def test_what_waits_for_triage_is_no_recall_of_level_1(figures: Figures) -> None:
    queues = {one.code: one for one in figures.queues}
    level_1 = queues["level_1"]
    assert (level_1.tickets, level_1.guessed, level_1.recall) == (3, Share(2, 3), Share(2, 3))
    assert level_1.precision == Share(2, 2)
    assert queues["level_2"].recall == Share(0, 2)
    assert queues["development"].precision == Share(0, 1)
    assert queues["ocr"].precision.value is None
    assert figures.confusion["level_1", TRIAGE] == 1


def test_types_say_what_they_are_taken_for(figures: Figures) -> None:
    types = {one.code: one for one in figures.types}
    assert types["file_error"].taken_for == ("file_upload", 1)
    assert types["password_reset"].precision == Share(1, 2)
    assert types["password_reset"].taken_for is None


def test_costs_are_counted_in_tickets_wrongly_sent_to_level_1(figures: Figures) -> None:
    # One wrong in development; one of Level 2 left to triage; the SOC 2 report is Level 1's own.
    assert figures.costs.wrong == DOCUMENT.queues["development"].cost_if_wrong
    assert figures.costs.abstained == 1
    assert figures.costs.nothing_routed == 2
    assert {one.code: one.cost for one in figures.queues if one.cost} == {"development": 5}


def test_a_draft_is_priced_by_the_policy_in_force() -> None:
    counted = Backtest(DOCUMENT, {"development": 7})
    counted.add(label("file_error"), decision("unexplained_error_log"))
    assert counted.figures().costs.wrong == 7


def test_the_curve_takes_the_surest_first_and_spreads_what_is_equally_sure() -> None:
    counted = Backtest(DOCUMENT)
    counted.add(label("file_error"), decision("ocr_usage", 0.9))
    for _ in range(3):
        counted.add(label("file_error"), decision("file_error", 0.9))
    for _ in range(5):
        counted.add(label("file_error"), decision("file_error", 0.7))
    counted.add(label("file_error"), decision("ocr_usage", 0.1))
    points = counted.figures().curve
    assert [one.surest for one in points] == [Share(n, 10) for n in range(1, 11)]
    assert [one.right.part for one in points] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]
    assert [one.confidence for one in points] == [0.9] * 4 + [0.7] * 5 + [0.1]


def test_the_curve_of_three_tickets_takes_whole_tickets() -> None:
    counted = Backtest(DOCUMENT)
    for sure in (0.9, 0.8, 0.7):
        counted.add(label("file_error"), decision("file_error", sure))
    points = counted.figures().curve
    assert [one.right.of for one in points] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 3]


def test_where_only_queues_are_known_no_type_is_judged() -> None:
    counted = Backtest(DOCUMENT)
    counted.add(Label("ocr"), decision("ocr_usage"))
    found = counted.figures()
    assert found.queue_guessed == Share(1, 1)
    assert found.type_guessed.of == 0
    assert found.types == ()


def test_nothing_at_all_has_no_figures_and_no_fault() -> None:
    found = Backtest(DOCUMENT).figures()
    assert found.tickets == 0
    assert found.precision.value is None
    assert found.curve == ()


def test_the_costly_queues_are_those_of_the_guidelines() -> None:
    assert set(costly_queues(DOCUMENT)) == {"development", "it", "not_supported"}
