"""Which tickets wait in their queue for longer than the policy allows (pure).

A breach belongs to one stay of a ticket in one queue: it is announced once, however long the stay
goes on, and a ticket that comes back later may breach again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.escalation.hours import WorkingHours
from worker.hubspot.models import Record, moment
from worker.portal import Portal
from worker.routing.escalation_rules import Ageing
from worker.tickets.state import STAGE

ENTERED = "hs_v2_date_entered_current_stage"
"""HubSpot keeps it on Professional and above; without it the stage's history says the same."""
PROPERTIES = ("subject", "hs_pipeline", STAGE, ENTERED)


@dataclass(frozen=True, slots=True)
class Stay:
    """A ticket in a queue, and since when."""

    ticket_id: str
    queue: str
    entered: datetime

    @property
    def key(self) -> str:
        """What this stay is known by: the same at every look, another one after a return."""
        return f"{self.ticket_id}:{self.queue}:{int(self.entered.timestamp() * 1000)}"


@dataclass(frozen=True, slots=True)
class Breach:
    """A stay that is too long. `waited` is working time, `limit_h` working hours."""

    stay: Stay
    waited: timedelta
    limit_h: float


def stay_of(ticket: Record, portal: Portal) -> Stay | None:
    """The ticket's stay in its queue. None: it is in no queue, or nothing says since when (read it
    with the history of its stage then).
    """
    stage = ticket.get(STAGE)
    queue = portal.queue_of.get(stage)
    if queue is None or ticket.get("hs_pipeline") != portal.pipeline_id:
        return None
    if ticket.get(ENTERED):
        return Stay(ticket.id, queue, moment(ticket.get(ENTERED)))
    entered = None
    for entry in ticket.history.get(STAGE, ()):  # newest first
        if entry.value != stage:
            break
        entered = entry.at
    return Stay(ticket.id, queue, entered) if entered else None


def breaches(
    stays: Iterable[Stay],
    announced: Collection[str],
    now: datetime,
    since: datetime,
    ageing: Ageing,
    hours: WorkingHours,
) -> list[Breach]:
    """The stays to announce, longest wait first. `announced` holds the keys of those that were;
    what began before `since` (go-live) is left alone.
    """
    found = []
    for stay in stays:
        limit_h = ageing.queues.get(stay.queue)
        if limit_h is None or stay.entered < since or stay.key in announced:
            continue
        waited = hours.working_time(stay.entered, now)
        if waited > timedelta(hours=limit_h):
            found.append(Breach(stay, waited, limit_h))
    return sorted(found, key=lambda breach: breach.waited, reverse=True)
