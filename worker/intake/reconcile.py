"""The proof that nothing is forgotten: every undecided ticket is accounted for, by age; and the
search for people's moves that no webhook told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from worker.hubspot.models import chunks, moment
from worker.hubspot.service import BATCH, HubSpotService
from worker.intake.inbox import Inbox, Source
from worker.intake.poll import undecided_filters
from worker.portal import Portal, StageKind
from worker.tickets.effects import stamp
from worker.tickets.state import DECIDED_AT, STAGE

AGES = (
    ("under 5 minutes", timedelta(minutes=5)),
    ("under an hour", timedelta(hours=1)),
    ("under a day", timedelta(days=1)),
)
OLDER = "a day or more"
KEY = "ticket-worker:reconciled"  # what the last count said, for the metrics page
OVERRIDES_FOR = timedelta(days=7)
STATUSES = ("decided", "triage", "locked")  # a locked one may be moved by a person again


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Undecided tickets by age; `oldest_s` seconds (0 when there are none); `unaccounted` are
    those that were neither in the inbox nor set aside, and have been announced."""

    by_age: Mapping[str, int]
    oldest_s: float
    unaccounted: int

    def __str__(self) -> str:
        told = ", ".join(f"{count} {age}" for age, count in self.by_age.items() if count)
        return f"undecided: {told or 'none'}; {self.unaccounted} of them nobody knew of"


def reconcile(hubspot: HubSpotService, inbox: Inbox, portal: Portal, now: datetime) -> Reconciled:
    """Count what HubSpot says is undecided, reading each by id since search lags. Raises the
    gateway's errors.
    """
    by_age: Counter[str] = Counter({name: 0 for name, _ in AGES} | {OLDER: 0})
    oldest = 0.0
    unaccounted = 0
    for ids, _ in hubspot.search_ids("tickets", [undecided_filters(portal)]):
        for batch in chunks(ids, BATCH):
            reading = hubspot.read("tickets", batch, ["createdate", "routing_status", STAGE])
            undecided = [
                ticket
                for ticket in reading.found.values()
                if not ticket.get("routing_status")
                and portal.kind(ticket.get(STAGE)) is StageKind.INTAKE
            ]
            for ticket in undecided:
                age = now - moment(ticket.get("createdate"))
                oldest = max(oldest, age.total_seconds())
                by_age[_age_group(age)] += 1
            unaccounted += inbox.announce([t.id for t in undecided], Source.POLL)
    return Reconciled(dict(by_age), oldest, unaccounted)


def find_overrides(hubspot: HubSpotService, inbox: Inbox, portal: Portal, now: datetime) -> int:
    """Announce tickets decided within a week whose stage is not that of their queue: the flow
    reads their history and locks those that a person moved. Returns how many.
    """
    filters: list[Mapping[str, Any]] = [
        {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
        {"propertyName": "routing_status", "operator": "IN", "values": list(STATUSES)},
        {"propertyName": DECIDED_AT, "operator": "GTE", "value": stamp(now - OVERRIDES_FOR)},
    ]
    moved = 0
    for ids, _ in hubspot.search_ids("tickets", [filters]):
        for batch in chunks(ids, BATCH):
            reading = hubspot.read("tickets", batch, [STAGE, "routing_queue"])
            elsewhere = [
                ticket.id
                for ticket in reading.found.values()
                if portal.queue_of.get(ticket.get(STAGE), ticket.get("routing_queue"))
                != ticket.get("routing_queue")
            ]
            inbox.announce(elsewhere, Source.PERSON)
            moved += len(elsewhere)
    return moved


def _age_group(age: timedelta) -> str:
    return next((name for name, limit in AGES if age < limit), OLDER)
