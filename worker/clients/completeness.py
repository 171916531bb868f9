"""Is a client record complete (guidelines 5.9)? One definition for tickets, flags and reports."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from worker.clients.record import AdminContact, ClientRecord
from worker.clients.rules import ClientRecordRules, Freshness, Having, RecordField

CLIENT_UNKNOWN = "client unknown"
DAYS_A_MONTH = 30.44
# A pragmatic shape, not RFC 5322: one @, a dot in the domain, nothing a mail server would refuse.
_EMAIL = re.compile(r"[^@\s<>,;\"()]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,6}", re.IGNORECASE)
_YES = frozenset({"true", "yes"})


class Why(StrEnum):
    """Why a field counts as missing."""

    ABSENT = "missing"
    UNREACHABLE = "nobody who can be reached"
    NOT_ALLOWED = "not an allowed value"
    STALE = "not confirmed lately"


@dataclass(frozen=True, slots=True)
class Gap:
    """A field that a client record lacks, why, and the words that people read."""

    field: str
    why: Why
    words: str


def missing(record: ClientRecord | None, rules: ClientRecordRules) -> tuple[str, ...]:
    """What a client record lacks, in the words of the guidelines; empty when it is complete."""
    if record is None:
        return (CLIENT_UNKNOWN,)
    return tuple(gap.words for gap in gaps(record, rules))


def gaps(record: ClientRecord, rules: ClientRecordRules) -> tuple[Gap, ...]:
    """What a client record lacks, as of the moment it was read, in the order of the policy."""
    found = []
    for field in required_of(record, rules):
        why = _contacts_lack(record, rules) if field == _ADMINS else _lacks(field, record, rules)
        if why:
            found.append(Gap(field, why, _in_words(field, why, rules)))
    return tuple(found)


def is_client(record: ClientRecord, rules: ClientRecordRules) -> bool:
    """Whether the policy counts a company among the clients; without a filter all are."""
    return rules.clients is None or _has(record, rules.clients)


def required_of(record: ClientRecord, rules: ClientRecordRules) -> tuple[str, ...]:
    """The fields that this client's record must hold."""
    wanted = list(rules.required)
    for condition in rules.conditions:
        if _has(record, condition.where):
            wanted += condition.required
    return tuple(dict.fromkeys(wanted))


def is_placeholder(value: str, placeholders: Collection[str]) -> bool:
    """Whether a value says nothing: no letter and no digit in it, or one of the (lower-case)
    placeholders.
    """
    said = " ".join(value.split()).casefold()
    if not any(character.isalnum() for character in said):
        return True
    return said in placeholders or said.rstrip(" .!?") in placeholders


def is_deliverable(email: str) -> bool:
    """Whether an address looks as if mail to it could arrive. Its length is bounded first, so
    that a hostile value costs nothing.
    """
    return len(email) <= 254 and _EMAIL.fullmatch(email.strip()) is not None


_ADMINS = RecordField.ADMIN_CONTACTS.value


def _contacts_lack(record: ClientRecord, rules: ClientRecordRules) -> Why | None:
    if not record.admin_contacts:
        return Why.ABSENT
    reachable = [one for one in record.admin_contacts if is_reachable(one)]
    if not reachable:
        return Why.UNREACHABLE
    fresh = rules.fresh.get(_ADMINS)
    if fresh is None or any(
        _is_fresh(one.more.get(fresh.property, ""), fresh, record.as_of) for one in reachable
    ):
        return None
    return Why.STALE


def is_reachable(contact: AdminContact) -> bool:
    """Whether mail to an administrative contact could arrive, and somebody is there to read it."""
    return is_deliverable(contact.email) and not contact.undeliverable and not contact.gone


def _lacks(field: str, record: ClientRecord, rules: ClientRecordRules) -> Why | None:
    value = value_of(record, field)
    if is_placeholder(value, {one.casefold() for one in rules.placeholders}):
        return Why.ABSENT
    allowed = rules.allowed.get(field)
    if allowed is not None and _plain(value) not in {_plain(one) for one in allowed}:
        return Why.NOT_ALLOWED
    fresh = rules.fresh.get(field)
    if fresh is not None and not _is_fresh(
        record.more.get(fresh.property, ""), fresh, record.as_of
    ):
        return Why.STALE
    return None


def value_of(record: ClientRecord, name: str) -> str:
    """A property of the company, by our name."""
    match name:
        case "erp_system":
            return record.erp_system
        case "customization_summary":
            return record.customization_summary
        case "managed_services":
            return "true" if record.managed_services else "false"
        case "name":
            return record.name
        case "domain":
            return record.domain
    return record.more.get(name, "")


def says_yes(value: str) -> bool:
    """Whether a check box is ticked, or a text says so."""
    return value.strip().lower() in _YES


def _has(record: ClientRecord, having: Having) -> bool:
    # HubSpot: several ticked boxes are one value with semicolons between them.
    held = {_plain(one) for one in value_of(record, having.property).split(";")}
    return not held.isdisjoint(_plain(one) for one in having.is_)


def _plain(value: str) -> str:
    return " ".join(value.split()).casefold()


def _is_fresh(value: str, rule: Freshness, as_of: datetime | None) -> bool:
    """Whether a date (HubSpot: ISO 8601 or epoch milliseconds) is recent enough."""
    if as_of is None:
        return bool(value.strip())
    try:
        text = value.strip()
        at = (
            datetime.fromtimestamp(int(text) / 1000, UTC)
            if text.lstrip("-").isdigit()
            else datetime.fromisoformat(text)
        )
    except (ValueError, OverflowError, OSError):
        return False
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return as_of - at <= timedelta(days=rule.months * DAYS_A_MONTH)


def _in_words(field: str, why: Why, rules: ClientRecordRules) -> str:
    words = rules.words(field)
    match why:
        case Why.NOT_ALLOWED:
            return f"{words} (not an allowed value)"
        case Why.STALE:
            return f"{words} (not confirmed for {rules.fresh[field].months} months)"
        case Why.UNREACHABLE:
            return f"{words} (nobody who can be reached)"
    return words
