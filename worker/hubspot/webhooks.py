"""HubSpot's webhooks: is a delivery authentic, and what does each event ask of us (pure).

HubSpot: Validating requests. v3 is an HMAC-SHA256 over method, URI, body and a timestamp in
milliseconds; v1 is a plain SHA-256 over secret and body, which protects from no replay.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    }
)


def signed_uri(url: str) -> str:
    """The target URL as HubSpot signs it. The `?` that starts the query is never encoded."""
    for encoded, plain in _DECODED.items():
        url = url.replace(encoded, plain).replace(encoded.lower(), plain)
    return url


def is_authentic_v3(
    secret: str, method: str, uri: str, body: bytes, timestamp: str, signature: str, now_ms: int
) -> bool:
    """Whether a delivery is HubSpot's and fresh: five minutes back, one minute ahead.

    `uri` comes from `signed_uri`. Compares in constant time; no header makes it raise.
    """
    if not secret or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 16):
        return False
    if not now_ms - BACK_MS <= int(timestamp) <= now_ms + AHEAD_MS:
        return False
    signed = method.encode() + uri.encode() + body + timestamp.encode()
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return _same(base64.b64encode(digest), signature)


def is_authentic_v1(secret: str, body: bytes, signature: str) -> bool:
    """Whether a body was signed with our secret; says nothing about when."""
    if not secret:
        return False
    digest = hashlib.sha256(secret.encode() + body).hexdigest()
    return _same(digest.encode(), signature)


def _same(expected: bytes, given: str) -> bool:
    # compare_digest takes no non-ASCII text; bytes of any kind are fine.
    return hmac.compare_digest(expected, given.encode("utf-8", "surrogateescape"))


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


def wanted(events: Iterable[object], own_source_id: str = "", portal_id: str = "") -> Wanted:
    """Sort the events of a delivery. Whatever is no event or asks for nothing is counted as
    ignored; nothing raises.
    """
    result = Wanted()
    for event in events:
        if not isinstance(event, Mapping):
            result.ignored += 1
        elif portal_id and "portalId" in event and str(event["portalId"]) != portal_id:
            result.foreign += 1
        else:
            _sort(event, result, own_source_id)
    return result


def _sort(event: Mapping[str, Any], result: Wanted, own_source_id: str) -> None:
    kind, _, action = str(event.get("subscriptionType") or event.get("eventType")).partition(".")
    if kind == "object":
        kind = _OBJECTS.get(str(event.get("objectTypeId")), "")
    if action == "associationChange":
        _associated(event, result)
    elif kind not in {"ticket", "company", "contact"}:
        result.ignored += 1
    elif action == "propertyChange" and _is_echo(event, own_source_id):
        result.echoes += 1
    else:
        ids = _ids(event)
        if not ids or (kind == "ticket" and action == "deletion"):
            result.ignored += 1
        elif kind == "ticket":
            result.news |= ids
        elif kind == "company":
            result.companies |= ids
        else:
            result.contacts |= ids


def _is_echo(event: Mapping[str, Any], own_source_id: str) -> bool:
    return (
        bool(own_source_id)
        and event.get("changeSource") == "INTEGRATION"
        and str(event.get("sourceId")) == own_source_id
        and event.get("propertyName") in OUR_PROPERTIES
    )


def _ids(event: Mapping[str, Any]) -> set[str]:
    """Ids of the record; of all that took part where it is a merge."""
    merged = event.get("mergedObjectIds")
    values = [event.get("objectId"), event.get("primaryObjectId"), event.get("newObjectId")]
    values += merged if isinstance(merged, list) else []
    return {text for value in values if (text := _id(value))}


def _id(value: object) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 20 else ""


def _associated(event: Mapping[str, Any], result: Wanted) -> None:
    """HubSpot: classic events name the pair (TICKET_TO_COMPANY), generic ones the type ids."""
    pair = str(event.get("associationType") or "").lower().partition("_to_")
    sides = [
        (
            pair[0] or _OBJECTS.get(str(event.get("fromObjectTypeId")), ""),
            event.get("fromObjectId"),
        ),
        (pair[2] or _OBJECTS.get(str(event.get("toObjectTypeId")), ""), event.get("toObjectId")),
    ]
    found = {kind: id_ for kind, value in sides if (id_ := _id(value))}
    if "ticket" in found:
        result.nudged.add(found["ticket"])
    elif "company" in found or "contact" in found:
        result.companies |= {found["company"]} if "company" in found else set()
        result.contacts |= {found["contact"]} if "contact" in found else set()
    else:
        result.ignored += 1
