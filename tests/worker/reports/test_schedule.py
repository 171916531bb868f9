"""What is due: by the customer's clock, once a night, over every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from worker.clients.rules import Night
from worker.clients.sweep import SweepState
from worker.reports.schedule import Due, Made, due, sweep_begins, tonight, zone_of

PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2026, 11, 23)
NIGHT = Night()  # 02:00 and 06:00


def at(hour: int, minute: int = 0, day: date = DAY, zone: tzinfo = PARIS) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def swept(night: date, finished: datetime | None, started: datetime | None = None) -> SweepState:
    return SweepState(
        night.isoformat(),
        (started or at(2, day=night)).timestamp(),
        finished=finished.timestamp() if finished else 0.0,
    )


def asked(
    now: datetime,
    state: SweepState | None = None,
    made: dict[date, Made] | None = None,
    **more: Any,
) -> Due:
    return due(now, more.get("zone", PARIS), more.get("night", NIGHT), state, made or {})


YESTERDAY = swept(DAY - timedelta(days=1), at(3, day=DAY - timedelta(days=1)))
REPORTED = {DAY - timedelta(days=1): Made.WHOLE}


def test_nothing_is_due_before_the_sweeps_hour() -> None:
    assert asked(at(1, 59), YESTERDAY, REPORTED) == Due()


def test_the_sweep_begins_at_its_hour_and_goes_on_until_it_is_done() -> None:
    assert asked(at(2), YESTERDAY, REPORTED) == Due(start=DAY)
    assert asked(at(2, 1), swept(DAY, None), REPORTED) == Due(go_on=True)
    assert asked(at(4), swept(DAY, at(3)), REPORTED) == Due()


def test_the_report_is_made_at_its_hour_and_once() -> None:
    done = swept(DAY, at(3))
    assert asked(at(5, 59), done, REPORTED) == Due()
    assert asked(at(6), done, REPORTED) == Due(report=DAY)
    assert asked(at(6, 1), done, {DAY: Made.WHOLE}) == Due()


def test_a_sweep_that_is_not_done_is_reported_in_part_and_then_whole() -> None:
    running = swept(DAY, None)
    assert asked(at(6), running) == Due(go_on=True, report=DAY)
    assert asked(at(6, 30), running, {DAY: Made.PART}) == Due(go_on=True)
    assert asked(at(7), swept(DAY, at(6, 59)), {DAY: Made.PART}) == Due(report=DAY)


def test_a_sweep_still_running_when_the_next_is_due_is_finished_first() -> None:
    late = swept(DAY, None, started=at(2))
    tomorrow = DAY + timedelta(days=1)
    assert asked(at(2, 30, tomorrow), late, {DAY: Made.PART}) == Due(go_on=True)
    done = swept(DAY, at(3, 30, tomorrow))
    assert asked(at(3, 31, tomorrow), done, {DAY: Made.PART}) == Due(start=tomorrow)


def test_one_that_stood_still_for_a_day_and_a_half_is_given_up() -> None:
    stuck = swept(DAY - timedelta(days=2), None)
    assert asked(at(2, 5), stuck) == Due(start=DAY)


def test_a_flushed_redis_repeats_no_report() -> None:
    assert asked(at(8), None, {DAY: Made.WHOLE}) == Due()


def test_a_worker_that_was_down_at_night_begins_in_the_morning_but_not_in_the_afternoon() -> None:
    assert asked(at(8), YESTERDAY, REPORTED) == Due(start=DAY)
    assert asked(at(13), YESTERDAY, REPORTED) == Due()


def test_an_evening_hour_begins_the_night_before() -> None:
    evening = Night(sweep_at="22:30", report_at="06:00")
    tomorrow = DAY + timedelta(days=1)
    assert asked(at(22, 29), swept(DAY, at(1)), {DAY: Made.WHOLE}, night=evening) == Due()
    assert asked(at(22, 30), swept(DAY, at(1)), {DAY: Made.WHOLE}, night=evening) == (
        Due(start=tomorrow)
    )


@pytest.mark.parametrize(
    ("zone", "spring", "autumn"),
    [
        (PARIS, date(2026, 3, 29), date(2026, 10, 25)),
        (NEW_YORK, date(2026, 3, 8), date(2026, 11, 1)),
        (ZoneInfo("Pacific/Auckland"), date(2026, 9, 27), date(2026, 4, 5)),
    ],
)
def test_when_the_clocks_change_there_is_still_one_sweep_and_one_report(
    zone: ZoneInfo, spring: date, autumn: date
) -> None:
    for changed in (spring, autumn):
        for sweep_at in ("01:30", "02:00", "02:30", "03:00"):
            night = Night(sweep_at=sweep_at)
            state: SweepState | None = None
            made: dict[date, Made] = {}
            starts, reports = [], []
            now = datetime(changed.year, changed.month, changed.day, tzinfo=zone).astimezone(UTC)
            now -= timedelta(hours=24)
            made[changed - timedelta(days=2)] = Made.WHOLE
            for _ in range(72 * 60):  # three days, asked every minute
                do = due(now, zone, night, state, made)
                if do.start:
                    starts.append(do.start)
                    state = SweepState(do.start.isoformat(), now.timestamp())
                elif do.go_on and state and now.timestamp() - state.started > 600:
                    state.finished = now.timestamp()
                if do.report:
                    reports.append(do.report)
                    made[do.report] = Made.WHOLE
                now += timedelta(minutes=1)
            days = [changed + timedelta(days=n) for n in (-1, 0, 1)]
            assert starts == days
            assert reports == days


def test_the_night_is_known_by_the_date_of_its_morning() -> None:
    assert tonight(at(1, 59), PARIS, NIGHT) == DAY - timedelta(days=1)
    assert tonight(at(2), PARIS, NIGHT) == DAY
    assert sweep_begins(DAY, PARIS, NIGHT) == datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "account", "zone"),
    [
        ("", "America/New_York", "America/New_York"),
        ("Europe/Paris", "America/New_York", "Europe/Paris"),
        ("", "Mars/Olympus", "UTC"),
        ("", "", "UTC"),
    ],
)
def test_the_time_zone_is_the_policys_then_the_accounts(
    policy: str, account: str, zone: str
) -> None:
    assert str(zone_of(Night(time_zone=policy), account)) == zone
