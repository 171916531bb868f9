"""Working hours across weekends, holidays, lunch and changes of clocks."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from worker.escalation.hours import WorkingHours
from worker.routing.escalation_rules import WorkingHoursRules, minutes

NEW_YORK = ZoneInfo("America/New_York")
ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Paris",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Pacific/Apia",  # a day that never was: 2011-12-30
    "America/Sao_Paulo",  # clocks changed at midnight until 2019
)
SPANS = (
    ("00:00-24:00",),
    ("09:00-17:00",),
    ("00:30-02:15", "02:30-03:30", "22:00-24:00"),
    ("09:00-12:30", "13:30-18:00"),
)


def rules(**given: object) -> WorkingHoursRules:
    return WorkingHoursRules.model_validate_json(
        json.dumps({"time_zone": "America/New_York", **given})
    )


def here(*given: int) -> datetime:
    return datetime(*given, tzinfo=NEW_YORK)  # type: ignore[arg-type, misc]


OFFICE = WorkingHours(rules(hours=["09:00-17:00"], public_holidays={"country": "US"}))


def test_somebody_is_there_from_the_first_moment_to_before_the_last() -> None:
    assert not OFFICE.is_open(here(2026, 11, 23, 8, 59, 59))
    assert OFFICE.is_open(here(2026, 11, 23, 9, 0))
    assert OFFICE.is_open(here(2026, 11, 23, 16, 59, 59))
    assert not OFFICE.is_open(here(2026, 11, 23, 17, 0))


def test_the_zone_of_the_question_does_not_matter() -> None:
    assert OFFICE.is_open(datetime(2026, 11, 23, 14, 0, tzinfo=UTC))
    assert not OFFICE.is_open(datetime(2026, 11, 23, 13, 59, tzinfo=UTC))
    assert OFFICE.today(datetime(2026, 11, 24, 3, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_next_opening_skips_night_weekend_and_holiday() -> None:
    assert OFFICE.next_opening(here(2026, 11, 23, 10, 0)) == here(2026, 11, 23, 10, 0)
    assert OFFICE.next_opening(here(2026, 11, 23, 17, 0)) == here(2026, 11, 24, 9, 0)
    assert OFFICE.next_opening(here(2026, 11, 20, 18, 0)) == here(2026, 11, 23, 9, 0)
    # The evening before Thanksgiving.
    assert OFFICE.next_opening(here(2026, 11, 25, 18, 0)) == here(2026, 11, 27, 9, 0)


def test_a_holiday_that_falls_on_a_weekend_is_kept_on_its_other_day() -> None:
    # 4 July 2026 is a Saturday.
    assert not OFFICE.is_open(here(2026, 7, 3, 10, 0))


def test_holidays_of_a_subdivision_are_kept_there_alone() -> None:
    saxony = WorkingHours(
        rules(time_zone="Europe/Berlin", public_holidays={"country": "DE", "subdivision": "SN"})
    )
    berlin = WorkingHours(
        rules(time_zone="Europe/Berlin", public_holidays={"country": "DE", "subdivision": "BE"})
    )
    repentance_day = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
    assert not saxony.is_open(repentance_day)
    assert berlin.is_open(repentance_day)


def test_own_days_off_and_other_hours_of_a_day() -> None:
    ours = WorkingHours(rules(days_off=["2026-12-24"], other_hours={"fri": ["09:00-15:00"]}))
    assert not ours.is_open(here(2026, 12, 24, 10, 0))
    assert ours.is_open(here(2026, 12, 23, 15, 30))
    assert not ours.is_open(here(2026, 12, 18, 15, 30))


def test_lunch_is_no_working_time() -> None:
    ours = WorkingHours(rules(hours=["09:00-12:00", "13:00-17:00"]))
    assert not ours.is_open(here(2026, 11, 23, 12, 30))
    assert ours.working_time(here(2026, 11, 23, 9), here(2026, 11, 23, 18)) == timedelta(hours=7)


def test_working_time_counts_the_hours_that_somebody_was_there() -> None:
    friday, monday = here(2026, 11, 20, 16, 30), here(2026, 11, 23, 9, 45)
    assert OFFICE.working_time(friday, monday) == timedelta(minutes=75)
    assert OFFICE.working_time(monday, friday) == timedelta()
    whole_week = OFFICE.working_time(here(2026, 11, 23, 0), here(2026, 11, 30, 0))
    assert whole_week == timedelta(hours=4 * 8)  # Thanksgiving


def test_a_night_on_which_clocks_change_is_as_long_as_it_is() -> None:
    nights = WorkingHours(rules(days=["sun"], hours=["00:00-04:00"]))
    spring = nights.working_time(here(2026, 3, 8, 0), here(2026, 3, 8, 12))
    autumn = nights.working_time(here(2026, 11, 1, 0), here(2026, 11, 1, 12))
    assert (spring, autumn) == (timedelta(hours=3), timedelta(hours=5))


def test_an_hour_that_clocks_show_twice_is_two_hours_apart() -> None:
    always = WorkingHours(rules(days=["sun"], hours=["00:00-24:00"]))
    first = here(2026, 11, 1, 1, 30)
    second = first.replace(fold=1)
    assert always.working_time(first, second) == timedelta(hours=1)


def test_a_day_that_never_was_is_nobodys() -> None:
    samoa = WorkingHours(rules(time_zone="Pacific/Apia"))
    # Friday 2011-12-30 was skipped when the islands crossed the date line.
    thursday = datetime(2011, 12, 29, 17, 0, tzinfo=ZoneInfo("Pacific/Apia"))
    monday = datetime(2012, 1, 2, 9, 0, tzinfo=ZoneInfo("Pacific/Apia"))
    assert samoa.next_opening(thursday) == monday


def test_hours_that_clocks_skip_are_nobodys() -> None:
    skipped = WorkingHours(rules(days=["sun"], hours=["02:00-03:00"]))
    assert skipped.working_time(here(2026, 3, 8, 0), here(2026, 3, 8, 12)) == timedelta()
    assert skipped.next_opening(here(2026, 3, 8, 0)) == here(2026, 3, 15, 2)


def test_nobody_ever_there_is_said() -> None:
    never = WorkingHours(rules(days=["sun"], hours=["09:00-10:00"]))
    never._spans = {}
    with pytest.raises(ValueError, match="within ten years"):
        never.next_opening(here(2026, 1, 1))


moments = st.datetimes(
    min_value=datetime(2011, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, NEW_YORK]),
)


@st.composite
def calendars(draw: st.DrawFn) -> WorkingHours:
    return WorkingHours(
        rules(
            time_zone=draw(st.sampled_from(ZONES)),
            hours=list(draw(st.sampled_from(SPANS))),
            days=draw(
                st.lists(
                    st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
                    min_size=1,
                    unique=True,
                )
            ),
        )
    )


@given(calendars(), moments)
def test_the_next_opening_is_open_not_past_and_nothing_is_open_before_it(
    hours: WorkingHours, at: datetime
) -> None:
    opening = hours.next_opening(at)
    assert opening >= at
    assert hours.is_open(opening)
    assert hours.is_open(at) == (opening == at)
    assert hours.working_time(at, opening) == timedelta()
    assert hours.next_opening(opening) == opening


@given(calendars(), moments, st.timedeltas(timedelta(), timedelta(days=20)), st.floats(0, 1))
def test_working_time_adds_up_and_is_never_more_than_time(
    hours: WorkingHours, since: datetime, lasting: timedelta, part: float
) -> None:
    # Sums of aware times are wall-clock sums; in UTC they are sums of time.
    since = since.astimezone(UTC)
    until, between = since + lasting, since + lasting * part
    whole = hours.working_time(since, until)
    assert timedelta() <= whole <= lasting
    parts = hours.working_time(since, between) + hours.working_time(between, until)
    assert parts == whole


@given(st.sampled_from(ZONES), moments, st.timedeltas(timedelta(), timedelta(days=20)))
def test_who_is_always_there_works_all_the_time(
    zone: str, since: datetime, lasting: timedelta
) -> None:
    always = WorkingHours(
        rules(
            time_zone=zone,
            days=["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            hours=["00:00-24:00"],
        )
    )
    since = since.astimezone(UTC)
    assert always.working_time(since, since + lasting) == lasting


@pytest.mark.parametrize(
    "wrong",
    ["9-17", "09:00-08:00", "09:00-09:00", "09:60-10:00", "09:00-24:01", "", "0９:00-10:00"],
)
def test_a_wrong_span_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="must"):
        minutes(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"time_zone": "../etc/passwd"}, "no time zone"),
        ({"hours": ["09:00-12:00", "11:00-13:00"]}, "follow one another"),
        ({"days": []}, "at least 1"),
        ({"days": ["mon"], "other_hours": {"mon": []}}, "no day has any hours"),
        ({"public_holidays": {"country": "XX"}}, "no public holidays are known"),
        ({"public_holidays": {"country": "US", "subdivision": "ZZ"}}, "has no subdivision"),
        ({"days_off": ["2026-02-30"]}, "date"),
    ],
)
def test_wrong_rules_are_refused_with_their_fault(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rules(**wrong)
