"""The worker's own last day and night, asked of HubSpot: what was routed, what waits, what it
cost. What HubSpot does not tell is None, and the report says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from worker.effects import stamp
from worker.escalation.hours import WorkingHours
from worker.hubspot.by_night import Filter, HubSpotByNight
from worker.hubspot.errors import HubSpotError
from worker.hubspot.models import moment
from worker.intake.poll import undecided_filters
from worker.past_overrides import read_overrides
from worker.portal import Portal, StageKind
from worker.ticket_state import DECIDED_AT, STAGE

DAY = timedelta(days=1)
MOST_PAGES = 50  # of 200 tickets
T = TypeVar("T")
log = structlog.get_logger()


@dataclass(slots=True)
class Routed:
    """Tickets decided in 24 hours. `cut`: there were more than could be counted by queue."""

    by_queue: dict[str, int] = field(default_factory=dict)
    abstained: int = 0
    failed: int = 0
    cut: bool = False

    @property
    def total(self) -> int:
        return sum(self.by_queue.values())


@dataclass(slots=True)
class Undecided:
    """Tickets without a decision, and the age of the oldest in seconds."""

    tickets: int = 0
    oldest_s: float = 0.0


@dataclass(slots=True)
class OwnNight:
    """The 24 hours before the report."""

    routed: Routed | None = None
    corrected: int | None = None  # moved by a person to another queue (worker/corrections.py)
    waiting_too_long: int | None = None  # for their client, unchanged for so many days
    undecided: Undecided | None = None
    calls_used: int | None = None  # of all private apps of the account, today
    calls_allowed: int | None = None


def read_own_night(
    hubspot: HubSpotByNight,
    portal: Portal,
    hours: WorkingHours,
    now: datetime,
    waiting_too_long_days: int,
) -> OwnNight:
    """Four searches or a few more, a call for fifty tickets that people moved, and one for the
    day's use. Raises nothing of HubSpot's."""
    calls = _known("calls of the day", hubspot.daily_calls)
    return OwnNight(
        routed=_known("tickets routed", lambda: _routed(hubspot, portal, now - DAY)),
        corrected=_known("corrections", lambda: _corrected(hubspot, portal, hours, now - DAY)),
        waiting_too_long=_known(
            "tickets that wait",
            lambda: _waiting(hubspot, portal, now - timedelta(days=waiting_too_long_days)),
        ),
        undecided=_known("undecided tickets", lambda: _undecided(hubspot, portal, now)),
        calls_used=calls.used if calls else None,
        calls_allowed=calls.allowed if calls else None,
    )


def _known(what: str, ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except HubSpotError as error:
        log.warning("report_lacks", figure=what, why=str(error))
        return None


def _routed(hubspot: HubSpotByNight, portal: Portal, since: datetime) -> Routed:
    found = Routed()
    queues: Counter[str] = Counter()
    left = 0
    filters = [_ours(portal), _filter(DECIDED_AT, "GTE", stamp(since))]
    for records, total in hubspot.search_pages(
        "tickets", [filters], ["routing_queue", "routing_status"], MOST_PAGES
    ):
        left = total - len(records)
        for ticket in records:
            status = ticket.get("routing_status")
            found.failed += status == "failed"
            found.abstained += status == "triage"
            if status != "failed":
                queues[ticket.get("routing_queue")] += 1
    found.by_queue = dict(queues)
    found.cut = left > 0
    return found


def _corrected(
    hubspot: HubSpotByNight, portal: Portal, hours: WorkingHours, since: datetime
) -> int:
    filters = [
        _ours(portal),
        _filter("routing_status", "EQ", "locked"),
        _filter("hs_lastmodifieddate", "GTE", stamp(since)),
    ]
    locked = (id_ for ids, _ in hubspot.search_ids("tickets", [filters]) for id_ in ids)
    found = read_overrides(hubspot, portal, hours, locked)
    return sum(one.at >= since for one in found.corrections)


def _waiting(hubspot: HubSpotByNight, portal: Portal, until: datetime) -> int:
    waiting = [stage for stage, kind in portal.kinds.items() if kind is StageKind.WAITING]
    if not waiting:
        return 0
    return hubspot.count(
        "tickets",
        [
            _ours(portal),
            {"propertyName": STAGE, "operator": "IN", "values": waiting},
            _filter("hs_lastmodifieddate", "LTE", stamp(until)),
        ],
    )


def _undecided(hubspot: HubSpotByNight, portal: Portal, now: datetime) -> Undecided:
    oldest, total = hubspot.first("tickets", undecided_filters(portal), "createdate", [])
    created = oldest.get("createdate") if oldest else ""
    age_s = (now - moment(created)).total_seconds() if created else 0.0
    return Undecided(total, max(0.0, age_s))


def _ours(portal: Portal) -> Filter:
    return _filter("hs_pipeline", "EQ", portal.pipeline_id)


def _filter(name: str, operator: str, value: str) -> Filter:
    return {"propertyName": name, "operator": operator, "value": value}
