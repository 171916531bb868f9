"""Which stays are too long: working time, once for each stay, nothing from before go-live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.worker.escalation.test_requests import PORTAL
from worker.escalation.ageing import ENTERED, Stay, breaches, stay_of
from worker.escalation.hours import WorkingHours
from worker.hubspot.models import HistoryEntry, Record
from worker.routing.escalation_rules import Ageing, WorkingHoursRules
from worker.tickets.state import STAGE

HOURS = WorkingHours(WorkingHoursRules())  # Monday to Friday, 9 to 17 UTC
AGEING = Ageing(queues={"level_1": 8.0, "it": 4.0})
GO_LIVE = datetime(2026, 11, 1, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def found(stays: list[Stay], now: datetime, announced: set[str] | None = None) -> list[str]:
    late = breaches(stays, announced or set(), now, GO_LIVE, AGEING, HOURS)
    return [breach.stay.ticket_id for breach in late]


def test_a_weekend_is_no_waiting() -> None:
    stay = Stay("1", "level_1", FRIDAY)  # two hours on Friday
    assert found([stay], MONDAY + timedelta(hours=15)) == []  # six on Monday: eight, not more
    assert found([stay], MONDAY + timedelta(hours=15, minutes=1)) == ["1"]


def test_the_wait_and_the_limit_are_told() -> None:
    stay = Stay("1", "it", FRIDAY)
    (breach,) = breaches([stay], (), MONDAY + timedelta(hours=12), GO_LIVE, AGEING, HOURS)
    assert (breach.waited, breach.limit_h) == (timedelta(hours=5), 4.0)


def test_a_stay_is_announced_once_and_a_return_is_another_stay() -> None:
    first = Stay("1", "it", FRIDAY)
    again = Stay("1", "it", MONDAY + timedelta(hours=9))
    late = MONDAY + timedelta(days=3)
    assert found([first], late, {first.key}) == []
    assert found([again], late, {first.key}) == ["1"]
    assert len({first.key, again.key, Stay("1", "level_1", FRIDAY).key}) == 3


def test_queues_that_are_not_watched_and_old_tickets_are_left_alone() -> None:
    late = MONDAY + timedelta(days=30)
    before = Stay("2", "it", GO_LIVE - timedelta(seconds=1))
    assert found([Stay("1", "product", FRIDAY), before], late) == []


def test_who_waits_longest_comes_first() -> None:
    stays = [Stay("1", "it", MONDAY), Stay("2", "it", FRIDAY)]
    assert found(stays, MONDAY + timedelta(days=2)) == ["2", "1"]


# ---- since when


def history(*values: str) -> tuple[HistoryEntry, ...]:
    """Newest first, a minute apart."""
    return tuple(
        HistoryEntry(value, FRIDAY - timedelta(minutes=n), "", "", "")
        for n, value in enumerate(values)
    )


def ticket(stage: str, entered: str = "", *values: str) -> Record:
    properties = {"hs_pipeline": "0", STAGE: stage, ENTERED: entered}
    return Record("1", properties, {STAGE: history(*values)} if values else {})


def test_hubspot_says_since_when() -> None:
    stay = stay_of(ticket("s_it", "2026-11-20T15:00:00Z"), PORTAL)
    assert stay == Stay("1", "it", FRIDAY)


def test_where_hubspot_does_not_say_the_history_does() -> None:
    same = stay_of(ticket("s_it", "", "s_it", "s_it", "s_ocr", "s_it"), PORTAL)
    assert same == Stay("1", "it", FRIDAY - timedelta(minutes=1))
    assert stay_of(ticket("s_it"), PORTAL) is None


def test_a_ticket_in_no_queue_waits_for_nobody_of_ours() -> None:
    assert stay_of(ticket("s_waiting", "2026-11-20T15:00:00Z"), PORTAL) is None
    elsewhere = Record("1", {"hs_pipeline": "9", STAGE: "s_it", ENTERED: "2026-11-20T15:00:00Z"})
    assert stay_of(elsewhere, PORTAL) is None
