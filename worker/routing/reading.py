"""What of a ticket is read: its words without mark-up, no more than the policy allows."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from worker.routing.ticket import Ticket

MAX_RAW = 200_000
"""Characters looked at before mark-up is taken out; HubSpot's ticket body holds 65,536."""
MAX_SUBJECT = 1_000

# Bounded and without nesting, so that a hostile text costs no more than a long one.
_TAG = re.compile(
    r"</?(?:a|b|blockquote|body|br|center|div|em|font|h[1-6]|head|hr|html|i|img|li|meta|o:p|ol|p|"
    r"pre|s|span|strong|table|tbody|td|th|thead|tr|u|ul)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u2060\ufeff]"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Subject and body as they are classified. `cut` is how many characters were left out of
    the middle of the body (0 for all but very long tickets)."""

    subject: str
    body: str
    cut: int = 0

    @property
    def text(self) -> str:
        return f"{self.subject}\n{self.body}" if self.subject else self.body

    @property
    def empty(self) -> bool:
        """No letter and no digit anywhere."""
        return not any(char.isalnum() for char in self.text)


def read(ticket: Ticket, max_characters: int) -> Reading:
    """The words of a ticket: mark-up and invisible characters out, the middle of a text of more
    than `max_characters` left out (three quarters are the head, one quarter the tail)."""
    subject = _plain(ticket.subject[:MAX_SUBJECT])
    body = ticket.body
    cut = 0
    if len(body) > MAX_RAW:
        cut = len(body) - MAX_RAW
        body = body[: MAX_RAW * 3 // 4] + "\n" + body[-MAX_RAW // 4 :]
    body = _plain(body)
    room = max_characters - len(subject)
    if len(body) > room:
        cut += len(body) - room
        head = room * 3 // 4
        body = body[:head] + "\n" + body[len(body) - (room - head) :]
    return Reading(subject=subject, body=body, cut=cut)


def _plain(text: str) -> str:
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    return _INVISIBLE.sub("", text).strip()
