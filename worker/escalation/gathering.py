"""What is on a ticket beside its first message: the texts and attachments of e-mails and notes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from worker.hubspot.errors import Rejected
from worker.hubspot.models import Record
from worker.hubspot.service import HubSpotService

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OnTicket:
    """The ticket's own text first, then what came after it. `attachments` is None where HubSpot
    does not let us see them.
    """

    texts: tuple[str, ...]
    attachments: int | None

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def gather(hubspot: HubSpotService, tickets: Collection[Record]) -> dict[str, OnTicket]:
    """Read it for some tickets, by ticket id. An app that may not read e-mails and notes sees the
    tickets' own texts alone. Raises the gateway's other errors.
    """
    ids = [ticket.id for ticket in tickets]
    try:
        activities = hubspot.activities(ids)
    except Rejected as error:
        if not error.about_access:
            raise
        log.warning("activities_not_readable", tickets=ids, why=str(error))
        return {ticket.id: OnTicket(_own(ticket), None) for ticket in tickets}
    return {ticket.id: _on(ticket, activities.get(ticket.id, ())) for ticket in tickets}


def _on(ticket: Record, activities: Sequence[Record]) -> OnTicket:
    later = (one.get("hs_email_text") or one.get("hs_note_body") for one in activities)
    attached = {
        file
        for one in activities
        for file in one.get("hs_attachment_ids").split(";")
        if file.strip()
    }
    own = _own(ticket)
    return OnTicket((*own, *(text for text in later if text and text not in own)), len(attached))


def _own(ticket: Record) -> tuple[str, ...]:
    return (ticket.get("subject"), ticket.get("content"))
