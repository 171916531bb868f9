"""Applies what a batch has planned: tickets first, then a look back, then the clients' flags."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import structlog

from worker.clients.directory import ClientDirectory
from worker.escalation.requests import NOTE, newer_request, not_moved
from worker.hubspot.errors import HubSpotError, RateLimited, RowFailed
from worker.hubspot.models import Record, Update
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Inbox, Outcome
from worker.portal import Portal
from worker.processes.counters import Counters
from worker.tickets import effects
from worker.tickets.batch import KEPT, Batch
from worker.tickets.identity import Identity
from worker.tickets.lookback import LookBacks
from worker.tickets.loops import MOST_A_DAY, MoveBound
from worker.tickets.state import HANDLED_AT, OURS, REQUEST, STAGE, unseen_move
from worker.tickets.trampled_moves import trampled_move

OUTAGE_WAIT_S = (2.0, 8.0)  # between these, so that a backlog does not come back at once
MOST_LOOKS = 4  # at one ticket in a row; then the rest of its batch has waited long enough
LOOKS_ON_S = 1.0  # until such a ticket is looked at again
LOOKED_AT = (STAGE, "routing_queue", "hs_lastmodifieddate", REQUEST, HANDLED_AT)
LOOKED_BACK_AT = (STAGE, REQUEST, *OURS)
log = structlog.get_logger()


def outage_wait_s() -> float:
    """How long a batch waits after an answer that could not be used."""
    return random.uniform(*OUTAGE_WAIT_S)  # noqa: S311 - a wait, not a secret


def spread(wait_s: float) -> float:
    """A wait that HubSpot or a limit demands, with up to a fifth more, so that batches which
    were stopped together don't come back together."""
    return wait_s * random.uniform(1.0, 1.2)  # noqa: S311


def _is_about_portal(refusal: str) -> bool:
    """HubSpot's codes for a property or an option that does not exist."""
    return "PROPERTY_DOESNT_EXIST" in refusal or "INVALID_OPTION" in refusal


