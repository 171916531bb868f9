"""Sends the notices that the ledger on the tickets calls due, and notes who knows of them.

A notice is due from the write that moved the ticket on; who was told is noted after the receiver
took the message: at least once for each, at most one repeat for a crash in between. What has to
wait, for the morning or for a receiver that is away, stays due.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from worker.batch import Batch
from worker.clients.directory import ClientDirectory, Lookup
from worker.counters import Counters
from worker.escalation.cards import Announcement, Said, TicketLinks
from worker.escalation.delivery import Delivery, Told
from worker.escalation.gathering import OnTicket, gather
from worker.escalation.holds import Holds
from worker.escalation.hours import WorkingHours
from worker.escalation.ledger import NOTICE, Entry, entries_due, with_told
from worker.escalation.notices import Due, Posting, due_at, may_send, postings
from worker.escalation.requests import MISSING, NOTE, cited
from worker.hubspot.models import Update, moment
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Outcome
from worker.portal import Portal
from worker.routing.policy import Policy
from worker.ticket_state import HANDLED_AT, OWNER

ANNOUNCED, WAITING = "announced", "waiting to be announced"
AWAY_WAIT_S = (20.0, 60.0)  # until a receiver that is away is tried again
POSTS_FOR_S = 45.0  # of a batch's 90; what is left goes out with the next
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OnLedger:
    """What the ledger of a ticket calls due, and the queue that the ticket was handed to."""

    ticket_id: str
    entry: Entry
    queue: str


class Notifier:
    """One per process; thread-safe as its parts are."""

    def __init__(
        self,
        hubspot: HubSpotService,
        clients: ClientDirectory,
        delivery: Delivery,
        holds: Holds,
        links: Callable[[], TicketLinks],
        counters: Counters,
        clock: Callable[[], datetime],
    ) -> None:
        self._hubspot = hubspot
        self._clients = clients
        self._delivery = delivery
        self._holds = holds
        self._links = links
        self._counters = counters
        self._clock = clock

    def reaches(self, queue: str, policy: Policy) -> bool:
        """Whether notices to this queue have anywhere to go."""
        return bool(self._delivery.receivers(policy.document.notices.of(queue)))

    def send(self, batch: Batch, policy: Policy, portal: Portal) -> None:
        """Send what is due in a batch whose rows have been written. Raises the gateway's errors
        before anything is sent.
        """
        now = self._clock()
        hours = WorkingHours(policy.document.working_hours)
        notices = policy.document.notices
        due: list[OnLedger] = []
        for one in self._on_ledgers(batch, policy):
            if may_send(notices.of(one.queue), now, hours):
                due.append(one)
            else:
                wait = (due_at(one.queue, now, notices, hours) - now).total_seconds()
                self._wait(batch, one.ticket_id, wait)
        if due:
            announced = self._announced(batch, due, policy, portal)
            self._post_all(batch, postings(announced, now, notices, hours))

    def _on_ledgers(self, batch: Batch, policy: Policy) -> list[OnLedger]:
        found = []
        for id_, ticket in batch.tickets.items():
            row = batch.rows.get(id_, {})
            settled = batch.settlements.get(id_)
            if NOTICE in row and (settled is None or settled.outcome is not Outcome.DONE):
                continue  # its move may not have been written
            for entry in entries_due(row.get(NOTICE, ticket.get(NOTICE))):
                rule = policy.requests.get(entry.request)
                queue = rule.to if rule else row.get(OWNER, ticket.get(OWNER))
                if queue in policy.queues:
                    found.append(OnLedger(id_, entry, queue))
        return found

    def _announced(
        self, batch: Batch, due: list[OnLedger], policy: Policy, portal: Portal
    ) -> list[Due]:
        ids = list(dict.fromkeys(one.ticket_id for one in due))
        lookup = self._clients.look_up(ids, portal.has_admin_label)
        links = self._links()
        there = gather(self._hubspot, [batch.tickets[id_] for id_ in ids])
        return [
            Due(one.entry, one.queue, _announcement(batch, one, lookup, there, links, policy))
            for one in due
        ]

    def _post_all(self, batch: Batch, wanted: list[Posting]) -> None:
        ends = time.monotonic() + POSTS_FOR_S
        told: dict[str, dict[str, Told]] = {}
        for posting in wanted:
            ids = [one.announcement.ticket_id for one in posting.notices]
            if time.monotonic() > ends:
                for id_ in ids:
                    self._wait(batch, id_, 1.0)
                continue
            done = self._post(posting)
            for one, id_ in zip(posting.notices, ids, strict=True):
                told.setdefault(id_, {})[one.entry.key] = done
            for id_ in [] if done.everybody else ids:
                self._wait(batch, id_, self._until_next_try(posting, done))
        self._note(batch, told)

    def _post(self, posting: Posting) -> Told:
        receivers = self._delivery.receivers(posting.rules)
        away = [one for one in receivers if self._holds.left_s(one)]
        done = self._delivery.deliver(posting.rules, posting.card, posting.told, away)
        for variable, error in done.failed.items():
            wait = error.retry_after_s or random.uniform(*AWAY_WAIT_S)  # noqa: S311 - a wait
            self._holds.hold(variable, wait)
        if done.everybody:
            self._counters.add({"notices_sent": len(posting.notices)})
        else:
            ids = [one.announcement.ticket_id for one in posting.notices]
            missed = sorted(set(receivers) - set(done.told))
            log.warning("notice_not_delivered", tickets=ids, receivers=missed)
        return done

    def _until_next_try(self, posting: Posting, done: Told) -> float:
        left = [
            self._holds.left_s(one)
            for one in self._delivery.receivers(posting.rules)
            if one not in done.told
        ]
        return max(left, default=AWAY_WAIT_S[1])

    def _wait(self, batch: Batch, id_: str, wait_s: float) -> None:
        """The ticket comes back for its notice; what became of it otherwise stands."""
        if _settled_well(batch, id_):
            what = batch.became[id_] if id_ in batch.rows else WAITING
            batch.settle(id_, Outcome.LATER, what, max(0.1, wait_s))

    def _note(self, batch: Batch, told: dict[str, dict[str, Told]]) -> None:
        """A note that can't be written leaves the notice due, so it is sent once more."""
        rows = []
        for id_, by_key in told.items():
            before = batch.rows.get(id_, {}).get(NOTICE, batch.tickets[id_].get(NOTICE))
            after = with_told(before, {k: (one.told, one.everybody) for k, one in by_key.items()})
            if after != before:
                rows.append(Update(id_, {NOTICE: after}))
            if not entries_due(after) and id_ not in batch.rows and _settled_well(batch, id_):
                batch.settle(id_, Outcome.DONE, ANNOUNCED)
        if not rows:
            return
        writing = self._hubspot.update("tickets", rows)
        if unsure := sorted(writing.unknown.keys() | writing.refused.keys()):
            log.warning("notice_not_noted", tickets=unsure)


