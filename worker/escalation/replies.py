"""Draft replies for Level 1 to send, from the policy's templates (pure). Nothing is sent here."""

from __future__ import annotations

import string

from worker.escalation.plain_text import harmless
from worker.routing.escalation_rules import Replies

_MOST = 4000


def draft_reply(
    ticket_type: str,
    queue: str,
    replies: Replies,
    *,
    type_label: str = "",
    guideline: str = "",
    subject: str = "",
    client: str = "",
) -> str:
    """The draft for a ticket of this type, else for its queue; empty when the policy has none.

    Templates name words in braces and nothing else: no attribute, index, format or conversion
    is reached through them, and what a client wrote is put in as it is, on one line.
    """
    template = replies.types.get(ticket_type) or replies.queues.get(queue, "")
    words = {
        "ticket_type": type_label or ticket_type.replace("_", " "),
        "guideline": guideline,
        "subject": harmless(subject, 120) or "your request",
        "client": harmless(client, 120) or "your company",
    }
    # Parsed once: braces in a client's words are not looked at again.
    parts = [
        literal + (words[name] if name is not None else "")
        for literal, name, _, _ in string.Formatter().parse(template)
    ]
    return "".join(parts).strip()[:_MOST]
