"""Sends the notices that the ledger on the tickets calls due, and notes who knows of them.

A notice is due from the write that moved the ticket on; who was told is noted after the receiver
took the message: at least once for each, at most one repeat for a crash in between. Redis is told
before the ticket, so that a note which HubSpot did not take repeats nothing. What has to wait, for
the morning or for a receiver that is away, stays due.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import redis
import structlog

from worker.clients.directory import ClientDirectory
from worker.escalation.cards import Announcement, Said, TicketLinks
from worker.escalation.delivery import Delivery, Told
from worker.escalation.gathering import get_to_know
from worker.escalation.holds import Holds
from worker.escalation.hours import WorkingHours
from worker.escalation.ledger import NOTICE, Entry, entries_due, with_told
from worker.escalation.notices import Due, Posting, due_at, may_send, postings
from worker.escalation.requests import MISSING, NOTE, cited
from worker.escalation.sent_notices import Known, SentNotices
from worker.hubspot.errors import HubSpotError, RateLimited
from worker.hubspot.models import Update, moment
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Inbox, Outcome
from worker.portal import Portal
from worker.processes.counters import Counters
from worker.routing.policy import LEVEL_1, Policy
from worker.tickets.batch import Batch
from worker.tickets.state import HANDLED_AT, OWNER

ANNOUNCED, WAITING = "announced", "waiting to be announced"
AWAY_WAIT_S = (20.0, 60.0)  # until a receiver that is away is tried again
NOTED_WITHIN_S = (2.0, 8.0)  # until HubSpot is asked or told again, after it failed
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
        inbox: Inbox,
        sent: SentNotices,
        delivery: Delivery,
        holds: Holds,
        links: Callable[[], TicketLinks],
        counters: Counters,
        clock: Callable[[], datetime],
    ) -> None:
        self._hubspot = hubspot
        self._clients = clients
        self._inbox = inbox
        self._sent = sent
        self._delivery = delivery
        self._holds = holds
        self._links = links
        self._counters = counters
        self._clock = clock

    def reaches(self, queue: str, policy: Policy) -> bool:
        """Whether notices to this queue have anywhere to go."""
        return bool(self._delivery.receivers(policy.document.notices.of(queue)))

    def send(self, batch: Batch, policy: Policy, portal: Portal) -> None:
        """Send what is due in a batch whose rows have been written. What can't be told yet, since
        HubSpot does not answer, stays due for a little later.
        """
        now = self._clock()
        hours = WorkingHours(policy.document.working_hours)
        notices = policy.document.notices
        ledgers = _ledgers(batch)
        told = self._sent.of(ledgers)
        due: list[OnLedger] = []
        for one in _on_ledgers(batch, ledgers, told, policy):
            if may_send(notices.of(one.queue), now, hours):
                due.append(one)
            else:
                wait = (due_at(one.queue, now, notices, hours) - now).total_seconds()
                self._wait(batch, one.ticket_id, wait)
        try:
            announced = self._announced(batch, due, policy, portal) if due else []
        except HubSpotError as error:
            log.warning("notices_wait", tickets=[one.ticket_id for one in due], why=str(error))
            for one in due:
                self._wait(batch, one.ticket_id, _wait_s(error))
            announced = []
        for id_, by_key in self._post_all(batch, postings(announced, now, notices, hours)).items():
            news = {key: (one.told, one.everybody) for key, one in by_key.items()}
            told[id_] = told.get(id_, {}) | news
        self._note(batch, ledgers, told)

    def _announced(
        self, batch: Batch, due: list[OnLedger], policy: Policy, portal: Portal
    ) -> list[Due]:
        tickets = {one.ticket_id: batch.tickets[one.ticket_id] for one in due}.values()
        get_to_know(tickets, batch.known, self._hubspot, self._clients, portal.has_admin_label)
        links = self._links()
        return [Due(one.entry, one.queue, _announcement(batch, one, links, policy)) for one in due]

    def _post_all(self, batch: Batch, wanted: list[Posting]) -> dict[str, dict[str, Told]]:
        """Ticket id → the hand-off's key → who knows of it now. Whoever lost the lease of a ticket
        sends nothing.
        """
        ends = time.monotonic() + POSTS_FOR_S
        told: dict[str, dict[str, Told]] = {}
        for posting in wanted:
            ids = [one.announcement.ticket_id for one in posting.notices]
            if time.monotonic() > ends or self._inbox.held(batch.claim, ids) != set(ids):
                for id_ in ids:
                    self._wait(batch, id_, 1.0)
                continue
            done = self._post(posting)
            for one, id_ in zip(posting.notices, ids, strict=True):
                told.setdefault(id_, {})[one.entry.key] = done
            self._remember({id_: told[id_] for id_ in ids})
            for id_ in [] if done.everybody else ids:
                self._wait(batch, id_, self._until_next_try(posting, done))
        return told

    def _remember(self, news: dict[str, dict[str, Told]]) -> None:
        try:
            self._sent.note(news)
        except redis.RedisError as error:
            log.warning("notice_not_remembered", tickets=list(news), why=str(error))

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

    def _note(self, batch: Batch, ledgers: dict[str, str], told: dict[str, Known]) -> None:
        """Note on the tickets who knows. A note that did not arrive is written later; nobody is
        told again for it.
        """
        rows = []
        for id_, by_key in told.items():
            before = ledgers[id_]
            after = with_told(before, by_key)
            if after != before:
                rows.append(Update(id_, {NOTICE: after}))
            if not entries_due(after) and id_ not in batch.rows and _settled_well(batch, id_):
                batch.settle(id_, Outcome.DONE, ANNOUNCED)
        if not rows:
            return
        writing = self._hubspot.update("tickets", rows)
        for id_, error in writing.unknown.items():
            self._wait(batch, id_, _wait_s(error))
        if unsure := sorted(writing.unknown.keys() | writing.refused.keys()):
            log.warning("notice_not_noted", tickets=unsure)


def _ledgers(batch: Batch) -> dict[str, str]:
    """The ledgers that call something due, as they are now that the rows were written."""
    found = {}
    for id_, ticket in batch.tickets.items():
        row = batch.rows.get(id_, {})
        settled = batch.settlements.get(id_)
        if NOTICE in row and (settled is None or settled.outcome is not Outcome.DONE):
            continue  # its move may not have been written
        value = row.get(NOTICE, ticket.get(NOTICE))
        if entries_due(value):
            found[id_] = value
    return found


def _on_ledgers(
    batch: Batch, ledgers: dict[str, str], told: dict[str, Known], policy: Policy
) -> list[OnLedger]:
    """What somebody does not know of yet."""
    found = []
    for id_, value in ledgers.items():
        for entry in entries_due(with_told(value, told.get(id_, {}))):
            rule = policy.requests.get(entry.request)
            owner = batch.rows.get(id_, {}).get(OWNER, batch.tickets[id_].get(OWNER))
            queue = rule.to if rule else owner
            if queue in policy.queues:
                found.append(OnLedger(id_, entry, queue))
    return found


def _wait_s(error: HubSpotError) -> float:
    if isinstance(error, RateLimited):
        return error.retry_after_s
    return random.uniform(*NOTED_WITHIN_S)  # noqa: S311 - a wait


def _settled_well(batch: Batch, id_: str) -> bool:
    """Whether nothing else brings the ticket back, or sets it aside."""
    settled = batch.settlements.get(id_)
    return settled is None or settled.outcome in {Outcome.DONE, Outcome.LATER}


def _announcement(batch: Batch, one: OnLedger, links: TicketLinks, policy: Policy) -> Announcement:
    ticket, row = batch.tickets[one.ticket_id], batch.rows.get(one.ticket_id, {})
    rule = policy.requests.get(one.entry.request)
    before = one.entry.from_queue or (rule.from_[0] if rule and len(rule.from_) == 1 else "")
    known = batch.known[ticket.id]
    record, on_ticket = known.client, known.on_ticket
    kind = policy.types.get(ticket.get("routing_ticket_type"))
    # Note and gaps on the ticket are those of its last request; an earlier one has them no more.
    handled = row.get(HANDLED_AT) or ticket.get(HANDLED_AT)
    is_last = bool(handled) and moment(handled) == one.entry.asked_at
    looked = is_last and before == LEVEL_1  # 5.7 is about what Level 1 hands on
    missing = row.get(MISSING, ticket.get(MISSING)).split(", ")
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
        missing=tuple(filter(None, missing)) if looked else None,
    )