class Writer:
    """Writes to HubSpot for the flow. Raises the gateway's errors where nothing is known of any
    row; what is known of single rows it settles on the batch.
    """

    def __init__(
        self,
        hubspot: HubSpotService,
        clients: ClientDirectory,
        inbox: Inbox,
        identity: Identity,
        counters: Counters,
        lookbacks: LookBacks,
        bound: MoveBound,
        clock: Callable[[], datetime],
        portal_changed: Callable[[], None],
        hubspot_is_away: Callable[[], bool],
    ) -> None:
        self._hubspot = hubspot
        self._clients = clients
        self._inbox = inbox
        self._identity = identity
        self._counters = counters
        self._lookbacks = lookbacks
        self._bound = bound
        self._clock = clock
        self._portal_changed = portal_changed
        self._hubspot_is_away = hubspot_is_away

    def write(self, batch: Batch, portal: Portal) -> None:
        """Write tickets, then look back at those that moved, then write the clients' flags."""
        self._stop_loops(batch, portal)
        held = self._inbox.held(batch.claim, batch.claim.ids)
        batch.drop(id_ for id_ in batch.claim.ids if id_ not in held)
        rows = [Update(id_, row) for id_, row in batch.rows.items()]
        if not rows:
            return
        moves = [row.id for row in rows if row.properties.keys() & {STAGE, REQUEST}]
        seen = {id_: batch.tickets[id_].get("hs_lastmodifieddate") for id_ in moves}
        self._lookbacks.note(seen)
        writing = self._hubspot.update("tickets", rows)
        self._bound.moved([i for i in writing.written if STAGE in batch.rows[i]])
        for id_, error in writing.unknown.items():
            self._unknown(batch, id_, error)
        if writing.refused:
            self._lookbacks.done(writing.refused.keys())
            stale = {i: why for i, why in writing.refused.items() if _is_about_portal(why)}
            self._portal_is_stale(batch, stale)
            others = {i: why for i, why in writing.refused.items() if i not in stale}
            hand_offs = {i: why for i, why in others.items() if REQUEST in batch.rows[i]}
            self._write_refused(batch, {i: w for i, w in others.items() if i not in hand_offs})
            self._hand_offs_refused(batch, hand_offs, portal)
        self.look_back(batch, {i: m for i, m in seen.items() if i in writing.written}, portal)
        self._flag_clients(batch)

    def _stop_loops(self, batch: Batch, portal: Portal) -> None:
        """A ticket that something keeps sending back is left where it is, and says so. What a
        person asks for is carried out however often."""
        moves = [i for i, row in batch.rows.items() if STAGE in row and i not in batch.by_people]
        stopped = self._bound.over(moves)
        for id_ in stopped:
            sentence = (
                f"This ticket was moved {MOST_A_DAY} times within a day and kept coming back. It "
                "was left where it is. Find the workflow that sends it back, then run "
                f"`ticket-worker failed retry {id_}`."
            )
            log.error("ticket_moves_in_circles", ticket=id_)
            row = effects.failed(sentence, self._clock())
            if HANDLED_AT in batch.rows[id_]:  # a machine's request, answered so that it ends
                asked_at = batch.rows[id_][HANDLED_AT]
                row |= {REQUEST: "", HANDLED_AT: asked_at, NOTE: sentence}
                if wish := unseen_move(batch.tickets[id_], portal):
                    row["routing_queue"] = wish.queue  # what was handled counts as seen
            batch.rows[id_] = row
            batch.settle(id_, Outcome.FAILED, "moving in circles", why=sentence)
        self._counters.add({"loops_stopped": len(stopped)})

    def _unknown(self, batch: Batch, id_: str, error: HubSpotError) -> None:
        """Nobody knows whether the row was written: the ticket starts again at reading."""
        if isinstance(error, RowFailed):
            # The others of the batch went through, so this is about the ticket and has an end.
            batch.settle(
                id_, Outcome.RETRY, "failed at HubSpot", why=f"HubSpot failed on it: {error}"
            )
            return
        wait = error.retry_after_s if isinstance(error, RateLimited) else outage_wait_s()
        batch.settle(id_, self.after(error), "postponed", wait, str(error))

    def after(self, error: HubSpotError) -> Outcome:
        """How a batch ends that HubSpot did not let through. Where it answers others, one of the
        tickets may be why it fails."""
        if isinstance(error, RateLimited) or self._hubspot_is_away():
            return Outcome.POSTPONED
        return Outcome.UNSURE

    def _portal_is_stale(self, batch: Batch, refused: Mapping[str, str]) -> None:
        """A stage, option or property that we write is gone: the portal is read anew, and the
        tickets are tried again under what it says then."""
        if not refused:
            return
        self._portal_changed()
        for id_, why in refused.items():
            log.warning("portal_has_changed", ticket=id_, hubspot_said=why)
            batch.settle(
                id_, Outcome.RETRY, "waiting for the portal", why=f"HubSpot refused: {why}"
            )

    def _write_refused(self, batch: Batch, refused: Mapping[str, str]) -> None:
        """A rule of the portal refuses the row: say so on the ticket and leave it in its stage."""
        if not refused:
            return
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

    def _hand_offs_refused(self, batch: Batch, refused: Mapping[str, str], portal: Portal) -> None:
        """A rule of the portal forbids what an agent asked for: the ticket stays with its queue,
        nobody is told of a hand-off, and the request is answered so that it ends."""
        if not refused:
            return
        rows = []
        for id_, why in refused.items():
            log.warning("hand_off_refused", ticket=id_, hubspot_said=why)
            batch.rows[id_] = not_moved(batch.rows[id_], batch.tickets[id_], portal, why)
            rows.append(Update(id_, batch.rows[id_]))
            batch.settle(id_, Outcome.DONE, "hand-off refused by HubSpot")
        writing = self._hubspot.update("tickets", rows)
        for id_, error in writing.unknown.items():
            self._unknown(batch, id_, error)
        for id_, why in writing.refused.items():
            sentence = f"HubSpot refused to answer the request on this ticket: {why}"
            batch.settle(id_, Outcome.FAILED, "refused by HubSpot", why=sentence)

    def look_back(
        self, batch: Batch, seen: Mapping[str, str], portal: Portal, times: int = 1
    ) -> None:
        """HubSpot has no compare-and-set: a person's move or request that our write went over is
        put back. Putting back is a write too, so it is looked back at in its turn.

        `seen`: ticket id → last-modified time of the state that our write was decided on.
        """
        if not seen:
            return
        after = self._hubspot.read("tickets", sorted(seen), LOOKED_AT, LOOKED_BACK_AT)
        for record in after.found.values():
            self._identity.learn(record)
        for id_, why in after.errors.items():
            # Its note stands, so the next taking up looks back.
            batch.settle(id_, Outcome.RETRY, "unreadable", why=f"HubSpot can't read it: {why}")
        restored: dict[str, Update] = {}
        for id_, record in after.found.items():
            if row := self._trampled(batch, record, seen[id_], portal):
                restored[id_] = Update(id_, row)
        self._lookbacks.done(seen.keys() - after.errors.keys() - restored.keys())
        if not restored:
            return
        # The earlier notes stand until it is known that the move was put back: with a newer one, a
        # restoration that never arrived would not be made again.
        writing = self._hubspot.update("tickets", list(restored.values()))
        self._counters.add({"person_moves_restored": len(writing.written)})
        for id_, error in writing.unknown.items():
            self._unknown(batch, id_, error)
        for id_, refusal in writing.refused.items():
            log.warning("person_move_not_restored", ticket=id_, hubspot_said=refusal)
            why = f"a person's move was written over and HubSpot refuses to put it back: {refusal}"
            batch.settle(id_, Outcome.RETRY, "not put back", why=why)
        done = {id_: after.found[id_].get("hs_lastmodifieddate") for id_ in writing.written}
        self._lookbacks.note(done, again=True)
        if times < MOST_LOOKS:
            self.look_back(batch, done, portal, times + 1)
        else:
            # The notes stand, so the next run looks again; nobody is kept waiting for these.
            for id_ in done:
                batch.settle(id_, Outcome.LATER, KEPT, LOOKS_ON_S)

    def _trampled(self, batch: Batch, record: Record, seen: str, portal: Portal) -> dict[str, str]:
        """What has to be written so that the newest human wish stands; empty when it does."""
        row: dict[str, str] = {}
        if lost := trampled_move(seen, record, self._identity.source_id):
            who, stage = lost.person, lost.stage_id
            log.info("person_move_restored", ticket=record.id, stage=stage, user=who)
            queue = portal.queue_of.get(stage)
            row |= effects.lock(queue) if queue else {"routing_status": "locked"}
            row |= {"hs_pipeline": portal.pipeline_id, STAGE: stage}
            batch.settle(record.id, Outcome.DONE, KEPT)
        if wish := newer_request(record, self._identity.source_id):
            log.info("newer_request_kept", ticket=record.id, request=wish)
            row[REQUEST] = wish
            batch.settle(record.id, Outcome.LATER, "asked for again", delay_s=0)
        return row

    def _flag_clients(self, batch: Batch) -> None:
        """Flags are no ticket's business: when they can't be written, the next ticket of the
        client or the nightly sweep writes them."""
        if not batch.flags:
            return
        try:
            writing = self._hubspot.update("companies", list(batch.flags.values()))
        except HubSpotError as error:
            log.warning("clients_not_flagged", companies=list(batch.flags), why=str(error))
            return
        self._clients.forget(batch.flags)
        self._counters.add({"clients_flagged": len(writing.written)})
        for company_id, why in writing.refused.items():
            log.warning("client_flag_refused", company=company_id, hubspot_said=why)

    def look_back_at_unlooked(self, batch: Batch, portal: Portal) -> None:
        """Look back at moves whose writer died before it could."""
        self.look_back(batch, self._lookbacks.open(batch.tickets), portal)

    def set_aside(self, ids: Collection[str], why: str) -> None:
        """Tickets that no worker survives: say so on the ticket, as far as HubSpot lets us."""
        now = self._clock()
        for id_ in ids:
            self._inbox.fail(id_, why)
            log.error("ticket_set_aside", ticket=id_, why=why)
        try:
            self._hubspot.update("tickets", [Update(id_, effects.failed(why, now)) for id_ in ids])
        except HubSpotError as error:
            log.warning("failure_not_written", tickets=list(ids), why=str(error))

    def give_up(self, batch: Batch) -> None:
        """Tickets whose last attempt failed are set aside; the ticket itself says so."""
        alone = batch.claim.ids if len(batch.claim.ids) == 1 else ()
        unsure = [i for i in alone if batch.ends(i) is Outcome.UNSURE]
        in_doubt = self._inbox.in_doubt(unsure)
        lost = [
            s
            for s in batch.settlements.values()
            if s.id in in_doubt
            or (s.outcome is Outcome.RETRY and self._inbox.attempts_left(s.id) <= 0)
        ]
        if not lost:
            return
        rows = []
        for one in lost:
            sentence = (
                f"This ticket could not be routed: {one.why}. It was left in its stage. Route it "
                f"by hand, or run `ticket-worker failed retry {one.id}`."
            )
            rows.append(Update(one.id, effects.failed(sentence, self._clock())))
            batch.settle(one.id, Outcome.FAILED, "set aside", why=sentence)
        try:
            self._hubspot.update("tickets", rows)
        except HubSpotError as error:
            log.warning("failure_not_written", tickets=[r.id for r in rows], why=str(error))
