"""What gaps cost: a client's open tickets, and those that were decided without its data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.clients.completeness import CLIENT_UNKNOWN
from worker.hubspot.by_night import Filter, HubSpotByNight
from worker.hubspot.models import Record, moment
from worker.hubspot.service import ASSOCIATIONS_BATCH
from worker.portal import Portal, StageKind
from worker.tickets.effects import stamp
from worker.tickets.state import DECIDED_AT, STAGE

MISSING = "client_record_missing"
LOOKS_BACK = timedelta(days=30)
MOST_PAGES = 100  # of 200 tickets; a portal with more open tickets has its oldest 20,000 counted


@dataclass(frozen=True, slots=True)
class Burden:
    """Tickets of one client: open ones, and those of the last 30 days that were decided while
    its record was incomplete."""

    open_tickets: int = 0
    decided_without: int = 0


NONE = Burden()


@dataclass(slots=True)
class Burdens:
    """Burdens by company id, tickets by the gap that they were decided with (in the words on the
    ticket), and whether some tickets were left out because there were too many."""

    by_company: dict[str, Burden] = field(default_factory=dict)
    by_gap: dict[str, int] = field(default_factory=dict)
    cut: bool = False

    def of(self, company_id: str) -> Burden:
        return self.by_company.get(company_id, NONE)


def read_burdens(hubspot: HubSpotByNight, portal: Portal, now: datetime) -> Burdens:
    """Ask search for the tickets that count, and HubSpot whose they are: one search for each 200
    tickets, one association call for each 1,000. Raises the gateway's errors.
    """
    since = now - LOOKS_BACK
    tickets: list[tuple[str, bool, str]] = []  # id, whether it is open, gaps it was decided with
    left = 0
    for records, total in hubspot.search_pages(
        "tickets", _filters(portal, since), [STAGE, MISSING, DECIDED_AT], MOST_PAGES
    ):
        left = total - len(records)
        tickets += [
            (one.id, _is_open(one, portal), _decided_without(one, since)) for one in records
        ]
    burdens = Burdens(cut=left > 0)
    open_by: Counter[str] = Counter()
    without_by: Counter[str] = Counter()
    by_gap: Counter[str] = Counter()
    for start in range(0, len(tickets), ASSOCIATIONS_BATCH):
        batch = tickets[start : start + ASSOCIATIONS_BATCH]
        links = hubspot.associated("tickets", "companies", [id_ for id_, _, _ in batch])
        for id_, is_open, without in batch:
            owners = {link.to_id for link in links.found.get(id_, ())}
            open_by.update(owners if is_open else ())
            without_by.update(owners if without else ())
            by_gap.update(gap.partition(" (")[0] for gap in without.split(", ") if gap)
    burdens.by_gap = dict(by_gap)
    burdens.by_company = {
        one: Burden(open_by[one], without_by[one]) for one in open_by.keys() | without_by.keys()
    }
    return burdens


def _filters(portal: Portal, since: datetime) -> list[list[Filter]]:
    ours: Mapping[str, str] = {
        "propertyName": "hs_pipeline",
        "operator": "EQ",
        "value": portal.pipeline_id,
    }
    closed = [stage for stage, kind in portal.kinds.items() if kind is StageKind.CLOSED]
    still: Filter = {"propertyName": STAGE, "operator": "NOT_IN", "values": closed}
    return [
        [ours, still] if closed else [ours],
        [
            ours,
            {"propertyName": MISSING, "operator": "HAS_PROPERTY"},
            {"propertyName": DECIDED_AT, "operator": "GTE", "value": stamp(since)},
        ],
    ]


def _is_open(ticket: Record, portal: Portal) -> bool:
    return portal.kind(ticket.get(STAGE)) is not StageKind.CLOSED


def _decided_without(ticket: Record, since: datetime) -> str:
    said, at = ticket.get(MISSING), ticket.get(DECIDED_AT)
    if not said or said == CLIENT_UNKNOWN or not at or moment(at) < since:
        return ""
    return said
