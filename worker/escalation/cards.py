"""The Adaptive Cards that Teams shows: one hand-off, a morning's digest, tickets that wait (pure).

Adaptive Cards 1.4 (adaptivecards.io/explorer). Headings are ours; all that others wrote stands in
text runs, where no Markdown is known, and has been through `plain_text`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from worker.escalation.plain_text import harmless, harmless_lines

Card = dict[str, Any]
MOST_BYTES = 20_000
"""Of a message. Teams takes about 28 KB, counted in its own way: others found 20,800 characters
to get through (learn.microsoft.com: incoming webhooks; github.com/atc0005/go-teams-notify, 59)."""
MOST_IN_CARD = 12
"""Tickets in a digest or ageing card; more make more cards."""
_EXCERPTS = (4000, 2000, 1000, 400, 0)  # characters, tried until the message is small enough
_SUBJECTS = (100, 60, 20)
_MOST_FILES = 20
_MOST_LINES = 30


@dataclass(frozen=True, slots=True)
class TicketLinks:
    """Where people open a ticket. `ui_domain` is the account's (account details: `uiDomain`)."""

    portal_id: str
    ui_domain: str = "app.hubspot.com"

    def of(self, ticket_id: str) -> str:
        return f"https://{self.ui_domain}/contacts/{self.portal_id}/record/0-5/{ticket_id}"


