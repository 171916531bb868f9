"""Is a hand-off ready (guidelines 5.7)? What Level 1 gathers before it passes it on (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCREENSHOTS = "screenshots or attachments"
ERROR_MESSAGE = "the error message"
STEPS = "steps or context"
CLIENT = "the client's context"
MOST_READ = 20_000  # characters; the words below stand early or not at all
_ERROR = re.compile(
    r"\b(?:error|exception|failed|failure|denied|invalid|rejected|not found|timed? ?out|code \d+)\b"
    r"|(?<!\w)[\"“«'][^\"”»'\n]{6,160}[\"”»'](?!\w)",  # not from one apostrophe to the next
    re.IGNORECASE,
)
_STEPS = re.compile(
    r"\b(?:when (?:i|we|she|he|they|you|the client|clicking|opening|saving)|after (?:i|we|clicking)"
    r"|steps?\b|click(?:ed|s|ing)?|tried|reproduc\w+|happens|since (?:yesterday|monday|last)"
    r"|expected|instead)\b|^[ \t]*(?:\d+[.)]|[-*])\s",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is on a ticket: its texts and those of its e-mails and notes, how many attachments
    (None: HubSpot does not let us see them), and what is missing of the client's record."""

    text: str
    attachments: int | None
    client_missing: tuple[str, ...]


def missing(gathered: Gathered) -> tuple[str, ...]:
    """What 5.7 wants before Level 1 hands a ticket on, and is not there."""
    text = gathered.text[:MOST_READ]
    found = {
        SCREENSHOTS: gathered.attachments is None or gathered.attachments > 0,
        ERROR_MESSAGE: bool(_ERROR.search(text)),
        STEPS: bool(_STEPS.search(text)),
        CLIENT: not gathered.client_missing,
    }
    return tuple(what for what, there in found.items() if not there)
