"""What people moved elsewhere after a decision, read from HubSpot's histories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.escalation.hours import WorkingHours
from worker.hubspot.errors import Rejected
from worker.hubspot.models import Record, chunks
from worker.hubspot.service import BATCH_WITH_HISTORY, HubSpotService
from worker.portal import Portal
from worker.tickets.corrections import HISTORY, Override, acts_of_agents, is_correction, override_of
from worker.tickets.effects import stamp
from worker.tickets.state import DECIDED_AT


@dataclass(frozen=True, slots=True)
class Overrides:
    """What people moved elsewhere. `answers_unread`: the app may not read e-mails and notes, so
    that only the time tells a correction from a hand-off."""

    corrections: Sequence[Override]
    hand_offs: int
    answers_unread: bool


def read_overrides(
    hubspot: HubSpotService, portal: Portal, hours: WorkingHours, ids: Iterable[str]
) -> Overrides:
    """The overrides among tickets; one call for fifty of them, and a few for what agents did on
    those that were moved. Raises the gateway's errors."""
    overrides = [
        override
        for batch in chunks(ids, BATCH_WITH_HISTORY)
        for ticket in hubspot.read("tickets", batch, [], HISTORY).found.values()
        if (override := override_of(ticket, portal))
    ]
    unread = False
    activities: Mapping[str, Sequence[Record]] = {}
    try:
        activities = hubspot.activities([one.ticket_id for one in overrides])
    except Rejected as error:
        if not error.about_access:
            raise
        unread = True
    corrections = [
        one
        for one in overrides
        if is_correction(one, acts_of_agents(activities.get(one.ticket_id, ())), hours)
    ]
    return Overrides(corrections, len(overrides) - len(corrections), unread)


def decided_since(hubspot: HubSpotService, portal: Portal, since: datetime) -> Iterator[str]:
    """Ids of tickets decided since then, as search has them."""
    filters = [
        {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
        {"propertyName": DECIDED_AT, "operator": "GTE", "value": stamp(since)},
    ]
    for ids, _ in hubspot.search_ids("tickets", [filters]):
        yield from ids
