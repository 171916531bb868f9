"""The worker's own last day and night: what was routed, what people corrected, what waits, what
it cost. Asked of HubSpot; what HubSpot does not tell is None, and the report says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from worker.escalation.hours import WorkingHours
from worker.escalation.overdue import read_overdue
from worker.hubspot.by_night import Filter, HubSpotByNight
from worker.hubspot.errors import HubSpotError
from worker.hubspot.models import moment
from worker.intake.inbox import Failure
from worker.intake.poll import undecided_filters
from worker.portal import Portal, StageKind
from worker.routing.policy_document import PolicyDocument
from worker.tickets.effects import stamp
from worker.tickets.past_overrides import read_overrides
from worker.tickets.state import DECIDED_AT, OWNER, STAGE

DAY = timedelta(days=1)
MOST_PAGES = 50  # of 200 tickets
ASIDE_NAMED = 10
LONGEST_WHY = 300
T = TypeVar("T")
log = structlog.get_logger()


@dataclass(slots=True)
class Routed:
    """Tickets decided in 24 hours. `cut`: there were more than could be counted by queue."""

    by_queue: dict[str, int] = field(default_factory=dict)
    abstained: int = 0
    suggested: int = 0  # of these, only suggested
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


@dataclass(frozen=True, slots=True)
class Aside:
    """A ticket that was set aside: since when (ISO, UTC) and why."""

    ticket_id: str
    since: str
    why: str


@dataclass(slots=True)
class SetAside:
    """Tickets that nobody works on until a person has looked, and the latest of them."""

    tickets: int = 0
    latest: list[Aside] = field(default_factory=list)


@dataclass(slots=True)
class OwnNight:
    """The 24 hours before the report."""

    routed: Routed | None = None
    corrected: int | None = (
        None  # moved by a person to another queue (worker/tickets/corrections.py)
    )
    waiting_too_long: int | None = None  # for their client, unchanged for so many days
    overdue: dict[str, int] | None = None  # in their queue, by queue, past the policy's hours
    undecided: Undecided | None = None
    set_aside: SetAside | None = None
    calls_used: int | None = None  # of all private apps of the account, today
    calls_allowed: int | None = None


def read_own_night(
    hubspot: HubSpotByNight,
    failures: Sequence[Failure],
    policy: PolicyDocument,
    portal: Portal,
    now: datetime,
) -> OwnNight:
    """A search for each figure and each 200 tickets of it, a read for each 50 that people have
    locked, with a few calls for what agents did there, and for each 100 that are old enough to be
    overdue, and one call for the day's use. Raises nothing of HubSpot's.
    """
    since, waits_since = now - DAY, now - _patience(policy)
    calls = _known("calls of the day", hubspot.daily_calls)
    return OwnNight(
        routed=_known("tickets routed", lambda: _routed(hubspot, portal, since)),
        corrected=_known("corrections", lambda: _corrected(hubspot, policy, portal, since)),
        waiting_too_long=_known(
            "tickets that wait", lambda: _waiting(hubspot, portal, waits_since)
        ),
        overdue=_known("overdue tickets", lambda: _overdue(hubspot, policy, portal, now)),
        undecided=_known("undecided tickets", lambda: _undecided(hubspot, portal, now)),
        set_aside=set_aside(failures),
        calls_used=calls.used if calls else None,
        calls_allowed=calls.allowed if calls else None,
    )


def set_aside(failures: Sequence[Failure]) -> SetAside:
    """The tickets set aside (pure); `failures` come oldest first."""
    latest = [
        Aside(one.id, one.at.isoformat(timespec="minutes"), one.why[:LONGEST_WHY])
        for one in failures[::-1][:ASIDE_NAMED]
    ]
    return SetAside(len(failures), latest)


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
        "tickets", [filters], [OWNER, "routing_status"], MOST_PAGES
    ):
        left = total - len(records)
        for ticket in records:
            status = ticket.get("routing_status")
            found.failed += status == "failed"
            found.abstained += status == "triage"
            found.suggested += status == "suggested"
            if status != "failed":
                queues[ticket.get(OWNER)] += 1
    found.by_queue = dict(queues)
    found.cut = left > 0
    return found


def _corrected(
    hubspot: HubSpotByNight, policy: PolicyDocument, portal: Portal, since: datetime
) -> int:
    # Search knows who is locked, not since when or why: a request of an agent locks as well.
    filters = [
        _ours(portal),
        _filter("routing_status", "EQ", "locked"),
        _filter("hs_lastmodifieddate", "GTE", stamp(since)),
    ]
    locked = (id_ for ids, _ in hubspot.search_ids("tickets", [filters]) for id_ in ids)
    found = read_overrides(hubspot, portal, WorkingHours(policy.working_hours), locked)
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


def _patience(policy: PolicyDocument) -> timedelta:
    return timedelta(days=policy.client_record.night.waiting_too_long_days)


def _overdue(
    hubspot: HubSpotByNight, policy: PolicyDocument, portal: Portal, now: datetime
) -> dict[str, int]:
    _, late = read_overdue(hubspot, policy, portal, now)
    return dict(Counter(breach.stay.queue for breach in late))


def _undecided(hubspot: HubSpotByNight, portal: Portal, now: datetime) -> Undecided:
    oldest, total = hubspot.first("tickets", undecided_filters(portal), "createdate", [])
    created = oldest.get("createdate") if oldest else ""
    age_s = (now - moment(created)).total_seconds() if created else 0.0
    return Undecided(total, max(0.0, age_s))


def _ours(portal: Portal) -> Filter:
    return _filter("hs_pipeline", "EQ", portal.pipeline_id)


def _filter(name: str, operator: str, value: str) -> Filter:
    return {"propertyName": name, "operator": operator, "value": value}
