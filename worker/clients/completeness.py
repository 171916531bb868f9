"""Is a client record complete (guidelines 5.9)? One definition for tickets, flags and reports."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Protocol

from worker.clients.record import ClientRecord

CLIENT_UNKNOWN = "client unknown"
WORDS = {
    "admin_contacts": "administrative contact",
    "erp_system": "ERP system",
    "customization_summary": "customization summary",
}
# A pragmatic shape, not RFC 5322: one @, a dot in the domain, nothing a mail server would refuse.
_EMAIL = re.compile(r"[^@\s<>,;\"()]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,6}", re.IGNORECASE)


class Rules(Protocol):
    """What the policy says of a complete record: required fields, values that say nothing."""

    @property
    def required(self) -> Sequence[str]: ...
    @property
    def placeholders(self) -> Sequence[str]: ...


def missing(record: ClientRecord | None, rules: Rules) -> tuple[str, ...]:
    """What a client record lacks, in the words of the guidelines; empty when it is complete."""
    if record is None:
        return (CLIENT_UNKNOWN,)
    placeholders = {value.casefold() for value in rules.placeholders}
    held = {
        "admin_contacts": any(is_deliverable(c.email) for c in record.admin_contacts),
        "erp_system": not is_placeholder(record.erp_system, placeholders),
        "customization_summary": not is_placeholder(record.customization_summary, placeholders),
    }
    return tuple(WORDS[field] for field in rules.required if not held[field])


def is_placeholder(value: str, placeholders: Collection[str]) -> bool:
    """Whether a value says nothing: empty, or one of the (lower-case) placeholders."""
    said = " ".join(value.split()).casefold()
    return not said or said in placeholders or said.rstrip(".!?") in placeholders


def is_deliverable(email: str) -> bool:
    """Whether an address looks as if mail to it could arrive. Its length is bounded first, so
    that a hostile value costs nothing.
    """
    return len(email) <= 254 and _EMAIL.fullmatch(email.strip()) is not None