def _settled_well(batch: Batch, id_: str) -> bool:
    """Whether nothing else brings the ticket back, or sets it aside."""
    settled = batch.settlements.get(id_)
    return settled is None or settled.outcome in {Outcome.DONE, Outcome.LATER}


def _announcement(
    batch: Batch,
    one: OnLedger,
    lookup: Lookup,
    there: dict[str, OnTicket],
    links: TicketLinks,
    policy: Policy,
) -> Announcement:
    ticket, row = batch.tickets[one.ticket_id], batch.rows.get(one.ticket_id, {})
    rule = policy.requests.get(one.entry.request)
    before = one.entry.from_queue or (rule.from_[0] if rule and len(rule.from_) == 1 else "")
    record = lookup.record(ticket.id)
    kind = policy.types.get(ticket.get("routing_ticket_type"))
    # Note and gaps on the ticket are those of its last request; an earlier one has them no more.
    handled = row.get(HANDLED_AT) or ticket.get(HANDLED_AT)
    is_last = bool(handled) and moment(handled) == one.entry.asked_at
    missing = row.get(MISSING, ticket.get(MISSING)) if is_last else ""
    on_ticket = there[ticket.id]
    return Announcement(
        ticket_id=ticket.id,
        link=links.of(ticket.id),
        subject=on_ticket.subject,
        from_label=policy.queues[before].label if before in policy.queues else "another team",
        to_label=policy.queues[one.queue].label,
        request_label=rule.label if rule else one.entry.request,
        reason=row.get(NOTE, ticket.get(NOTE)) if is_last else "",
        guideline=cited(rule.guideline) if rule else "no longer in the policy",
        asked_at=one.entry.asked_at,
        client=record.name if record else "",
        erp=record.erp_system if record else "",
        customizations=record.customization_summary if record else "",
        ticket_type=kind.label if kind else "",
        gathered=(Said("First message", on_ticket.content), *on_ticket.later),
        files=on_ticket.attachments,
        missing=tuple(part for part in missing.split(", ") if part),
    )
