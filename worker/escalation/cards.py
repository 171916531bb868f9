"""The cards that Teams shows: one hand-off, a morning's digest, tickets that wait (pure).

Headings are ours; all that others wrote stands in text runs and has been through `plain_text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.escalation.card_drawing import (
    Card,
    make_card,
    named_line,
    open_action,
    smallest_needed,
    text_line,
    ticket_entry,
)
from worker.escalation.plain_text import harmless, harmless_lines

MOST_IN_CARD = 12
"""Tickets in a digest or ageing card; more make more cards."""
_EXCERPTS = (4000, 2000, 1000, 400, 0)  # characters, tried until the message is small enough
_SUBJECTS = (100, 60, 20)
_MOST_PARTS = 8
_MOST_LINES = 30


@dataclass(frozen=True, slots=True)
class TicketLinks:
    """Where people open a ticket. `ui_domain` is the account's (account details: `uiDomain`)."""

    portal_id: str
    ui_domain: str = "app.hubspot.com"

    def of(self, ticket_id: str) -> str:
        return f"https://{self.ui_domain}/contacts/{self.portal_id}/record/0-5/{ticket_id}"


@dataclass(frozen=True, slots=True)
class Said:
    """Something written on the ticket: what and when, and the words."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """One hand-off as its receivers need it. Labels are those of the policy; `reason` is the
    sentence on the ticket, `guideline` the section as it is cited, `gathered` what is written on
    the ticket in the order to read it, `missing` what 5.7 wants and is not there (None: nobody
    looked), `files` the number of attachments (None: they could not be read).
    """

    ticket_id: str
    link: str
    subject: str
    from_label: str
    to_label: str
    request_label: str
    reason: str
    guideline: str
    asked_at: datetime
    client: str = ""
    erp: str = ""
    customizations: str = ""
    ticket_type: str = ""
    gathered: tuple[Said, ...] = ()
    missing: tuple[str, ...] | None = ()
    files: int | None = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that waits longer than the policy allows. `waited` is working time."""

    ticket_id: str
    link: str
    subject: str
    client: str
    since: datetime
    waited: timedelta


def hand_off_card(one: Announcement) -> Card:
    """The Team Ticketing message (guidelines 5.8); the excerpt gives way where it is too long."""
    return smallest_needed(lambda most: _hand_off(one, most), _EXCERPTS)


def digest_card(several: Sequence[Announcement]) -> Card:
    """What waited for the morning, at most `MOST_IN_CARD`. Raises `ValueError` for more."""
    _not_too_many(several)

    def drawn(most: int) -> Card:
        return make_card(
            f"{len(several)} tickets were handed off outside working hours",
            [_digest_entry(one, most) for one in several],
            [],
        )

    return smallest_needed(drawn, _SUBJECTS)


def ageing_card(queue_label: str, limit_h: float, waiting: Sequence[Waiting]) -> Card:
    """Tickets of one queue that wait too long, at most `MOST_IN_CARD`. Raises `ValueError` for
    more. `limit_h` is what the policy allows, in working hours.
    """
    _not_too_many(waiting)
    many = "1 ticket waits" if len(waiting) == 1 else f"{len(waiting)} tickets wait"

    def drawn(most: int) -> Card:
        head = text_line(("Queue: ", True), (harmless(queue_label, 80), False))
        return make_card(
            f"{many} longer than {limit_h:g} working hours",
            [head, *(_waiting_entry(one, most) for one in waiting)],
            [],
        )

    return smallest_needed(drawn, _SUBJECTS)


# ---- what the cards hold


def _hand_off(one: Announcement, most: int) -> Card:
    body = [
        text_line((harmless(one.subject, 200) or "(no subject)", True), size="Medium"),
        text_line((f"{one.from_label} → {one.to_label}", True)),
        named_line("Asked for", f"{one.request_label} ({one.guideline})"),
        *([named_line("Why", one.reason, 600)] if one.reason else ()),
        *([named_line("Kind", one.ticket_type)] if one.ticket_type else ()),
        named_line("Client", one.client or "unknown"),
        named_line("ERP", one.erp or "unknown"),
        named_line("Customizations", one.customizations or "none known", 600),
        *_missing(one.missing),
        text_line(("Files: ", True), (_files(one.files), False)),
        *_gathered(one.gathered, most),
    ]
    return make_card(
        "A ticket was handed off",
        body,
        [open_action(one.link, f"Open ticket {harmless(one.ticket_id, 30)} in HubSpot")],
    )


def _missing(missing: Sequence[str] | None) -> list[Card]:
    if missing is None:
        return []
    return [named_line("Still missing", ", ".join(missing) or "nothing", 300)]


def _files(number: int | None) -> str:
    if number is None:
        return "could not be read; look at the ticket"
    return f"{number} on the ticket" if number else "none on the ticket"


def _gathered(several: Sequence[Said], most: int) -> list[Card]:
    """What is written on the ticket, each part with its share of `most` characters, so that a
    long first mail does not push out the note that was added last.
    """
    parts = [one for one in several if one.text.strip()][:_MOST_PARTS]
    if not parts:
        return [text_line(("Gathered: ", True), ("nothing is written on the ticket", False))]
    items: list[Card] = []
    room, lines_left, cut = most, _MOST_LINES, len(parts) < len(several)
    for place, one in enumerate(parts):
        left = len(parts) - place
        lines = harmless_lines(one.text, room // left, lines_left // left)
        room -= sum(map(len, lines))
        lines_left -= len(lines)
        cut |= len("".join(lines)) < len("".join(one.text.split()))
        items.append(text_line((harmless(one.heading, 80), True), spacing="Small"))
        items += [text_line((line, False), spacing="None") for line in lines]
    if cut:
        note = f"(cut; all {sum(len(one.text) for one in several):,} characters are on the ticket)"
        items.append(text_line((note, False), subtle=True, spacing="None"))
    return [{"type": "Container", "style": "emphasis", "items": items}]


def _digest_entry(one: Announcement, most: int) -> Card:
    lines = [
        text_line((harmless(one.subject, most) or "(no subject)", True)),
        text_line(
            (f"{one.from_label} → {one.to_label}, {one.request_label} ({one.guideline})", False),
            spacing="None",
        ),
        text_line(
            (f"{harmless(one.client, 60) or 'client unknown'}, {_utc(one.asked_at)}", False),
            subtle=True,
            spacing="None",
        ),
    ]
    if one.missing:
        said = harmless(", ".join(one.missing), 150)
        lines.append(text_line(("Still missing: ", True), (said, False), spacing="None"))
    return ticket_entry(lines, one.link, one.ticket_id)


def _waiting_entry(one: Waiting, most: int) -> Card:
    hours = one.waited.total_seconds() / 3600
    said = (
        f"{harmless(one.client, 60) or 'client unknown'}, here since {_utc(one.since)}, "
        f"{hours:.0f} working hours"
    )
    lines = [
        text_line((harmless(one.subject, most) or "(no subject)", True)),
        text_line((said, False), subtle=True, spacing="None"),
    ]
    return ticket_entry(lines, one.link, one.ticket_id)


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _not_too_many(entries: Sequence[object]) -> None:
    if len(entries) > MOST_IN_CARD:
        raise ValueError(f"{len(entries)} tickets are too many for a card; it takes {MOST_IN_CARD}")
