"""Looks for tickets that wait too long and tells their queues' channels, once for each stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
import structlog

from worker.clients.directory import ClientDirectory
from worker.effects import stamp
from worker.escalation.ageing import PROPERTIES, Breach, Stay, breaches, stay_of
from worker.escalation.cards import MOST_IN_CARD, TicketLinks, Waiting, ageing_card
from worker.escalation.delivery import Delivery
from worker.escalation.hours import WorkingHours
from worker.escalation.notices import may_send
from worker.hubspot.models import Record, chunks
from worker.hubspot.service import HubSpotService
from worker.intake.poll import Filter
from worker.portal import Portal
from worker.routing.policy_document import PolicyDocument
from worker.ticket_state import STAGE

KEY = "ticket-worker:aged:"
KEPT_S = 400 * 24 * 3600  # no stay is announced twice within a year, and the ledger stays small
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look at the queues found: tickets told of, and those whose channel did not take it."""

    by_queue: dict[str, int]
    undelivered: int

    def __str__(self) -> str:
        told = ", ".join(f"{count} in {queue}" for queue, count in self.by_queue.items())
        later = f"; {self.undelivered} could not be told, and will be" if self.undelivered else ""
        return f"waiting too long: {told or 'none that nobody was told of'}{later}"


class AgeingWatch:
    """Thread-safe as its parts are. Raises the gateway's errors; what was told stays told."""

    def __init__(
        self,
        hubspot: HubSpotService,
        clients: ClientDirectory,
        client: redis.Redis,
        delivery: Delivery,
    ) -> None:
        self._hubspot = hubspot
        self._clients = clients
        self._redis = client
        self._delivery = delivery

    def look(
        self, policy: PolicyDocument, portal: Portal, links: TicketLinks, now: datetime
    ) -> Watched:
        """Announce what waits too long. One search for each 200 tickets in watched queues, one
        read for each 100 of them.
        """
        hours = WorkingHours(policy.working_hours)
        tickets = self._in_queues(policy, portal, now)
        stays = [stay for ticket in tickets.values() if (stay := stay_of(ticket, portal))]
        late = breaches(stays, (), now, portal.go_live, policy.ageing, hours)
        told: dict[str, int] = {}
        undelivered = 0
        for (queue, known), group in self._untold(late, policy).items():
            rules = policy.notices.of(queue)
            if not may_send(rules, now, hours):
                continue
            for some in chunks(group, MOST_IN_CARD):
                card = ageing_card(
                    policy.queues[queue].label,
                    some[0].limit_h,
                    self._waiting(some, tickets, portal, links),
                )
                done = self._delivery.deliver(rules, card, known)
                self._remember([one.stay for one in some], done.told)
                if done.told and not known:
                    told[queue] = told.get(queue, 0) + len(some)
                if not done.everybody:
                    ids = [one.stay.ticket_id for one in some]
                    log.warning(
                        "ageing_not_announced", tickets=ids, queue=queue, to=list(done.failed)
                    )
                    undelivered += len(some)
        return Watched(told, undelivered)

    def _in_queues(
        self, policy: PolicyDocument, portal: Portal, now: datetime
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
        ids = [id_ for page, _ in self._hubspot.search_ids("tickets", [filters]) for id_ in page]
        found = self._hubspot.read("tickets", ids, PROPERTIES).found
        # Accounts of a small tier don't have the date of entry; their history has it.
        unknown = [
            id_
            for id_, ticket in found.items()
            if ticket.get(STAGE) in limits and stay_of(ticket, portal) is None
        ]
        if unknown:
            found |= self._hubspot.read("tickets", unknown, PROPERTIES, history=[STAGE]).found
        return found

    def _untold(
        self, late: Sequence[Breach], policy: PolicyDocument
    ) -> dict[tuple[str, tuple[str, ...]], list[Breach]]:
        """The breaches that somebody has still to be told of, by queue and by who knows."""
        if not late:
            return {}
        found: dict[tuple[str, tuple[str, ...]], list[Breach]] = {}
        remembered = self._redis.mget([KEY + breach.stay.key for breach in late])
        for breach, value in zip(late, remembered, strict=True):
            queue = breach.stay.queue
            text = value.decode() if isinstance(value, bytes) else value or ""
            told = tuple(text.split())
            if set(self._delivery.receivers(policy.notices.of(queue))) - set(told):
                found.setdefault((queue, told), []).append(breach)
        return dict(sorted(found.items()))

    def _remember(self, stays: Sequence[Stay], told: Sequence[str]) -> None:
        if not told:
            return
        pipe = self._redis.pipeline(transaction=False)
        for stay in stays:
            pipe.set(KEY + stay.key, " ".join(told), ex=KEPT_S)
        pipe.execute()

    def _waiting(
        self,
        late: Sequence[Breach],
        tickets: dict[str, Record],
        portal: Portal,
        links: TicketLinks,
    ) -> list[Waiting]:
        lookup = self._clients.look_up(
            [breach.stay.ticket_id for breach in late], portal.has_admin_label
        )
        waiting = []
        for breach in late:
            id_ = breach.stay.ticket_id
            client = lookup.record(id_)
            waiting.append(
                Waiting(
                    ticket_id=id_,
                    link=links.of(id_),
                    subject=tickets[id_].get("subject"),
                    client=client.name if client else "",
                    since=breach.stay.entered,
                    waited=breach.waited,
                )
            )
        return waiting
