"""Plans the hand-offs that agents ask for: gathers what is on the ticket, then the policy says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from config.settings import RoutingMode
from worker.clients.completeness import missing as gaps_of
from worker.clients.directory import ClientDirectory
from worker.escalation import readiness
from worker.escalation.colleagues import Colleagues
from worker.escalation.gathering import Known, get_to_know
from worker.escalation.replies import draft_reply
from worker.escalation.requests import (
    HandOff,
    asked,
    hand_off,
    owner_of,
    properties,
    suggestion,
)
from worker.escalation.trust import mode_of_all
from worker.hubspot.models import Record
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Outcome
from worker.portal import Portal
from worker.routing.policy import LEVEL_1, Policy
from worker.tickets.batch import Batch

NOT_SUPPORTED = "not_supported"
log = structlog.get_logger()


class HandOffs:
    """Turns open requests into rows to write. Raises the gateway's errors."""

    def __init__(
        self,
        hubspot: HubSpotService,
        clients: ClientDirectory,
        colleagues: Colleagues,
        reaches: Callable[[str, Policy], bool],
        overall: RoutingMode,
    ) -> None:
        self._hubspot = hubspot
        self._clients = clients
        self._colleagues = colleagues
        self._reaches = reaches
        self._overall = overall

    def plan(
        self, batch: Batch, owners: Mapping[str, str], policy: Policy, portal: Portal
    ) -> dict[str, HandOff]:
        """Add a row for each ticket with an open request: carried out, suggested or refused, as
        far as the worker is trusted with the queue it leaves and the one it goes to. `owners`:
        ticket id → the queue that a person has just chosen, or empty. Returns those that are only
        observed; for them nothing is written.
        """
        observed: dict[str, HandOff] = {}
        for id_, done in self.look(batch.tickets, owners, policy, portal, batch.known).items():
            mode = self.mode(done, policy)
            what = "handed off" if done.to else "hand-off refused"
            if mode is RoutingMode.OBSERVE:
                observed[id_] = done
                batch.settle(id_, Outcome.DONE, "asking for a hand-off, observed")
                continue
            if mode is RoutingMode.SUGGEST and done.to:
                batch.rows[id_] = suggestion(done)
                what = "hand-off suggested"
            else:
                batch.rows[id_] = self._row(done, batch.tickets[id_], policy, portal)
            if done.asked.person and done.to:
                batch.by_people.add(id_)
            # What nobody has decided yet, and is not handed on either, is decided now.
            undecided = not batch.tickets[id_].get("routing_status") and what != "handed off"
            if undecided and not done.moved:
                batch.settle(id_, Outcome.LATER, what, delay_s=0)
            else:
                batch.settle(id_, Outcome.DONE, what)
            self._log(id_, done, mode)
        return observed

    def look(
        self,
        tickets: Mapping[str, Record],
        owners: Mapping[str, str],
        policy: Policy,
        portal: Portal,
        known: dict[str, Known],
    ) -> dict[str, HandOff]:
        """What the policy makes of the open requests of some tickets; changes nothing. Whatever
        is read of the tickets for it is left in `known`.
        """
        wishes = {i: wish for i in owners if (wish := asked(tickets[i]))}
        if not wishes:
            return {}
        owner = {i: owners[i] or owner_of(tickets[i], portal) for i in wishes}
        from_level_1 = [tickets[i] for i in wishes if owner[i] == LEVEL_1]
        get_to_know(from_level_1, known, self._hubspot, self._clients, portal.has_admin_label)
        lacking = {one.id: _lacking(known[one.id], policy) for one in from_level_1}
        names = self._colleagues.names([wish.person for wish in wishes.values()])
        return {
            id_: hand_off(
                tickets[id_],
                wish,
                owner[id_],
                policy,
                portal,
                lacking.get(id_, ()),
                moved=bool(owners[id_]),
                names=names,
            )
            for id_, wish in wishes.items()
        }

    def mode(self, done: HandOff, policy: Policy) -> RoutingMode:
        """How far the worker is trusted with a hand-off: the most careful of the overall mode and
        those of the two queues.
        """
        return mode_of_all(filter(None, (done.owner, done.to)), policy, self._overall)

    def _row(self, done: HandOff, ticket: Record, policy: Policy, portal: Portal) -> dict[str, str]:
        reachable = bool(done.to) and self._reaches(done.to, policy)
        return properties(done, ticket, portal, reachable, self._reply(ticket, done.to, policy))

    def _reply(self, ticket: Record, to: str, policy: Policy) -> str:
        """What Level 1 can answer when a hand-off ends where the company does not help."""
        if to != NOT_SUPPORTED:
            return ""
        kind = ticket.get("routing_ticket_type")
        return draft_reply(kind, to, policy.document.replies, subject=ticket.get("subject"))

    def _log(self, id_: str, done: HandOff, mode: RoutingMode) -> None:
        log.info(
            "escalation_request",
            ticket=id_,
            request=done.asked.name,
            user=done.asked.person,
            to=done.to,
            mode=str(mode),
        )


def _lacking(known: Known, policy: Policy) -> tuple[str, ...]:
    """What 5.7 wants on a ticket and is not there."""
    gathered = readiness.Gathered(
        text=known.on_ticket.text,
        attachments=known.on_ticket.attachments,
        client_missing=gaps_of(known.client, policy.client_record),
    )
    return readiness.missing(gathered)