@dataclass(frozen=True, slots=True)
class Announcement:
    """One hand-off as its receivers need it. Labels are those of the policy; `reason` is the
    sentence on the ticket, `guideline` a section, `gathered` what is written on the ticket, `files`
    the names of attachments and `unnamed_files` how many there are without a known name (None:
    they could not be read).
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
    gathered: str = ""
    missing: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    unnamed_files: int | None = 0


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
    return _smallest_needed(lambda most: _hand_off(one, most), _EXCERPTS)


def digest_card(several: Sequence[Announcement]) -> Card:
    """What waited for the morning, at most `MOST_IN_CARD`. Raises `ValueError` for more."""
    _not_too_many(several)

    def drawn(most: int) -> Card:
        return _card(
            f"{len(several)} tickets were handed off outside working hours",
            [_digest_entry(one, most) for one in several],
            [],
        )

    return _smallest_needed(drawn, _SUBJECTS)


def ageing_card(queue_label: str, limit_h: float, waiting: Sequence[Waiting]) -> Card:
    """Tickets of one queue that wait too long, at most `MOST_IN_CARD`. Raises `ValueError` for
    more. `limit_h` is what the policy allows, in working hours.
    """
    _not_too_many(waiting)
    many = "1 ticket waits" if len(waiting) == 1 else f"{len(waiting)} tickets wait"

    def drawn(most: int) -> Card:
        head = _line(("Queue: ", True), (harmless(queue_label, 80), False))
        return _card(
            f"{many} longer than {limit_h:g} working hours",
            [head, *(_waiting_entry(one, most) for one in waiting)],
            [],
        )

    return _smallest_needed(drawn, _SUBJECTS)


def message(card: Card) -> dict[str, Any]:
    """The body that a Workflows webhook takes (learn.microsoft.com: create incoming webhooks with
    Workflows).
    """
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def encoded(card: Card) -> bytes:
    """The message as it is sent."""
    return json.dumps(message(card), ensure_ascii=False, separators=(",", ":")).encode()


def as_text(card: Card) -> tuple[str, str]:
    """Title and body for receivers that show no cards; links stand in the text."""
    title, *rest = card["body"]
    lines = [line for element in rest for line in _texts(element)]
    lines += [f"{action['title']}: {action['url']}" for action in card.get("actions", ())]
    return title["text"], "\n".join(lines)


# ---- what the cards hold


def _hand_off(one: Announcement, most: int) -> Card:
    body = [
        _line((harmless(one.subject, 200) or "(no subject)", True), size="Medium"),
        _line((f"{one.from_label} → {one.to_label}", True)),
        _field("Asked for", f"{one.request_label} (guidelines {one.guideline})"),
        _field("Why", one.reason, 600),
        _field("Client", one.client or "unknown"),
        _field("ERP", one.erp or "unknown"),
        _field("Customizations", one.customizations or "none known", 600),
        _field("Still missing", ", ".join(one.missing) or "nothing", 300),
        _line(("Files: ", True), (_files(one.files, one.unnamed_files), False)),
        *_gathered(one.gathered, most),
    ]
    return _card(
        "A ticket was handed off",
        body,
        [_open(one.link, f"Open ticket {harmless(one.ticket_id, 30)} in HubSpot")],
    )


def _files(names: Sequence[str], unnamed: int | None) -> str:
    if unnamed is None:
        return "could not be read; look at the ticket"
    shown = ", ".join(harmless(name, 80) for name in names[:_MOST_FILES])
    more = max(0, len(names) - _MOST_FILES) + unnamed
    if not shown:
        return f"{more} on the ticket" if more else "none on the ticket"
    return f"{shown} and {more} more on the ticket" if more else shown


def _gathered(text: str, most: int) -> list[Card]:
    lines = harmless_lines(text, most, _MOST_LINES)
    if not text.strip():
        return [_line(("Gathered: ", True), ("nothing is written on the ticket", False))]
    items = [_line((line, False), spacing="None") for line in lines]
    if not lines or len("".join(lines)) < len("".join(text.split())):
        note = f"(cut; all {len(text):,} characters are on the ticket)"
        items.append(_line((note, False), subtle=True, spacing="None"))
    box = {"type": "Container", "style": "emphasis", "items": items}
    return [_line(("Gathered", True)), box]


def _digest_entry(one: Announcement, most: int) -> Card:
    lines = [
        _line((harmless(one.subject, most) or "(no subject)", True)),
        _line(
            (f"{one.from_label} → {one.to_label}, {one.request_label} ({one.guideline})", False),
            spacing="None",
        ),
        _line(
            (f"{harmless(one.client, 60) or 'client unknown'}, {_utc(one.asked_at)}", False),
            subtle=True,
            spacing="None",
        ),
    ]
    if one.missing:
        said = harmless(", ".join(one.missing), 150)
        lines.append(_line(("Still missing: ", True), (said, False), spacing="None"))
    return _entry(lines, one.link, one.ticket_id)


def _waiting_entry(one: Waiting, most: int) -> Card:
    hours = one.waited.total_seconds() / 3600
    said = (
        f"{harmless(one.client, 60) or 'client unknown'}, here since {_utc(one.since)}, "
        f"{hours:.0f} working hours"
    )
    lines = [
        _line((harmless(one.subject, most) or "(no subject)", True)),
        _line((said, False), subtle=True, spacing="None"),
    ]
    return _entry(lines, one.link, one.ticket_id)


# ---- how they are drawn


def _card(title: str, body: list[Card], actions: list[Card]) -> Card:
    heading = {
        "type": "TextBlock",
        "text": title,
        "weight": "Bolder",
        "size": "Large",
        "wrap": True,
    }
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": title,
        "body": [heading, *body],
        **({"actions": actions} if actions else {}),
    }


def _line(
    *runs: tuple[str, bool], size: str = "Default", subtle: bool = False, spacing: str = "Default"
) -> Card:
    """A line of runs: text, and whether it is bold."""
    return {
        "type": "RichTextBlock",
        "spacing": spacing,
        "inlines": [
            {
                "type": "TextRun",
                "text": text,
                **({"weight": "Bolder"} if bold else {}),
                **({"size": size} if size != "Default" else {}),
                **({"isSubtle": True} if subtle else {}),
            }
            for text, bold in runs
        ],
    }


def _field(name: str, value: str, most: int = 120) -> Card:
    return _line((f"{name}: ", True), (harmless(value, most), False), spacing="Small")


def _entry(lines: list[Card], link: str, ticket_id: str) -> Card:
    return {
        "type": "Container",
        "separator": True,
        "selectAction": _open(link, f"Open ticket {harmless(ticket_id, 30)}"),
        "items": lines,
    }


def _open(url: str, title: str) -> Card:
    return {"type": "Action.OpenUrl", "title": title, "url": url}


def _texts(element: Card) -> list[str]:
    if element["type"] == "RichTextBlock":
        return ["".join(run["text"] for run in element["inlines"])]
    lines = [line for item in element["items"] for line in _texts(item)]
    return [*lines, element["selectAction"]["url"]] if "selectAction" in element else lines


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _not_too_many(entries: Sequence[object]) -> None:
    if len(entries) > MOST_IN_CARD:
        raise ValueError(f"{len(entries)} tickets are too many for a card; it takes {MOST_IN_CARD}")


def _smallest_needed(drawn: Callable[[int], Card], sizes: Sequence[int]) -> Card:
    """The fullest card whose message stays under `MOST_BYTES`."""
    card: Card = {}
    for most in sizes:
        card = drawn(most)
        if len(encoded(card)) <= MOST_BYTES:
            return card
    return card
