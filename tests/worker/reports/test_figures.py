"""Figures: added up client by client, and the fifty that are worth most."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from tests.worker.clients.records import record, rules
from tests.worker.reports.reports import NOW, figures
from worker.clients.burden import Burden
from worker.clients.completeness import gaps
from worker.reports.figures import FIFTY, MOST_OWNERS, OTHERS, Figures, score


def test_what_is_added_up() -> None:
    added = figures(["A", "B"], complete=3)
    assert (added.clients, added.complete, added.incomplete) == (5, 3, 2)
    assert added.by_gap == {"admin_contacts": 2, "erp_system": 2}
    assert added.by_why == {"admin_contacts": {"missing": 2}, "erp_system": {"missing": 2}}
    assert (added.open_tickets, added.owners["7"].clients, added.owners[""].clients) == (3, 4, 1)


def test_the_fifty_that_score_highest_are_kept_whatever_the_order() -> None:
    loads = sorted(range(400), key=lambda n: n * 137 % 401)
    added = Figures()
    for load in loads:
        one = record(company_id=str(load + 1), erp_system="")
        added.add(one, gaps(one, rules()), Burden(load), "", None, NOW)
    assert [entry.open_tickets for entry in added.first_to_mend()] == list(range(399, 349, -1))
    assert len(added.to_mend) == FIFTY


def test_a_state_that_was_kept_goes_on_as_if_it_had_not_been() -> None:
    kind = TypeAdapter(Figures)
    whole, kept = Figures(), Figures()
    for load in range(120):
        one = record(company_id=str(load + 1), erp_system="")
        for some in (whole, kept):
            some.add(one, gaps(one, rules()), Burden(load * 7 % 120), "7", None, NOW)
        if load % 30 == 0:
            kept = kind.validate_json(kind.dump_json(kept))
    assert kept.first_to_mend() == whole.first_to_mend()
    assert kept == whole


def test_owners_without_end_are_added_up_under_one_name() -> None:
    added = Figures()
    for number in range(MOST_OWNERS + 30):
        added.add(record(), (), Burden(), str(number), None, NOW)
    assert len(added.owners) == MOST_OWNERS + 1
    assert added.owners[OTHERS].clients == 30


def test_days_count_from_the_flag_and_only_for_one_that_stood() -> None:
    added = Figures()
    for status in ("incomplete", "complete", ""):
        one = record(company_id=status or "new", erp_system="", record_status=status)
        since = NOW - timedelta(days=100)
        added.add(one, gaps(one, rules()), Burden(), "", since, NOW)
    assert {e.company_id: e.days_incomplete for e in added.to_mend} == {
        "incomplete": 100,
        "complete": 0,
        "new": 0,
    }
    assert (added.fallen, added.mended) == (1, 0)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (score(1, Burden(), 0), score(2, Burden(), 0)),
        (score(3, Burden(), 0), score(1, Burden(open_tickets=3), 0)),
        (score(1, Burden(open_tickets=1), 0), score(1, Burden(decided_without=1), 0)),
        (score(1, Burden(), 10), score(1, Burden(), 300)),
    ],
)
def test_gaps_tickets_and_age_all_weigh(less: float, more: float) -> None:
    assert less < more


def test_age_doubles_at_most() -> None:
    assert score(2, Burden(3), 10_000) == 2 * score(2, Burden(3), 0)
