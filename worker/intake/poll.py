"""The poll: which tickets have no decision? HubSpot knows, so there is no cursor to lose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from worker.clients.completeness import CLIENT_UNKNOWN
from worker.escalation.ledger import DUE, NOTICE
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Inbox, Source
from worker.portal import Portal
from worker.tickets.effects import stamp
from worker.tickets.state import DECIDED_AT, REQUEST, SECOND_LOOK_FOR, STAGE

Filter = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll found. `undecided` is search's count (it lags); `taken` went into the inbox."""

    undecided: int
    taken: int

    def __str__(self) -> str:
        return f"{self.undecided} undecided, {self.taken} new to the inbox"


def poll(hubspot: HubSpotService, inbox: Inbox, portal: Portal) -> Polled:
    """Announce every undecided ticket that search knows of, oldest id first. One search for each
    200 tickets. Raises the gateway's errors; what was announced stays announced.
    """
    undecided = taken = 0
    for number, (ids, total) in enumerate(
        hubspot.search_ids("tickets", [undecided_filters(portal)])
    ):
        if number == 0:
            undecided = total
        taken += inbox.announce(ids, Source.POLL)
    return Polled(undecided, taken)


def poll_requests(hubspot: HubSpotService, inbox: Inbox, portal: Portal) -> int:
    """Announce tickets with an open escalation request or a notice that is due."""
    ours = {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id}
    groups: list[list[Filter]] = [
        [ours, {"propertyName": REQUEST, "operator": "HAS_PROPERTY"}],
        [ours, {"propertyName": NOTICE, "operator": "CONTAINS_TOKEN", "value": DUE}],
    ]
    taken = 0
    for ids, _ in hubspot.search_ids("tickets", groups):
        taken += inbox.announce(ids, Source.REQUEST)
    return taken


def look_again(hubspot: HubSpotService, inbox: Inbox, portal: Portal, now: datetime) -> int:
    """Announce tickets decided within a day whose client is still unknown: after a flush of
    Redis nothing else remembers their second look.
    """
    taken = 0
    for ids, _ in hubspot.search_ids("tickets", [clientless_filters(portal, now)]):
        taken += inbox.announce(ids, Source.POLL)
    return taken


def undecided_filters(portal: Portal) -> list[Filter]:
    """Undecided: in the pipeline, in an intake stage, no status, created after go-live."""
    return [
        {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
        {"propertyName": STAGE, "operator": "IN", "values": portal.intake},
        {"propertyName": "routing_status", "operator": "NOT_HAS_PROPERTY"},
        {"propertyName": "createdate", "operator": "GTE", "value": stamp(portal.go_live)},
    ]


def clientless_filters(portal: Portal, now: datetime) -> list[Filter]:
    since: timedelta = SECOND_LOOK_FOR
    return [
        {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
        {"propertyName": "client_record_missing", "operator": "EQ", "value": CLIENT_UNKNOWN},
        {"propertyName": DECIDED_AT, "operator": "GTE", "value": stamp(now - since)},
    ]
