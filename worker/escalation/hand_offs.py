"""Plans the hand-offs that agents ask for: gathers what is on the ticket, then the policy says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog

from worker.batch import Batch
from worker.clients.completeness import missing as gaps_of
from worker.clients.directory import ClientDirectory
from worker.escalation import readiness
from worker.escalation.gathering import gather
from worker.escalation.replies import draft_reply
from worker.escalation.requests import Asked, asked, hand_off, owner_of, properties
from worker.hubspot.models import Record
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Outcome
from worker.portal import Portal
from worker.routing.policy import LEVEL_1, Policy

NOT_SUPPORTED = "not_supported"
log = structlog.get_logger()


class HandOffs:
    """Turns open requests into rows to write. Raises the gateway's errors."""

    def __init__(
        self,
        hubspot: HubSpotService,
        clients: ClientDirectory,
        reaches: Callable[[str, Policy], bool],
    ) -> None:
        self._hubspot = hubspot
        self._clients = clients
        self._reaches = reaches

    def plan(self, batch: Batch, owners: Mapping[str, str], policy: Policy, portal: Portal) -> None:
        """Add a row for each ticket with an open request, carried out or refused. `owners`:
        ticket id → the queue that a person has just chosen, or empty.
        """
        wishes = {i: wish for i in owners if (wish := asked(batch.tickets[i]))}
        if not wishes:
            return
        owner = {i: owners[i] or owner_of(batch.tickets[i], portal) for i in wishes}
        from_level_1 = [i for i in wishes if owner[i] == LEVEL_1]
        lacking = self._lacking(batch, from_level_1, policy, portal)
        for id_, wish in wishes.items():
            done = hand_off(
                batch.tickets[id_], wish, owner[id_], policy, portal, lacking.get(id_, ())
            )
            batch.rows[id_] = properties(
                done,
                portal,
                bool(done.to) and self._reaches(done.to, policy),
                self._reply(batch.tickets[id_], done.to, policy),
            )
            batch.settle(id_, Outcome.DONE, "handed off" if done.to else "hand-off refused")
            self._log(id_, wish, done.to)

    def _lacking(
        self, batch: Batch, ids: Sequence[str], policy: Policy, portal: Portal
    ) -> dict[str, tuple[str, ...]]:
        """What 5.7 wants on each ticket and is not there."""
        if not ids:
            return {}
        lookup = self._clients.look_up(ids, portal.has_admin_label)
        there = gather(self._hubspot, [batch.tickets[id_] for id_ in ids])
        return {
            id_: readiness.missing(
                readiness.Gathered(
                    text=there[id_].text,
                    attachments=there[id_].attachments,
                    client_missing=gaps_of(lookup.record(id_), policy.client_record),
                )
            )
            for id_ in ids
        }

    def _reply(self, ticket: Record, to: str, policy: Policy) -> str:
        """What Level 1 can answer when a hand-off ends where the company does not help."""
        if to != NOT_SUPPORTED:
            return ""
        kind = ticket.get("routing_ticket_type")
        return draft_reply(kind, to, policy.document.replies, subject=ticket.get("subject"))

    def _log(self, id_: str, wish: Asked, to: str) -> None:
        log.info("escalation_request", ticket=id_, request=wish.name, user=wish.person, to=to)
