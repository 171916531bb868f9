"""Bars: as low as the precision asked for allows, and higher where errors cost more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.worker.routing.decisions import DOCUMENT
from worker.routing.backtest import Share
from worker.routing.tuning import (
    ENOUGH,
    Bar,
    Scored,
    changes,
    overall,
    tune,
)

TYPE_OF = {kind.queue: code for code, kind in DOCUMENT.types.items()}


def scored(queue: str, confidence: float, right: bool, count: int = 1) -> list[Scored]:
    return [Scored(TYPE_OF[queue], queue, confidence, right)] * count


def bar(queue: str, rows: list[Scored]) -> Bar:
    return next(one for one in tune(DOCUMENT, rows) if one.queue == queue)


def test_the_bar_is_the_smallest_that_is_right_often_enough() -> None:
    rows = scored("level_2", 0.95, True, 80)
    rows += scored("level_2", 0.9, False, 3) + scored("level_2", 0.85, False, 5)
    found = bar("level_2", rows)
    assert found.after == 0.86
    assert found.precision == Share(80, 83)
    assert found.passing == Share(83, 88)
    assert found.reached
    # The same errors are too many for a queue where they are costly.
    rows = [Scored(TYPE_OF["it"], "it", one.confidence, one.right) for one in rows]
    assert bar("it", rows).after == 0.91


def test_a_policy_that_sends_most_to_costly_queues_is_asked_for_more() -> None:
    rows = scored("it", 0.95, True, 97) + scored("it", 0.9, False) + scored("it", 0.85, False)
    assert bar("it", rows).after == 0.91
    # Beside enough other tickets the same errors are fewer than one in a hundred.
    assert bar("it", [*rows[:-1], *scored("admin", 0.9, True, 200)]).after == 0.80


def test_no_bar_is_below_the_break_even_of_its_queue() -> None:
    for queue, least in (("level_1", 0.30), ("admin", 0.34), ("ocr", 0.50), ("it", 0.80)):
        assert bar(queue, scored(queue, 0.05, True, 50)).after == least
        assert bar(queue, scored(queue, 0.99, True, 50)).after == least


def test_a_queue_that_is_never_right_enough_gets_the_highest_bar_and_says_so() -> None:
    found = bar("ocr", scored("ocr", 0.99, False, ENOUGH))
    assert found.after == 0.99
    assert not found.reached


def test_with_too_few_tickets_a_queue_keeps_its_bar() -> None:
    found = bar("product", scored("product", 0.9, False, ENOUGH - 1))
    assert found.after == found.before == DOCUMENT.queues["product"].bar
    assert not found.reached
    assert "product" not in changes([found])


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(TYPE_OF)), st.floats(0, 1), st.booleans()), max_size=300
    )
)
def test_whatever_the_tickets_costly_queues_stay_clean_where_they_were_tuned(
    rows: list[tuple[str, float, bool]],
) -> None:
    some = [Scored(TYPE_OF[queue], queue, sure, right) for queue, sure, right in rows]
    found = tune(DOCUMENT, some)
    kept = {one.queue: one.after for one in found}
    errors = overall(DOCUMENT, some, kept).costly_errors
    unreached = [one for one in found if not one.reached]
    assert unreached or errors.value is None or errors.value < 0.01


def test_all_queues_together_count_what_passes() -> None:
    rows = scored("ocr", 0.9, True, 3) + scored("it", 0.9, False) + scored("it", 0.1, False)
    found = overall(DOCUMENT, rows, dict.fromkeys(DOCUMENT.queues, 0.5))
    assert found.coverage == Share(4, 5)
    assert found.precision == Share(3, 4)
    assert found.costly_errors == Share(1, 4)
