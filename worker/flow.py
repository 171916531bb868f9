"""The way of one batch of tickets: read, resolve the client, decide, plan, apply, settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from config.portal import PortalNames
from config.settings import RoutingMode
from worker import effects
from worker.clients.completeness import missing as gaps_of
from worker.clients.directory import ClientDirectory, Lookup
from worker.counters import Counters
from worker.hubspot.errors import HubSpotError, RateLimited
from worker.hubspot.models import Reading, Record, Update, moment
from worker.hubspot.service import HubSpotService
from worker.identity import Identity
from worker.intake.channel import channel_of
from worker.intake.inbox import Claim, Inbox, Outcome, Settlement, Source
from worker.observation import Observations
from worker.portal import Portal
from worker.routing.decide import Case, decide_batch
from worker.routing.decision import Decision
from worker.routing.policy import Policy
from worker.routing.ticket import Ticket
from worker.ticket_state import (
    DECIDED_AT,
    STAGE,
    TICKET_PROPERTIES,
    Step,
    Work,
    asked_again,
    next_step,
    somebody_acted,
    trampled_move,
)

LOOKS_AGAIN_S = (30.0, 300.0, 3600.0)
OUTAGE_WAIT_S = 5.0
DECIDED, TO_TRIAGE = "decided", "to triage"
log = structlog.get_logger()


@dataclass(slots=True)
class BatchReport:
    """What became of a batch, for Flower and the log."""

    ids: tuple[str, ...]
    counts: Counter[str] = field(default_factory=Counter)
    decisions: dict[str, Decision] = field(default_factory=dict)

    def __str__(self) -> str:
        told = ", ".join(f"{count} {what}" for what, count in self.counts.most_common())
        noun = "ticket" if len(self.ids) == 1 else "tickets"
        return f"{len(self.ids)} {noun}: {told or 'nothing to do'}"


@dataclass(slots=True)
class _Batch:
    """The state of one run; every id ends with exactly one settlement."""

    claim: Claim
    report: BatchReport
    settlements: dict[str, Settlement] = field(default_factory=dict)
    became: dict[str, str] = field(default_factory=dict)
    tickets: dict[str, Record] = field(default_factory=dict)
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    flags: dict[str, Update] = field(default_factory=dict)

    def settle(
        self, id_: str, outcome: Outcome, what: str, delay_s: float | None = None, why: str = ""
    ) -> None:
        """Say how the work on an id ended; said again, the later word holds."""
        self.settlements[id_] = Settlement(id_, outcome, delay_s, why)
        self.became[id_] = what


class Flow:
    """Routes claimed batches. One per process; thread-safe as its parts are."""

    def __init__(
        self,
        hubspot: HubSpotService,
        clients: ClientDirectory,
        inbox: Inbox,
        identity: Identity,
        counters: Counters,
        observations: Observations,
        names: PortalNames,
        mode: RoutingMode,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._hubspot = hubspot
        self._clients = clients
        self._inbox = inbox
        self._identity = identity
        self._counters = counters
        self._observations = observations
        self._names = names
        self._mode = mode
        self._clock = clock

    def route(self, claim: Claim, policy: Policy, portal: Portal) -> BatchReport:
        """Take a claimed batch all the way. Never raises for a ticket's or HubSpot's fault: what
        could not be done is settled as postponed, retry or failed.
        """
        batch = _Batch(claim, BatchReport(claim.ids))
        try:
            steps = self._read(batch, portal)
            self._returns_and_locks(batch, steps, portal)
            self._decisions(batch, steps, policy, portal)
            if self._mode is not RoutingMode.OBSERVE:
                self._apply(batch, portal)
        except RateLimited as error:
            self._postpone(batch, error.retry_after_s, str(error))
        except HubSpotError as error:
            self._postpone(batch, OUTAGE_WAIT_S, str(error))
        except BaseException as error:
            self._postpone(batch, OUTAGE_WAIT_S, f"the worker failed: {error!r}")
            self._finish(batch)
            raise
        self._finish(batch)
        return batch.report

    def preview(
        self, ids: list[str], policy: Policy, portal: Portal
    ) -> dict[str, tuple[Record, Decision]]:
        """What would be decided for tickets as they are now; writes nothing. Raises the gateway's
        errors; ids that are gone are absent.
        """
        reading = self._hubspot.read("tickets", ids, TICKET_PROPERTIES)
        lookup = self._clients.look_up(list(reading.found), portal.has_admin_label)
        cases = [self._case(ticket, lookup, policy) for ticket in reading.found.values()]
        decisions = decide_batch(cases, policy)
        return {d.id: (reading.found[d.id], d) for d in decisions}

    # ---- read

    def _read(self, batch: _Batch, portal: Portal) -> dict[str, Step]:
        now = self._clock()
        reading = self._hubspot.read("tickets", batch.claim.ids, TICKET_PROPERTIES)
        self._settle_unread(batch, reading)
        batch.tickets = dict(reading.found)
        steps = {id_: next_step(ticket, portal, now) for id_, ticket in batch.tickets.items()}
        unclear = [id_ for id_, step in steps.items() if step.work is Work.ASK_HISTORY]
        if unclear:
            again = self._hubspot.read("tickets", unclear, TICKET_PROPERTIES, history=[STAGE])
            self._settle_unread(batch, again)
            for id_ in unclear:
                steps.pop(id_)
            batch.tickets |= again.found
            steps |= {id_: next_step(ticket, portal, now) for id_, ticket in again.found.items()}
        for id_ in self._inbox.reroutes(steps):
            steps[id_] = asked_again(batch.tickets[id_], portal)
        for id_, step in steps.items():
            if step.work is Work.NOTHING:
                batch.settle(id_, Outcome.DONE, "needing nothing")
        return steps

    def _settle_unread(self, batch: _Batch, reading: Reading) -> None:
        for id_ in reading.absent:
            batch.settle(id_, Outcome.DONE, "gone")
        for id_, lives_on in reading.merged.items():
            self._inbox.announce([lives_on], Source.WEBHOOK)
            batch.settle(id_, Outcome.DONE, "merged")
        for id_, why in reading.errors.items():
            batch.settle(id_, Outcome.RETRY, "unreadable", why=f"HubSpot can't read it: {why}")

    # ---- decide

    def _returns_and_locks(self, batch: _Batch, steps: Mapping[str, Step], portal: Portal) -> None:
        for id_, step in steps.items():
            if step.work is Work.LOCK:
                batch.rows[id_] = effects.lock(step.queue)
                batch.settle(id_, Outcome.DONE, "kept where a person put them")
            elif step.work is Work.RETURN:
                # In the modes that move nothing, nothing is sent back either.
                if self._mode is RoutingMode.ROUTE:
                    batch.rows[id_] = effects.move(portal, step.queue)
                batch.settle(id_, Outcome.DONE, "sent back to their queue")

    def _decisions(
        self, batch: _Batch, steps: Mapping[str, Step], policy: Policy, portal: Portal
    ) -> None:
        wanted = {i: s.work for i, s in steps.items() if s.work in {Work.DECIDE, Work.LOOK_AGAIN}}
        if self._mode is RoutingMode.OBSERVE:
            seen = self._observations.seen({i: _version(batch.tickets[i], policy) for i in wanted})
            for id_ in seen & wanted.keys():
                wanted.pop(id_)
                batch.settle(id_, Outcome.DONE, "observed before")
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
        for id_, decision in decisions.items():
            record = lookup.record(id_)
            gaps = gaps_of(record, policy.client_record)
            row = effects.client_properties(record, gaps)
            ticket = batch.tickets[id_]
            if wanted[id_] is Work.DECIDE or not somebody_acted(ticket):
                row |= effects.routing_properties(decision, portal, self._mode, now)
                if row.get(STAGE) == ticket.get(STAGE):
                    row = effects.without_stage(row)
            batch.rows[id_] = row
            batch.report.decisions[id_] = decision
            if record and (flag := effects.client_flag(record, gaps, now)):
                batch.flags[record.company_id] = flag
            what = DECIDED if decision.decided else TO_TRIAGE
            if record is None:
                self._settle_with_look(batch, id_, what, now, now)
            else:
                batch.settle(id_, Outcome.DONE, what)
        if self._mode is RoutingMode.OBSERVE:
            self._observations.note(
                {i: (_version(batch.tickets[i], policy), d) for i, d in decisions.items()}
            )

    def _decide(
        self, batch: _Batch, wanted: Iterable[str], lookup: Lookup, policy: Policy
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
        self, batch: _Batch, id_: str, what: str, decided_at: datetime, now: datetime
    ) -> None:
        """Settle a ticket whose client is unknown: another look after 30 s, 5 min and 1 h."""
        age = (now - decided_at).total_seconds()
        next_look = next((look - age for look in LOOKS_AGAIN_S if age < look - 1), None)
        outcome = Outcome.DONE if next_look is None else Outcome.LATER
        batch.settle(id_, outcome, what, next_look)

    # ---- apply

    def _apply(self, batch: _Batch, portal: Portal) -> None:
        """Write tickets, then look back at those that moved, then write the clients' flags."""
        held = self._inbox.held(batch.claim, batch.rows)
        rows = [Update(id_, row) for id_, row in batch.rows.items() if id_ in held]
        if not rows:
            return
        writing = self._hubspot.update("tickets", rows)
        for id_, error in writing.unknown.items():
            self._unknown(batch, id_, error)
        if writing.refused:
            self._write_refused(batch, writing.refused)
        moved = {id_ for id_ in writing.written if STAGE in batch.rows[id_]}
        self._look_back(batch, moved, portal)
        self._flag_clients(batch)

    def _unknown(self, batch: _Batch, id_: str, error: HubSpotError) -> None:
        """Nobody knows whether the row was written: the ticket starts again at reading."""
        wait = error.retry_after_s if isinstance(error, RateLimited) else OUTAGE_WAIT_S
        batch.settle(id_, Outcome.POSTPONED, "postponed", wait, str(error))

    def _write_refused(self, batch: _Batch, refused: Mapping[str, str]) -> None:
        """A rule of the portal refuses the row: say so on the ticket and leave it in its stage."""
        now = self._clock()
        rows = []
        for id_, why in refused.items():
            log.warning("ticket_refused", ticket=id_, hubspot_said=why)
            sentence = (
                f"HubSpot refused to move this ticket: {why} The ticket was left in its stage. "
                "Fill what is missing or change the rule, then run "
                f"`ticket-worker failed retry {id_}`."
            )
            rows.append(
                Update(id_, effects.without_stage(batch.rows[id_]) | effects.failed(sentence, now))
            )
            batch.settle(id_, Outcome.FAILED, "refused by HubSpot", why=sentence)
        writing = self._hubspot.update("tickets", rows)
        last = [
            Update(row.id, effects.failed(batch.settlements[row.id].why, now))
            for row in rows
            if row.id in writing.refused
        ]
        if last:
            self._hubspot.update("tickets", last)

    def _look_back(self, batch: _Batch, moved: set[str], portal: Portal) -> None:
        """HubSpot has no compare-and-set: a person's move that our write went over is put back."""
        if not moved:
            return
        after = self._hubspot.read("tickets", sorted(moved), [STAGE], history=[STAGE, DECIDED_AT])
        restored = []
        for id_, record in after.found.items():
            self._identity.learn(record)
            lost = trampled_move(batch.tickets[id_], record, batch.rows[id_][STAGE])
            if lost is None:
                continue
            log.info("person_move_restored", ticket=id_, stage=lost.stage_id, user=lost.person)
            row = {"hs_pipeline": portal.pipeline_id, STAGE: lost.stage_id}
            queue = portal.queue_of.get(lost.stage_id)
            restored.append(
                Update(id_, row | (effects.lock(queue) if queue else {"routing_status": "locked"}))
            )
            batch.settle(id_, Outcome.DONE, "kept where a person put them")
        if restored:
            self._hubspot.update("tickets", restored)

    def _flag_clients(self, batch: _Batch) -> None:
        if not batch.flags:
            return
        writing = self._hubspot.update("companies", list(batch.flags.values()))
        self._clients.forget(batch.flags)
        self._counters.add({"clients_flagged": len(writing.written)})
        for company_id, why in writing.refused.items():
            log.warning("client_flag_refused", company=company_id, hubspot_said=why)

    # ---- settle

    def _postpone(self, batch: _Batch, wait_s: float, why: str) -> None:
        """What has not been written yet waits; nobody is charged."""
        log.warning("batch_postponed", tickets=list(batch.claim.ids), wait_s=wait_s, why=why)
        done = {i for i, s in batch.settlements.items() if i not in batch.rows}
        for id_ in batch.claim.ids:
            if id_ not in done:
                batch.settle(id_, Outcome.POSTPONED, "postponed", wait_s, why)

    def _finish(self, batch: _Batch) -> None:
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


def _version(ticket: Record, policy: Policy) -> str:
    return f"{ticket.get('hs_lastmodifieddate')}/{policy.version}"
