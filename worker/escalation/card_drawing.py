"""How Adaptive Cards are drawn, sent and told in plain text (pure).

Adaptive Cards 1.4 (adaptivecards.io/explorer). Text runs know no Markdown, so what others wrote
stands in these alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from worker.escalation.plain_text import harmless

Card = dict[str, Any]
MOST_BYTES = 20_000
"""Of a message. Teams takes about 28 KB, counted in its own way: others found 20,800 characters
to get through (learn.microsoft.com: incoming webhooks; github.com/atc0005/go-teams-notify, 59)."""


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


def make_card(title: str, body: list[Card], actions: list[Card]) -> Card:
    """A card under a heading of ours."""
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


def text_line(
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


def named_line(name: str, value: str, most: int = 120) -> Card:
    """A name of ours and what others wrote, at most so many characters of it."""
    return text_line((f"{name}: ", True), (harmless(value, most), False), spacing="Small")


def ticket_entry(lines: list[Card], link: str, ticket_id: str) -> Card:
    """One of several tickets; all of it leads to the ticket."""
    return {
        "type": "Container",
        "separator": True,
        "selectAction": open_action(link, f"Open ticket {harmless(ticket_id, 30)}"),
        "items": lines,
    }


def open_action(url: str, title: str) -> Card:
    """A button that opens an address."""
    return {"type": "Action.OpenUrl", "title": title, "url": url}


def _texts(element: Card) -> list[str]:
    if element["type"] == "RichTextBlock":
        return ["".join(run["text"] for run in element["inlines"])]
    lines = [line for item in element["items"] for line in _texts(item)]
    return [*lines, element["selectAction"]["url"]] if "selectAction" in element else lines


def smallest_needed(drawn: Callable[[int], Card], sizes: Sequence[int]) -> Card:
    """The fullest card whose message stays under `MOST_BYTES`."""
    card: Card = {}
    for most in sizes:
        card = drawn(most)
        if len(encoded(card)) <= MOST_BYTES:
            return card
    return card
