"""Working hours: when is somebody there, and how long has a ticket waited while they were?

Times in and out are aware; the result is in UTC. Wall-clock hours are taken in the policy's time
zone, so a working day across a change of clocks is as long as it is for the people there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from worker.routing.escalation_rules import (
    DAY_MINUTES,
    Day,
    PublicHolidays,
    WorkingHoursRules,
    minutes,
)

Opening = tuple[datetime, datetime]
_DAYS = tuple(Day)
_DAY = timedelta(days=1)
FARTHEST = 3660
"""Days that `next_opening` looks ahead."""


class WorkingHours:
    """The working hours of a policy. Thread-safe; keep one for as long as the policy holds."""

    def __init__(self, rules: WorkingHoursRules) -> None:
        self._zone = ZoneInfo(rules.time_zone)
        self._spans = {
            _DAYS.index(day): tuple(minutes(s) for s in rules.other_hours.get(day, rules.hours))
            for day in rules.days
        }
        self._days_off = frozenset(rules.days_off)
        self._holidays = rules.public_holidays

    @property
    def longest_day(self) -> timedelta:
        """The working time of the longest day of a week."""
        day = max(sum(end - start for start, end in spans) for spans in self._spans.values())
        return timedelta(minutes=day)

    def today(self, at: datetime) -> date:
        """The date on the wall calendar of the people who work."""
        return at.astimezone(self._zone).date()

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there. An opening begins with its first moment and ends before its
        last: at 17:00 sharp nobody is there.
        """
        now = at.astimezone(UTC)
        return any(start <= now < end for start, end in self._openings(self.today(now)))

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself when somebody is there, else when somebody will be. Raises `ValueError` when
        that is not within ten years.
        """
        now = at.astimezone(UTC)
        first = self.today(now)
        for ahead in range(FARTHEST):
            for start, end in self._openings(first + ahead * _DAY):
                if now < end:
                    return max(now, start)
        raise ValueError(
            f"nobody is there within ten years of {at:%Y-%m-%d}; look at working_hours in the "
            "policy"
        )

    def working_time(self, since: datetime, until: datetime) -> timedelta:
        """How much of the time between the two somebody was there; zero when `until` is the
        earlier one.
        """
        # Two times of one zone would be compared and subtracted by the wall clock.
        since, until = since.astimezone(UTC), until.astimezone(UTC)
        worked = timedelta()
        day, last = self.today(since), self.today(until)
        while day <= last:
            for start, end in self._openings(day):
                worked += max(min(end, until) - max(start, since), timedelta())
            day += _DAY
        return worked

    def _openings(self, day: date) -> Iterator[Opening]:
        spans = self._spans.get(day.weekday(), ())
        if not spans or day in self._days_off or self._is_holiday(day):
            return
        for start, end in spans:
            opens, closes = _instant(day, start, self._zone), _instant(day, end, self._zone)
            if opens < closes:
                yield opens, closes

    def _is_holiday(self, day: date) -> bool:
        return self._holidays is not None and day in _public_holidays(self._holidays, day.year)


@lru_cache(maxsize=100_000)
def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The moment at which clocks show so many minutes after midnight: the first time where they
    show it twice, the moment they jump where they skip it.
    """
    while True:
        if minute >= DAY_MINUTES:
            day, minute = day + _DAY, minute - DAY_MINUTES
        wall = datetime.combine(day, time(minute // 60, minute % 60))
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == wall:
            return at
        minute += 1


@lru_cache(maxsize=200)
def _public_holidays(whose: PublicHolidays, year: int) -> frozenset[date]:
    """Days that are off by law. A holiday moved to another day is off on that one."""
    import holidays  # here: most processes never need it

    return frozenset(
        holidays.country_holidays(whose.country, subdiv=whose.subdivision or None, years=year)
    )
