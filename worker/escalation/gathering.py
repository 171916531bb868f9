"""What is on a ticket beside its first message: the texts and attachments of e-mails and notes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from worker.clients.directory import ClientDirectory
from worker.clients.record import ClientRecord
from worker.escalation.cards import Said
from worker.hubspot.errors import Rejected
from worker.hubspot.models import Record, moment
from worker.hubspot.service import HubSpotService
from worker.routing.mail import split_mail
from worker.routing.reading import plain

FILES = "hs_file_upload"
"""HubSpot: the ticket's own files, as a support form brings them."""
MOST_READ = 200_000  # characters of one text; HubSpot's hold 65,536
_DIRECTIONS = {"INCOMING_EMAIL": "E-mail received", "EMAIL": "E-mail sent"}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OnTicket:
    """The ticket's own words, then e-mails and notes, the newest first: their own words, without
    mark-up, signature or the older mail quoted beneath. `attachments` counts files and pictures
    pasted into notes; None where HubSpot does not let us see them.
    """

    subject: str
    content: str
    later: tuple[Said, ...]
    attachments: int | None

    @property
    def text(self) -> str:
        return "\n".join([self.subject, self.content, *(one.text for one in self.later)])


@dataclass(frozen=True, slots=True)
class Known:
    """What a hand-off is judged and told by: the ticket's client, where it is known, and what is
    written on the ticket.
    """

    client: ClientRecord | None
    on_ticket: OnTicket


def get_to_know(
    tickets: Collection[Record],
    known: dict[str, Known],
    hubspot: HubSpotService,
    clients: ClientDirectory,
    by_label: bool,
) -> None:
    """Fill in `known`, by ticket id, for the tickets that are not there. Association calls are
    scarce, so a batch asks once for what its hand-offs and its notices need. Raises the gateway's
    errors.
    """
    wanted = [ticket for ticket in tickets if ticket.id not in known]
    if not wanted:
        return
    lookup = clients.look_up([ticket.id for ticket in wanted], by_label)
    there = gather(hubspot, wanted)
    for ticket in wanted:
        known[ticket.id] = Known(lookup.record(ticket.id), there[ticket.id])


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
        return {ticket.id: on_ticket(ticket, None) for ticket in tickets}
    return {ticket.id: on_ticket(ticket, activities.get(ticket.id, ())) for ticket in tickets}


def on_ticket(ticket: Record, activities: Sequence[Record] | None) -> OnTicket:
    """What is on one ticket (pure). `activities` is None where they could not be read."""
    subject = ticket.get("subject")
    content = plain(ticket.get("content")[:MOST_READ])
    files = _files(ticket.get(FILES))
    if activities is None:
        return OnTicket(subject, content, (), len(files) or None)
    pictures = 0
    later: list[Said] = []
    seen = {_words(content)}
    for one in sorted(activities, key=lambda a: a.get("hs_timestamp"), reverse=True):
        files |= _files(one.get("hs_attachment_ids"))
        note = one.get("hs_note_body")[:MOST_READ]
        pictures += note.lower().count("<img")
        text = plain(note) or split_mail(plain(one.get("hs_email_text")[:MOST_READ])).own
        if text and _words(text) not in seen:
            seen.add(_words(text))
            later.append(Said(_heading(one), text))
    return OnTicket(subject, content, tuple(later), len(files) + pictures)


def _heading(activity: Record) -> str:
    kind = (
        "Note"
        if activity.get("hs_note_body")
        else _DIRECTIONS.get(activity.get("hs_email_direction"), "E-mail")
    )
    at = activity.get("hs_timestamp")
    return f"{kind}, {moment(at):%Y-%m-%d %H:%M} UTC" if at else kind


def _files(value: str) -> set[str]:
    return {file.strip() for file in value.split(";") if file.strip()}


def _words(text: str) -> str:
    """The text whatever its white space: HubSpot breaks the lines of a mail in its own way."""
    return " ".join(text.split())
