"""Sends the notices that the ledger on the tickets calls due, and notes that they went out.

`escalation_notice` is `due REQUEST TIME` from the write that moved the ticket on, and
`sent REQUEST TIME` after the channel took the message: at least once, at most one repeat for a
crash in between. What has to wait, for the morning or for a channel that is away, stays due.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from worker.batch import Batch
from worker.clients.directory import ClientDirectory, Lookup
from worker.counters import Counters
from worker.escalation.cards import Announcement, TicketLinks
from worker.escalation.delivery import Delivery
from worker.escalation.gathering import OnTicket, gather
from worker.escalation.hours import WorkingHours
from worker.escalation.notices import Due, Posting, due_at, postings
from worker.escalation.requests import DUE, NOTICE, SENT
from worker.escalation.teams import NotDelivered
from worker.hubspot.models import Update, moment
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Outcome
from worker.portal import Portal
from worker.routing.policy import Policy
from worker.ticket_state import OWNER

ANNOUNCED, WAITING = "announced", "waiting to be announced"
AWAY_WAIT_S = (20.0, 60.0)  # until a channel that is away is tried again
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a ticket's ledger says is due."""

    ticket_id: str
    request: str
    asked_at: datetime

    @property
    def key(self) -> str:
        return f"{self.request} {int(self.asked_at.timestamp() * 1000)}"


def ledger(ticket_id: str, value: str) -> Ledger | None:
    """The notice that is due, or None when none is."""
    word, _, rest = value.partition(" ")
    request, _, at = rest.partition(" ")
    if word != DUE or not request or not at.isdigit():
        return None
    return Ledger(ticket_id, request, moment(at))


class Notifier:
    """One per process; thread-safe as its parts are."""

    def __init__(
        self,
        hubspot: HubSpotService,
        clients: ClientDirectory,
        delivery: Delivery,
        links: Callable[[], TicketLinks],
        counters: Counters,
        clock: Callable[[], datetime],
    ) -> None:
        self._hubspot = hubspot
        self._clients = clients
        self._delivery = delivery
        self._links = links
        self._counters = counters
        self._clock = clock

    def reaches(self, queue: str, policy: Policy) -> bool:
        """Whether notices to this queue have anywhere to go."""
        return self._delivery.reaches(policy.document.notices.of(queue).channel)

    def send(self, batch: Batch, policy: Policy, portal: Portal) -> None:
        """Send what is due in a batch whose rows have been written. Raises the gateway's errors
        before anything is sent.
        """
        due = self._due(batch, policy, portal)
        if not due:
            return
        now = self._clock()
        hours = WorkingHours(policy.document.working_hours)
        wanted = postings(due, now, policy.document.notices, hours)
        sent: dict[str, str] = {}
        for posting in wanted:
            sent |= self._post(batch, posting)
        tried = {one.announcement.ticket_id for p in wanted for one in p.notices}
        for one in due:
            if (id_ := one.announcement.ticket_id) not in tried:
                opens = due_at(one.queue, now, policy.document.notices, hours)
                batch.settle(id_, Outcome.LATER, WAITING, max(1.0, (opens - now).total_seconds()))
        self._note(sent)

    def _due(self, batch: Batch, policy: Policy, portal: Portal) -> list[Due]:
        now_due: dict[str, Ledger] = {}
        for id_, ticket in batch.tickets.items():
            row = batch.rows.get(id_, {})
            settled = batch.settlements.get(id_)
            if NOTICE in row and (settled is None or settled.outcome is not Outcome.DONE):
                continue  # its move may not have been written
            if found := ledger(id_, row.get(NOTICE, ticket.get(NOTICE))):
                now_due[id_] = found
        if not now_due:
            return []
        lookup = self._clients.look_up(list(now_due), portal.has_admin_label)
        links = self._links()
        there = gather(self._hubspot, [batch.tickets[id_] for id_ in now_due])
        return [
            Due(
                one.key,
                queue,
                self._announcement(batch, one, queue, lookup, there[id_], links.of(id_), policy),
            )
            for id_, one in now_due.items()
            if (queue := self._queue(batch, id_)) in policy.queues
        ]

    def _queue(self, batch: Batch, id_: str) -> str:
        return batch.rows.get(id_, {}).get(OWNER) or batch.tickets[id_].get(OWNER)

    def _announcement(
        self,
        batch: Batch,
        due: Ledger,
        queue: str,
        lookup: Lookup,
        there: OnTicket,
        link: str,
        policy: Policy,
    ) -> Announcement:
        ticket, row = batch.tickets[due.ticket_id], batch.rows.get(due.ticket_id, {})
        rule = policy.requests.get(due.request)
        before = ticket.get(OWNER) if NOTICE in row else ""
        if not before and rule and len(rule.from_) == 1:
            before = rule.from_[0]
        record = lookup.record(ticket.id)
        missing = row.get("escalation_missing_info", ticket.get("escalation_missing_info"))
        return Announcement(
            ticket_id=ticket.id,
            link=link,
            subject=ticket.get("subject"),
            from_label=policy.queues[before].label if before in policy.queues else "another team",
            to_label=policy.queues[queue].label,
            request_label=rule.label if rule else due.request,
            reason=row.get("escalation_note", ticket.get("escalation_note")),
            guideline=rule.guideline if rule else "",
            asked_at=due.asked_at,
            client=record.name if record else "",
            erp=record.erp_system if record else "",
            customizations=record.customization_summary if record else "",
            gathered="\n\n".join(there.texts[1:]),
            unnamed_files=there.attachments,
            missing=tuple(one for one in missing.split(", ") if one),
        )

    def _post(self, batch: Batch, posting: Posting) -> dict[str, str]:
        """Ticket id → ledger entry of what was sent; nothing when the channel did not take it."""
        ids = [one.announcement.ticket_id for one in posting.notices]
        try:
            self._delivery.deliver(posting.channel, posting.also, posting.card)
        except NotDelivered as error:
            wait = error.retry_after_s or random.uniform(*AWAY_WAIT_S)  # noqa: S311 - a wait
            log.warning(
                "notice_not_delivered", tickets=ids, channel=posting.channel, why=str(error)
            )
            for id_ in ids:
                batch.settle(id_, Outcome.LATER, WAITING, wait)
            return {}
        self._counters.add({"notices_sent": len(ids)})
        for id_ in ids:
            if id_ not in batch.rows:
                batch.settle(id_, Outcome.DONE, ANNOUNCED)
        return {one.announcement.ticket_id: f"{SENT} {one.key}" for one in posting.notices}

    def _note(self, sent: dict[str, str]) -> None:
        """A note that can't be written leaves the notice due, so it is sent once more."""
        if not sent:
            return
        writing = self._hubspot.update(
            "tickets", [Update(id_, {NOTICE: entry}) for id_, entry in sent.items()]
        )
        if unsure := sorted(writing.unknown.keys() | writing.refused.keys()):
            log.warning("notice_not_noted", tickets=unsure)
