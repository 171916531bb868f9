"""What the policy says of escalation beside the table of requests: working hours, notices,
owners, ageing, replies. Every section may be left out; the defaults stand here.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from worker.routing.policy_model import Code, PolicyModel, Variable

TEAM_TICKETING = "TEAMS_WEBHOOK_URL"
"""The variable with the webhook of the Team Ticketing channel."""
REPLY_WORDS = frozenset({"ticket_type", "guideline", "subject", "client"})
"""What a reply may name in braces."""
_SPAN = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
DAY_MINUTES = 24 * 60


class Day(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def minutes(span: str) -> tuple[int, int]:
    """First and last minute of the day of a span such as 09:00-17:30. Raises `ValueError`."""
    found = _SPAN.fullmatch(span)
    if not found:
        raise ValueError("must be two times such as 09:00-17:30")
    from_h, from_m, to_h, to_m = (int(part) for part in found.groups())
    start, end = from_h * 60 + from_m, to_h * 60 + to_m
    if from_m > 59 or to_m > 59 or end > DAY_MINUTES:
        raise ValueError("must be times of day from 00:00 to 24:00, such as 09:00-17:30")
    if start >= end:
        raise ValueError("must end after it starts; split a night shift at 24:00 and 00:00")
    return start, end


def _spans(value: tuple[str, ...]) -> tuple[str, ...]:
    read = [minutes(span) for span in value]
    if any(end > start for (_, end), (start, _) in pairwise(read)):
        raise ValueError(
            "the spans of a day must follow one another, such as 09:00-12:00, 13:00-17"
        )
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            "is no time zone; take a name such as America/New_York or Europe/Paris"
        ) from None
    return value


def _template(value: str) -> str:
    try:
        parts = list(string.Formatter().parse(value))
    except ValueError as error:
        raise ValueError(
            f"has an odd brace ({error}); write a plain brace as {{{{ or }}}}"
        ) from None
    for _, name, form, conversion in parts:
        if name is not None and (name not in REPLY_WORDS or form or conversion):
            raise ValueError(
                f"names {{{name}}}; known are "
                + ", ".join(f"{{{word}}}" for word in sorted(REPLY_WORDS))
            )
    return value


Spans = Annotated[tuple[str, ...], Field(max_length=8), AfterValidator(_spans)]
Zone = Annotated[str, AfterValidator(_zone)]
Template = Annotated[str, Field(min_length=20, max_length=4000), AfterValidator(_template)]
Person = Annotated[str, Field(min_length=1, max_length=254)]
"""An owner: the e-mail address of the HubSpot user, or the owner's id."""
Hours = Annotated[float, Field(gt=0, le=2000)]


class PublicHolidays(PolicyModel):
    """Whose public holidays are kept: an ISO country code, and a subdivision of it or none."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    subdivision: Annotated[str, Field(max_length=20)] = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        import holidays

        known = holidays.list_supported_countries()
        if self.country not in known:
            raise ValueError(f"no public holidays are known of the country {self.country}")
        there = known[self.country]
        if self.subdivision and self.subdivision not in there:
            raise ValueError(
                f"{self.country} has no subdivision {self.subdivision!r}; known are: "
                + (", ".join(there) or "none")
            )
        return self


class WorkingHoursRules(PolicyModel):
    """When somebody is there. Spans are wall-clock times in the time zone."""

    time_zone: Zone = "UTC"
    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)] = (
        Day.MON,
        Day.TUE,
        Day.WED,
        Day.THU,
        Day.FRI,
    )
    hours: Annotated[Spans, Field(min_length=1)] = ("09:00-17:00",)
    other_hours: Mapping[Day, Spans] = {}
    public_holidays: PublicHolidays | None = None
    days_off: Annotated[tuple[date, ...], Field(max_length=366)] = ()

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not any(self.other_hours.get(day, self.hours) for day in self.days):
            raise ValueError("no day has any hours; give one of `days` some")
        return self


class When(StrEnum):
    """When a notice is sent: whenever it is due, or only while somebody is there."""

    AT_ONCE = "at_once"
    WORKING_HOURS = "working_hours"


class NoticeRules(PolicyModel):
    """Where notices to a queue go, and when. `channel` and `also` name environment variables:
    the first holds a Teams webhook, the others addresses of other receivers.
    """

    channel: Variable = TEAM_TICKETING
    when: When = When.AT_ONCE
    also: Annotated[tuple[Variable, ...], Field(max_length=5)] = ()


class Notices(PolicyModel):
    """Notices for all queues, and where single queues differ."""

    default: NoticeRules = NoticeRules()
    queues: Mapping[Code, NoticeRules] = {}

    def of(self, queue: str) -> NoticeRules:
        return self.queues.get(queue, self.default)


class Assign(StrEnum):
    """Who becomes a ticket's owner when it comes to a queue without one."""

    NONE = "none"
    FIXED = "fixed"
    ROUND_ROBIN = "round_robin"
    LEAST_OPEN = "least_open"


class QueueOwners(PolicyModel):
    """The owners of a queue, in order. `fixed` takes the first who is there."""

    assign: Assign = Assign.NONE
    owners: Annotated[tuple[Person, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.assign is not Assign.NONE and not self.owners:
            raise ValueError(f"`assign: {self.assign}` needs `owners`")
        return self


class Absence(PolicyModel):
    """Days on which an owner is away, both included."""

    owner: Person
    from_: Annotated[date, Field(alias="from")]
    until: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.from_:
            raise ValueError("`until` is before `from`")
        return self


class Owners(PolicyModel):
    """Owners by queue (nobody is assigned in the others), and who is away when."""

    queues: Mapping[Code, QueueOwners] = {}
    absences: Annotated[tuple[Absence, ...], Field(max_length=1000)] = ()

    def of(self, queue: str) -> QueueOwners:
        return self.queues.get(queue, QueueOwners())


class Ageing(PolicyModel):
    """Working hours (not days) that a ticket may wait in a queue before the queue is told."""

    queues: Mapping[Code, Hours] = {}


class Replies(PolicyModel):
    """Draft replies for Level 1 to send, by ticket type and, for the others, by queue."""

    types: Mapping[Code, Template] = {}
    queues: Mapping[Code, Template] = {}
