"""What is due tonight (pure): by the clock of the customer's time zone, over every change of it.

The worker asks every minute, so nothing hangs on one wake-up; what is done is known by the sweep's
state and by the files of the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from worker.clients.rules import Night
from worker.clients.sweep import SweepState

STARTS_UNTIL = timedelta(hours=6)  # after the report's hour; a later night is left to the next
ABANDONED_AFTER = timedelta(hours=36)


class Made(StrEnum):
    """What the history holds of a day."""

    NOTHING = "nothing"
    PART = "part"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Due:
    """`start`: a sweep to begin, by its night; `go_on`: one to go on with; `report`: a report to
    make, by its date."""

    start: date | None = None
    go_on: bool = False
    report: date | None = None


def due(
    now: datetime,
    zone: tzinfo,
    night: Night,
    state: SweepState | None,
    made: Mapping[date, Made],
) -> Due:
    """What to do at an aware moment. `made` tells of the days around; absent is nothing."""
    today = tonight(now, zone, night)
    reported = made.get(today, Made.NOTHING)
    running = state is not None and not state.finished
    if running and state and now.timestamp() - state.started > ABANDONED_AFTER.total_seconds():
        running = False
    report_at = _moment(today, night.report_at, zone)
    in_time = now < report_at + STARTS_UNTIL
    swept = state is not None and state.night >= today.isoformat()
    start = today if not running and not swept and in_time and reported is not Made.WHOLE else None
    finished = swept and state is not None and bool(state.finished)
    report = None
    if now >= report_at and (
        (finished and reported is not Made.WHOLE)
        or (running and in_time and reported is Made.NOTHING)
    ):
        report = today
    return Due(start, running, report)


def tonight(now: datetime, zone: tzinfo, night: Night) -> date:
    """The night that has begun last, by the date of its morning."""
    day = now.astimezone(zone).date() + timedelta(days=1)
    while now < sweep_begins(day, zone, night):
        day -= timedelta(days=1)
    return day


def sweep_begins(morning: date, zone: tzinfo, night: Night) -> datetime:
    """When the sweep of a morning's report begins; the evening before where its hour is later."""
    before = night.sweep_at >= night.report_at
    return _moment(morning - timedelta(days=before), night.sweep_at, zone)


def zone_of(night: Night, account_zone: str) -> tzinfo:
    """The customer's time zone: the policy's, the account's, or UTC where neither is known."""
    for name in (night.time_zone, account_zone):
        try:
            if name:
                return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
    return UTC


def _moment(day: date, clock: str, zone: tzinfo) -> datetime:
    # An hour that the clocks leave out is taken as if they had not (PEP 495), one that comes
    # twice as its first.
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
