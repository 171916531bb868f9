"""Is a client record complete (guidelines 5.9)? One definition for tickets, flags and reports."""

from __future__ import annotations

import re
from collections.abc import Collection

from worker.clients.record import ClientRecord

CLIENT_UNKNOWN = "client unknown"
PLACEHOLDERS = frozenset(
    {"", "-", "--", "?", "??", "n/a", "na", "n.a.", "none", "null", "nil", "tbd", "tba", "unknown"}
    | {
        "to be determined",
        "not available",
        "not applicable",
        "x",
        "xx",
        "xxx",
        ".",
        "pending",
        "todo",
    }
)
# A pragmatic shape, not RFC 5322: one @, a dot in the domain, nothing a mail server would refuse.
_EMAIL = re.compile(r"[^@\s<>,;\"()]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,6}", re.IGNORECASE)


def is_placeholder(value: str, more: Collection[str] = ()) -> bool:
    """Whether a value says nothing: empty, "n/a", "tbd" and the like."""
    said = value.strip().lower().rstrip(".!")
    return said in PLACEHOLDERS or value.strip().lower() in PLACEHOLDERS or said in more


def is_deliverable(email: str) -> bool:
    """Whether an address looks as if mail to it could arrive. Its length is bounded first, so
    a hostile value costs nothing.
    """
    return len(email) <= 254 and _EMAIL.fullmatch(email.strip()) is not None


def missing(record: ClientRecord | None, placeholders: Collection[str] = ()) -> tuple[str, ...]:
    """What a client record lacks, in the words of the guidelines; empty when it is complete."""
    if record is None:
        return (CLIENT_UNKNOWN,)
    gaps = []
    if not any(is_deliverable(contact.email) for contact in record.admin_contacts):
        gaps.append("administrative contact")
    if is_placeholder(record.erp_system, placeholders):
        gaps.append("ERP system")
    if is_placeholder(record.customization_summary, placeholders):
        gaps.append("customization summary")
    return tuple(gaps)
