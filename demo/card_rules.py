"""What Teams asks of a message: the envelope, the size, and the published Adaptive Card schema."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft6Validator, FormatChecker
from jsonschema.exceptions import best_match

SCHEMA = Path(__file__).parent / "schemas" / "adaptive-card-1.5.0.json"
MOST_BYTES = 28 * 1024
ADAPTIVE = "application/vnd.microsoft.card.adaptive"
_SHOWN = 300


def faults_of_message(body: bytes) -> list[str]:
    """Why Teams would not show a message; empty when it would."""
    if len(body) > MOST_BYTES:
        return [f"the message has {len(body)} bytes; Teams takes {MOST_BYTES}"]
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return [f"the message is no JSON: {error}"]
    if not isinstance(sent, dict) or sent.get("type") != "message":
        return ["`type` is not `message`"]
    attachments = sent.get("attachments")
    if not isinstance(attachments, list) or not attachments:
        return ["there are no attachments"]
    return [fault for one in attachments for fault in _faults_of_attachment(one)]


def cards_in(body: bytes) -> list[dict[str, Any]]:
    """The cards of a message without faults."""
    return [one["content"] for one in orjson.loads(body)["attachments"]]


def faults_of_card(card: Any) -> list[str]:
    """Where a card breaks the schema, in words; empty where it does not."""
    found = list(_validator().iter_errors(card))
    if not found:
        return []
    worst = best_match(found)
    place = "/".join(str(part) for part in worst.absolute_path)
    return [f"{place or 'the card'}: {worst.message[:_SHOWN]}"]


def _faults_of_attachment(one: Any) -> list[str]:
    if not isinstance(one, dict) or set(one) - {"contentType", "contentUrl", "content"}:
        return ["an attachment has something else than contentType, contentUrl and content"]
    if one.get("contentType") != ADAPTIVE:
        return [f"an attachment is no {ADAPTIVE}"]
    card = one.get("content")
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        return ["the attachment's content is no AdaptiveCard"]
    try:
        version = tuple(int(part) for part in str(card.get("version")).split("."))
    except ValueError:
        return [f"{card.get('version')!r} is no version of the schema"]
    # The schema leaves it to the reader that a card names its version (Teams: up to 1.5).
    if not (1, 0) <= version <= (1, 5):
        return [f"the card is of version {card['version']}; Teams shows 1.0 to 1.5"]
    return faults_of_card(card)


@cache
def _validator() -> Draft6Validator:
    return Draft6Validator(orjson.loads(SCHEMA.read_bytes()), format_checker=FormatChecker())
