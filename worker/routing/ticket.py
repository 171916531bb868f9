"""What a decision reads of a ticket, wherever it came from: HubSpot, a file, a draft."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """How a ticket reached us. `internal`: written by our own staff; `alert`: by a machine."""

    EMAIL = "email"
    FORM = "form"
    CHAT = "chat"
    INTERNAL = "internal"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Text and circumstances of one ticket. Unknown circumstances are None, never guessed."""

    id: str
    subject: str
    body: str
    channel: Channel | None = None
    company: str | None = None
    managed_services: bool | None = None
