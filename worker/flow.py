"""The way of one batch of tickets: read, resolve the client, decide, plan, apply, settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from config.portal import PortalNames
from config.settings import RoutingMode
from worker.clients.completeness import is_client
from worker.clients.completeness import missing as gaps_of
from worker.clients.directory import ClientDirectory, Lookup
from worker.escalation.hand_offs import NOT_SUPPORTED, HandOffs
from worker.escalation.notifier import Notifier
from worker.escalation.replies import draft_reply
from worker.escalation.requests import NOTE, REPLY, superseded
from worker.escalation.trust import mode_of
from worker.hubspot.errors import HubSpotError, RateLimited
from worker.hubspot.models import Reading, Record, moment
from worker.hubspot.service import HubSpotService
from worker.intake.channel import channel_of
from worker.intake.inbox import Claim, Inbox, Outcome, Source
from worker.portal import Portal
from worker.processes.counters import Counters
from worker.routing.decide import Case, decide_batch
from worker.routing.decision import Decision
from worker.routing.policy import Policy
from worker.routing.ticket import Ticket
from worker.tickets import effects
from worker.tickets.batch import DECIDED, KEPT, TO_TRIAGE, Batch, BatchReport
from worker.tickets.observation import Observations
from worker.tickets.state import (
    DECIDED_AT,
    HISTORY,
    STAGE,
    TICKET_PROPERTIES,
    Step,
    Work,
    asked_again,
    decided_since,
    next_step,
    somebody_acted,
)
from worker.tickets.writing import Writer, outage_wait_s, spread

LOOKS_AGAIN_S = (30.0, 300.0, 3600.0)
log = structlog.get_logger()


class Flow:
    """Routes claimed batches. One per process; thread-safe as its parts are."""

    def __init__(
        self,
        hubspot: HubSpotService,
        clients: ClientDirectory,
        inbox: Inbox,
        writer: Writer,
        hand_offs: HandOffs,
        notifier: Notifier,
        counters: Counters,
        observations: Observations,
        names: PortalNames,
        mode: RoutingMode,
        clock: Callable[[], datetime],
    ) -> None:
        self._hubspot = hubspot
        self._clients = clients
        self._inbox = inbox
        self._writer = writer
        self._hand_offs = hand_offs
        self._notifier = notifier
        self._counters = counters
        self._observations = observations
        self._names = names
        self._mode = mode
        self._clock = clock

    def route(self, claim: Claim, policy: Policy, portal: Portal) -> BatchReport:
        """Take a claimed batch all the way. Never raises for a ticket's or HubSpot's fault: what
        could not be done is settled as postponed, retry or failed.
        """
        batch = Batch(claim, BatchReport(claim.ids))
        try:
            steps = self._read(batch, portal)
            self._returns_and_locks(batch, steps, policy, portal)
            self._wishes(batch, steps, policy, portal)
            self._decisions(batch, steps, policy, portal)
            if self._mode is not RoutingMode.OBSERVE:
                self._writer.write(batch, portal)
                self._notifier.send(batch, policy, portal)
        except RateLimited as error:
            self._postpone(batch, spread(error.retry_after_s), error)
        except HubSpotError as error:
            self._postpone(batch, outage_wait_s(), error)
        except Exception as error:
            self._suspect(batch, error)
            self._finish(batch)
            raise
        self._finish(batch)
        return batch.report

    def cases(
        self, ids: list[str], policy: Policy, portal: Portal, history: Sequence[str] = ()
    ) -> dict[str, tuple[Record, Case]]:
        """Tickets as they are now, as they would be decided; writes nothing. Raises the gateway's
        errors; ids that are gone are absent.
        """
        reading = self._hubspot.read("tickets", ids, TICKET_PROPERTIES, history)
        lookup = self._clients.look_up(list(reading.found), portal.has_admin_label)
        return {
            id_: (ticket, self._case(ticket, lookup, policy))
            for id_, ticket in reading.found.items()
        }

    def preview(
        self, ids: list[str], policy: Policy, portal: Portal
    ) -> dict[str, tuple[Record, Decision]]:
        """What would be decided for tickets as they are now; see `cases`."""
        found = self.cases(ids, policy, portal)
        decisions = decide_batch([case for _, case in found.values()], policy)
        return {d.id: (found[d.id][0], d) for d in decisions}

    # ---- read

    def _read(self, batch: Batch, portal: Portal) -> dict[str, Step]:
        now = self._clock()
        reading = self._hubspot.read("tickets", batch.claim.ids, TICKET_PROPERTIES)
        self._settle_unread(batch, reading)
        batch.tickets = dict(reading.found)
        # Moves whose writer died before it could look back.
        self._writer.look_back_at_unlooked(batch, portal)
        steps = {
            id_: next_step(ticket, portal, now)
            for id_, ticket in batch.tickets.items()
            if id_ not in batch.settlements
        }
        unclear = [id_ for id_, step in steps.items() if step.work is Work.ASK_HISTORY]
        if unclear:
            again = self._hubspot.read("tickets", unclear, TICKET_PROPERTIES, HISTORY)
            self._settle_unread(batch, again)
            for id_ in unclear:
                steps.pop(id_)
            batch.tickets |= again.found
            steps |= {id_: next_step(ticket, portal, now) for id_, ticket in again.found.items()}
        for id_, since in self._inbox.reroutes(steps).items():
            if not decided_since(batch.tickets[id_], since):
                steps[id_] = asked_again(batch.tickets[id_], portal)
        for id_, step in steps.items():
            if step.work is Work.NOTHING:
                batch.settle(id_, Outcome.DONE, "needing nothing")
        return steps

    def _settle_unread(self, batch: Batch, reading: Reading) -> None:
        for id_ in reading.absent:
            batch.settle(id_, Outcome.DONE, "gone")
        for id_, lives_on in reading.merged.items():
            self._inbox.announce([lives_on], Source.WEBHOOK)
            batch.settle(id_, Outcome.DONE, "merged")
        for id_, why in reading.errors.items():
            batch.settle(id_, Outcome.RETRY, "unreadable", why=f"HubSpot can't read it: {why}")

    # ---- decide

    def _returns_and_locks(
        self, batch: Batch, steps: Mapping[str, Step], policy: Policy, portal: Portal
    ) -> None:
        for id_, step in steps.items():
            mode = mode_of(step.queue, policy, self._mode)
            if step.work is Work.LOCK:
                if mode is not RoutingMode.OBSERVE:
                    row = effects.lock(step.queue) | superseded(batch.tickets[id_], policy)
                    batch.rows[id_] = row
                batch.settle(id_, Outcome.DONE, KEPT)
            elif step.work is Work.RETURN and mode is RoutingMode.ROUTE:
                batch.rows[id_] = effects.move(portal, step.queue)
                batch.settle(id_, Outcome.DONE, "sent back to their queue")
            elif step.work is Work.RETURN:
                batch.settle(id_, Outcome.DONE, "back in intake and left there")

    def _wishes(
        self, batch: Batch, steps: Mapping[str, Step], policy: Policy, portal: Portal
    ) -> None:
        wished = {i: step.queue for i, step in steps.items() if step.work is Work.HAND_OFF}
        for id_ in self._seen(batch, wished, policy):
            wished.pop(id_)
        observed = self._hand_offs.plan(batch, wished, policy, portal)
        self._observations.note(
            {i: (_version(batch.tickets[i], policy), done) for i, done in observed.items()}
        )

    def _seen(self, batch: Batch, ids: Iterable[str], policy: Policy) -> set[str]:
        """Settles those that were observed before, as they are now."""
        if RoutingMode.OBSERVE not in {mode_of(q, policy, self._mode) for q in policy.queues}:
            return set()
        seen = self._observations.seen({i: _version(batch.tickets[i], policy) for i in ids})
        for id_ in seen:
            batch.settle(id_, Outcome.DONE, "observed before")
        return seen

    def _decisions(
        self, batch: Batch, steps: Mapping[str, Step], policy: Policy, portal: Portal
    ) -> None:
        wanted = {i: s.work for i, s in steps.items() if s.work in {Work.DECIDE, Work.LOOK_AGAIN}}
        modes = {queue: mode_of(queue, policy, self._mode) for queue in policy.queues}
        for id_ in self._seen(batch, wanted, policy):
            wanted.pop(id_)
        if not wanted:
            return
        now = self._clock()
        lookup = self._clients.look_up(list(wanted), portal.has_admin_label)
        for id_, work in list(wanted.items()):
            if work is Work.LOOK_AGAIN and lookup.record(id_) is None:
                wanted.pop(id_)
                decided_at = moment(batch.tickets[id_].get(DECIDED_AT))
                self._settle_with_look(batch, id_, "still without a client", decided_at, now)
        decisions = self._decide(batch, wanted, lookup, policy)
        observed: dict[str, tuple[str, Decision]] = {}
        for id_, decision in decisions.items():
            batch.report.decisions[id_] = decision
            mode = modes.get(decision.routed_to, self._mode)
            if mode is RoutingMode.OBSERVE:
                observed[id_] = (_version(batch.tickets[id_], policy), decision)
                batch.settle(id_, Outcome.DONE, "observed")
            else:
                self._plan(batch, decision, wanted[id_], lookup, policy, portal, mode)
        self._observations.note(observed)

    def _plan(
        self,
        batch: Batch,
        decision: Decision,
        work: Work,
        lookup: Lookup,
        policy: Policy,
        portal: Portal,
        mode: RoutingMode,
    ) -> None:
        """The row of one decided ticket, and its client's flag."""
        now = self._clock()
        ticket, record = batch.tickets[decision.id], lookup.record(decision.id)
        gaps = gaps_of(record, policy.client_record)
        row = effects.client_properties(record, gaps)
        if work is Work.DECIDE or not somebody_acted(ticket, portal):
            row |= effects.routing_properties(decision, portal, mode, now)
            row |= _draft(decision, ticket, record.name if record else "", policy)
            if row.get(STAGE) == ticket.get(STAGE):
                row = effects.without_stage(row)
        batch.rows[decision.id] = row
        flag = effects.client_flag(record, gaps, now) if record else None
        if record and flag and is_client(record, policy.client_record):
            batch.flags[record.company_id] = flag
        what = DECIDED if decision.decided else TO_TRIAGE
        if record is None:
            self._settle_with_look(batch, decision.id, what, now, now)
        else:
            batch.settle(decision.id, Outcome.DONE, what)

    def _decide(
        self, batch: Batch, wanted: Iterable[str], lookup: Lookup, policy: Policy
    ) -> dict[str, Decision]:
        cases = {id_: self._case(batch.tickets[id_], lookup, policy) for id_ in wanted}
        try:
            decided = decide_batch(list(cases.values()), policy)
            return dict(zip(cases, decided, strict=True))
        except Exception:
            log.exception("batch_not_decided", tickets=list(cases))
        # One ticket is at fault; found by deciding each alone, so that it costs itself only.
        decisions: dict[str, Decision] = {}
        for id_, case in cases.items():
            try:
                decisions[id_] = decide_batch([case], policy)[0]
            except Exception as error:
                log.exception("ticket_not_decided", ticket=id_)
                why = f"it could not be decided ({type(error).__name__}); it was left untouched"
                batch.settle(id_, Outcome.RETRY, "undecidable", why=why)
        return decisions

    def _case(self, ticket: Record, lookup: Lookup, policy: Policy) -> Case:
        record = lookup.record(ticket.id)
        return Case(
            ticket=Ticket(
                id=ticket.id,
                subject=ticket.get("subject"),
                body=ticket.get("content"),
                channel=channel_of(ticket, lookup.sender(ticket.id), self._names),
                company=record.name if record else None,
                managed_services=record.managed_services if record else None,
            ),
            client=record,
            missing=gaps_of(record, policy.client_record),
        )

    def _settle_with_look(
        self, batch: Batch, id_: str, what: str, decided_at: datetime, now: datetime
    ) -> None:
        """Settle a ticket whose client is unknown: another look after 30 s, 5 min and 1 h."""
        age = (now - decided_at).total_seconds()
        next_look = next((look - age for look in LOOKS_AGAIN_S if age < look - 1), None)
        outcome = Outcome.DONE if next_look is None else Outcome.LATER
        batch.settle(id_, outcome, what, next_look)

    # ---- settle

    def _postpone(self, batch: Batch, wait_s: float, error: HubSpotError) -> None:
        """What has not been written yet waits; nobody is charged."""
        why = str(error)
        log.warning("batch_postponed", tickets=list(batch.claim.ids), wait_s=wait_s, why=why)
        outcome = self._writer.after(error)
        for id_ in batch.unfinished:
            batch.settle(id_, outcome, "postponed", wait_s, why)

    def _suspect(self, batch: Batch, error: Exception) -> None:
        """A fault of our own: the tickets come back in smaller batches, until the one that
        brings it about stands alone and is charged."""
        log.error("batch_failed", tickets=list(batch.claim.ids), exc_info=error)
        alone = len(batch.claim.ids) == 1
        why = f"the worker failed on it ({type(error).__name__}: {error})"
        for id_ in batch.unfinished:
            batch.settle(id_, Outcome.RETRY if alone else Outcome.SUSPECT, "failing", why=why)

    def _finish(self, batch: Batch) -> None:
        if self._mode is not RoutingMode.OBSERVE:
            self._writer.give_up(batch)
        settled = self._inbox.settle(batch.claim, list(batch.settlements.values()))
        report = batch.report
        report.counts = Counter(what for id_, what in batch.became.items() if id_ in settled)
        counts = Counter({f"tickets:{what}": count for what, count in report.counts.items()})
        for id_, decision in report.decisions.items():
            if batch.became.get(id_) in {DECIDED, TO_TRIAGE} and id_ in settled:
                counts[f"routed_to:{decision.routed_to}"] += 1
                counts[f"announced_by:{batch.claim.announced[id_][1]}"] += 1
        self._counters.add(counts)
        log.info("batch_routed", tickets=list(report.ids), outcome=dict(report.counts))


def _draft(decision: Decision, ticket: Record, client: str, policy: Policy) -> dict[str, str]:
    """What Level 1 can answer where the company does not help: put on the ticket, never sent, and
    taken off again where a later decision is another one.
    """
    stale = {NOTE: ""} if ticket.get(NOTE).startswith(REPLY) else {}
    if decision.routed_to != NOT_SUPPORTED:
        return stale
    reply = draft_reply(
        decision.ticket_type,
        decision.queue,
        policy.document.replies,
        type_label=policy.types[decision.ticket_type].label,
        guideline=decision.guideline,
        subject=ticket.get("subject"),
        client=client,
    )
    return {NOTE: f"{REPLY}{reply}"} if reply else stale


def _version(ticket: Record, policy: Policy) -> str:
    return f"{ticket.get('hs_lastmodifieddate')}/{policy.version}"
