"""Tickets that wait too long in their queue now, read from HubSpot; told of or not."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.escalation.ageing import PROPERTIES, Breach, breaches, stay_of
from worker.escalation.hours import WorkingHours
from worker.hubspot.models import Record
from worker.hubspot.service import HubSpotService
from worker.intake.poll import Filter
from worker.portal import Portal
from worker.routing.policy_document import PolicyDocument
from worker.tickets.effects import stamp
from worker.tickets.state import STAGE


def read_overdue(
    hubspot: HubSpotService, policy: PolicyDocument, portal: Portal, now: datetime
) -> tuple[dict[str, Record], list[Breach]]:
    """The tickets that were looked at, by id, and the stays among them that are too long, longest
    first. One search for each 200 tickets in watched queues, one read for each 100 of them. Raises
    the gateway's errors.
    """
    tickets = _in_queues(hubspot, policy, portal, now)
    stays = [stay for ticket in tickets.values() if (stay := stay_of(ticket, portal))]
    hours = WorkingHours(policy.working_hours)
    return tickets, breaches(stays, (), now, portal.go_live, policy.ageing, hours)


def _in_queues(
    hubspot: HubSpotService, policy: PolicyDocument, portal: Portal, now: datetime
) -> dict[str, Record]:
    """Tickets in watched queues that are old enough to have waited too long."""
    limits = {
        portal.stage_of[queue]: limit
        for queue, limit in policy.ageing.queues.items()
        if queue in portal.stage_of
    }
    if not limits:
        return {}
    before = now - timedelta(hours=min(limits.values()))
    filters: list[Filter] = [
        {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
        {"propertyName": STAGE, "operator": "IN", "values": sorted(limits)},
        {"propertyName": "createdate", "operator": "LT", "value": stamp(before)},
    ]
    ids = [id_ for page, _ in hubspot.search_ids("tickets", [filters]) for id_ in page]
    found = hubspot.read("tickets", ids, PROPERTIES).found
    # Accounts of a small tier don't have the date of entry; their history has it.
    unknown = [
        id_
        for id_, ticket in found.items()
        if ticket.get(STAGE) in limits and stay_of(ticket, portal) is None
    ]
    if unknown:
        found |= hubspot.read("tickets", unknown, PROPERTIES, history=[STAGE]).found
    return found
