"""Plans the hand-offs that agents ask for: gathers what is on the ticket, then the policy says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog

from worker.batch import Batch
from worker.clients.completeness import missing as gaps_of
from worker.clients.directory import ClientDirectory, Lookup
from worker.escalation import readiness
from worker.escalation.replies import draft_reply
from worker.escalation.requests import Asked, asked, hand_off, owner_of, properties
from worker.hubspot.errors import Rejected
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
        activities = self._activities(ids)
        return {
            id_: readiness.missing(_gathered(batch.tickets[id_], lookup, activities, policy))
            for id_ in ids
        }

    def _activities(self, ids: Sequence[str]) -> dict[str, list[Record]] | None:
        try:
            return self._hubspot.activities(ids)
        except Rejected as error:
            if not error.about_access:
                raise
            log.warning("activities_not_readable", tickets=list(ids), why=str(error))
            return None

    def _reply(self, ticket: Record, to: str, policy: Policy) -> str:
        """What Level 1 can answer when a hand-off ends where the company does not help."""
        if to != NOT_SUPPORTED:
            return ""
        kind = ticket.get("routing_ticket_type")
        return draft_reply(kind, to, policy.document.replies, subject=ticket.get("subject"))

    def _log(self, id_: str, wish: Asked, to: str) -> None:
        log.info("escalation_request", ticket=id_, request=wish.name, user=wish.person, to=to)


def _gathered(
    ticket: Record, lookup: Lookup, activities: dict[str, list[Record]] | None, policy: Policy
) -> readiness.Gathered:
    notes = (activities or {}).get(ticket.id, [])
    texts = [ticket.get("subject"), ticket.get("content")]
    texts += [note.get("hs_email_text") or note.get("hs_note_body") for note in notes]
    attached = {
        one for note in notes for one in note.get("hs_attachment_ids").split(";") if one.strip()
    }
    return readiness.Gathered(
        text="\n".join(texts),
        attachments=None if activities is None else len(attached),
        client_missing=gaps_of(lookup.record(ticket.id), policy.client_record),
    )
