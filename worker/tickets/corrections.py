"""Which moves by people correct a decision, and which only hand a ticket on (pure).

A person's move into another queue is a correction when it comes before the first answer or note
of an agent and within one working day of the decision; later moves are hand-offs. All of it is
read from HubSpot's histories, where it is kept anyway: there is no second record that could differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.escalation.hours import WorkingHours
from worker.hubspot.models import MACHINE_SOURCES, Record, moment
from worker.portal import Portal
from worker.tickets.state import OWNER, REQUEST, STAGE

HISTORY = (STAGE, OWNER, REQUEST)
ANSWER = "EMAIL"
"""HubSpot: the `hs_email_direction` of what was sent from the CRM; what came in is another."""


@dataclass(frozen=True, slots=True)
class Override:
    """A person's first move of a decided ticket into a queue that was not the decision's.
    `asked`: an agent had asked for a hand-off before."""

    ticket_id: str
    decided: str
    chosen: str
    person: str
    decided_at: datetime
    at: datetime
    asked: bool


def override_of(ticket: Record, portal: Portal) -> Override | None:
    """The override in a ticket's history; None where no person moved it after the decision, or
    put it where it belonged anyway. Needs `HISTORY`."""
    owners = [one for one in reversed(ticket.history.get(OWNER, ())) if one.value]
    for entry in reversed(ticket.history.get(STAGE, ())):
        before = [one for one in owners if one.at <= entry.at]
        if not entry.person or not before or entry.value not in portal.queue_of:
            continue
        decision, chosen = before[-1], portal.queue_of[entry.value]
        if decision.person or decision.value == chosen:
            return None
        wishes = ticket.history.get(REQUEST, ())
        return Override(
            ticket_id=ticket.id,
            decided=decision.value,
            chosen=chosen,
            person=entry.person,
            decided_at=decision.at,
            at=entry.at,
            asked=any(one.value and one.person and one.at <= entry.at for one in wishes),
        )
    return None


def is_correction(override: Override, acts: Iterable[datetime], hours: WorkingHours) -> bool:
    """Whether an override says that the decision was wrong. `acts`: when agents answered or
    noted something on the ticket."""
    if override.asked or any(at <= override.at for at in acts):
        return False
    return hours.working_time(override.decided_at, override.at) <= hours.longest_day


def acts_of_agents(activities: Sequence[Record]) -> list[datetime]:
    """When agents answered by e-mail or left a note; what came in or a machine sent is neither."""
    return [
        moment(one.get("hs_timestamp"))
        for one in activities
        if one.get("hs_timestamp")
        and one.get("hs_email_direction") in ("", ANSWER)
        and one.get("hs_object_source") not in MACHINE_SOURCES
    ]
