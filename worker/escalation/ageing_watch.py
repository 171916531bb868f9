"""Looks for tickets that wait too long and tells their queues' channels, once for each stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import redis
import structlog

from worker.clients.directory import ClientDirectory
from worker.escalation.ageing import Breach, Stay
from worker.escalation.cards import MOST_IN_CARD, TicketLinks, Waiting, ageing_card
from worker.escalation.delivery import Delivery
from worker.escalation.hours import WorkingHours
from worker.escalation.notices import may_send
from worker.escalation.overdue import read_overdue
from worker.hubspot.models import Record, chunks
from worker.hubspot.service import HubSpotService
from worker.portal import Portal
from worker.routing.policy_document import PolicyDocument

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
        tickets, late = read_overdue(self._hubspot, policy, portal, now)
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
