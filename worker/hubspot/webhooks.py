"""HubSpot's webhooks: is a delivery authentic, and what does each event ask of us (pure).

HubSpot: Validating requests. v3 is an HMAC-SHA256 over method, URI, body and a timestamp in
milliseconds; v1 is a plain SHA-256 over secret and body, which protects from no replay.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

BACK_MS = 5 * 60 * 1000
AHEAD_MS = 60 * 1000
V1_OLDEST_MS = 25 * 3600 * 1000
# HubSpot decodes exactly these in the URI before it signs.
_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_OBJECTS = {"0-5": "ticket", "0-2": "company", "0-1": "contact"}
_KINDS = frozenset(_OBJECTS.values())
# How an app is named as the source of a change, where it is not by its bare id.
_APP_PREFIXES = frozenset({"app", "appid", "app_id", "integration"})
# Ticket and company properties that the worker writes; our own changes of them echo back.
OUR_PROPERTIES = frozenset(
    {
        "hs_pipeline",
        "hs_pipeline_stage",
        "routing_queue",
        "routing_ticket_type",
        "routing_status",
        "routing_confidence",
        "routing_reason",
        "routing_guideline",
        "routing_decided_at",
        "routing_policy_version",
        "routing_topics",
        "escalation_request",
        "escalation_note",
        "escalation_missing_info",
        "escalation_handled_at",
        "escalation_notice",
        "client_erp",
        "client_admin_contacts",
        "client_customizations",
        "client_record_missing",
        "client_record_status",
        "client_record_status_since",
        "client_record_task",
    }
)


class Verdict(StrEnum):
    """What the signature of a delivery says. Only `AUTHENTIC` is let in."""

    AUTHENTIC = "authentic"
    UNSIGNED = "unsigned"  # no signature of a kind that is taken
    STALE = "stale"  # signed too long ago, or for the future
    FORGED = "forged"  # the signature is not that of this request under our secret


def signed_uri(url: str) -> str:
    """The target URL as HubSpot signs it. The `?` that starts the query is never encoded."""
    for encoded, plain in _DECODED.items():
        url = url.replace(encoded, plain).replace(encoded.lower(), plain)
    return url


def check_v3(
    secret: str, method: str, uri: str, body: bytes, timestamp: str, signature: str, now_ms: int
) -> Verdict:
    """Whether a delivery is HubSpot's and fresh: five minutes back, one minute ahead.

    `uri` comes from `signed_uri`. Compares in constant time; no header makes it raise.
    """
    if not secret or not signature:
        return Verdict.UNSIGNED
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 16):
        return Verdict.STALE
    if not now_ms - BACK_MS <= int(timestamp) <= now_ms + AHEAD_MS:
        return Verdict.STALE
    signed = hmac.new(secret.encode(), method.encode() + uri.encode(), hashlib.sha256)
    signed.update(body)
    signed.update(timestamp.encode())
    return _compared(base64.b64encode(signed.digest()), signature)


def check_v1(secret: str, body: bytes, signature: str) -> Verdict:
    """Whether a body was signed with our secret; says nothing about when."""
    if not secret or not signature:
        return Verdict.UNSIGNED
    digest = hashlib.sha256(secret.encode() + body).hexdigest()
    return _compared(digest.encode(), signature)


def _compared(expected: bytes, given: str) -> Verdict:
    # compare_digest takes no non-ASCII text; bytes of any kind are fine.
    same = hmac.compare_digest(expected, given.encode("utf-8", "surrogatepass"))
    return Verdict.AUTHENTIC if same else Verdict.FORGED


@dataclass(slots=True)
class Wanted:
    """What the events of one delivery ask for; ids as text."""

    news: set[str] = field(default_factory=set)  # tickets to look at
    nudged: set[str] = field(default_factory=set)  # tickets that got a contact or company
    companies: set[str] = field(default_factory=set)  # cached records to drop
    contacts: set[str] = field(default_factory=set)
    echoes: int = 0
    ignored: int = 0
    foreign: int = 0  # events of another portal


def wanted(
    events: Iterable[object],
    own_source_id: str = "",
    portal_id: str = "",
    our_properties: AbstractSet[str] = OUR_PROPERTIES,
) -> Wanted:
    """Sort the events of a delivery. Whatever is no event or asks for nothing is counted as
    ignored; nothing raises.

    `our_properties`: what the worker writes, by the portal's names. Without `own_source_id` no
    event is taken for an echo, without `portal_id` none for another portal's.
    """
    result = Wanted()
    for event in events:
        if not isinstance(event, Mapping):
            result.ignored += 1
        elif portal_id and "portalId" in event and str(event["portalId"]) != portal_id:
            result.foreign += 1
        elif _is_echo(event, own_source_id, our_properties):
            result.echoes += 1
        else:
            _sort(event, result)
    return result


def _sort(event: Mapping[str, Any], result: Wanted) -> None:
    kind, action = _type(event)
    if action == "associationChange":
        _associated(event, kind, result)
        return
    ids = _ids(event)
    if not ids or kind not in _KINDS or (kind == "ticket" and action == "deletion"):
        result.ignored += 1
    elif kind == "ticket":
        result.news |= ids
    elif kind == "company":
        result.companies |= ids
    else:
        result.contacts |= ids


def _type(event: Mapping[str, Any]) -> tuple[str, str]:
    """Kind of record and what happened, of a classic (`ticket.merge`) or generic event."""
    said = str(event.get("subscriptionType") or event.get("eventType"))
    kind, _, action = said.partition(".")
    return (_object(event.get("objectTypeId")) if kind == "object" else kind), action


def _is_echo(event: Mapping[str, Any], own_source_id: str, ours: AbstractSet[str]) -> bool:
    """HubSpot tells an app's own writes too, as INTEGRATION with the app's id."""
    name = event.get("propertyName")
    return (
        bool(own_source_id)
        and _type(event)[1] == "propertyChange"
        and event.get("changeSource") == "INTEGRATION"
        and isinstance(name, str)
        and name in ours
        and app_id(str(event.get("sourceId"))) == app_id(own_source_id)
    )


def app_id(source_id: str) -> str:
    """A source id without the word that may stand before it: `appId:4711` is 4711. A person's
    (`userId:4711`) stays what it is.
    """
    prefix, _, rest = source_id.partition(":")
    return rest if prefix.lower() in _APP_PREFIXES else source_id


def _ids(event: Mapping[str, Any]) -> set[str]:
    """Ids of the record; of all that took part where it is a merge."""
    merged = event.get("mergedObjectIds")
    values = [event.get("objectId"), event.get("primaryObjectId"), event.get("newObjectId")]
    values += merged if isinstance(merged, list) else []
    return {text for value in values if (text := _id(value))}


def _id(value: object) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    good = text.isascii() and text.isdigit() and len(text) <= 20
    return text.lstrip("0") if good else ""


def _object(type_id: object) -> str:
    return _OBJECTS.get(type_id, "") if isinstance(type_id, str) else ""


def _associated(event: Mapping[str, Any], kind: str, result: Wanted) -> None:
    """HubSpot: classic events name the pair (TICKET_TO_COMPANY), generic ones the type ids."""
    pair = str(event.get("associationType") or "").lower().partition("_to_")
    sides = (
        (_object(event.get("fromObjectTypeId")) or (pair[0] if pair[1] else kind), "fromObjectId"),
        (_object(event.get("toObjectTypeId")) or pair[2], "toObjectId"),
    )
    found: dict[str, set[str]] = {one: set() for one in _KINDS}
    for side, name in sides:
        if side in found and (id_ := _id(event.get(name))):
            found[side].add(id_)
    if found["ticket"]:
        result.nudged |= found["ticket"]
    elif found["company"] or found["contact"]:
        result.companies |= found["company"]
        result.contacts |= found["contact"]
    else:
        result.ignored += 1
