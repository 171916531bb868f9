"""What is written to HubSpot for a decision (pure): plans first, application second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from config.settings import RoutingMode
from worker.clients.record import AdminContact, ClientRecord
from worker.hubspot.models import Update
from worker.portal import Portal
from worker.routing.decision import Decision
from worker.tickets.state import STAGE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_TEXT = 65_536  # HubSpot: the longest text of a property


def routing_properties(
    decision: Decision, portal: Portal, mode: RoutingMode, now: datetime
) -> dict[str, str]:
    """The decision as ticket properties; with the stage where the mode allows a move."""
    moves = mode is RoutingMode.ROUTE
    triage = "decided" if decision.decided else "triage"
    properties = {
        "routing_queue": decision.routed_to,
        "routing_ticket_type": decision.ticket_type,
        "routing_status": triage if moves else "suggested",
        "routing_confidence": f"{decision.confidence:.2f}",
        "routing_reason": decision.reason[:MAX_TEXT],
        "routing_guideline": decision.guideline,
        "routing_decided_at": stamp(now),
        "routing_policy_version": decision.policy_version,
        "routing_topics": _topics(decision)[:MAX_TEXT],
    }
    if moves:
        properties |= move(portal, decision.routed_to)
    return properties


def move(portal: Portal, queue: str) -> dict[str, str]:
    """The stage of a queue. HubSpot: a stage belongs to a pipeline, so both are written."""
    return {"hs_pipeline": portal.pipeline_id, STAGE: portal.stage_of[queue]}


def client_properties(record: ClientRecord | None, missing: Sequence[str]) -> dict[str, str]:
    """What the next team needs to know of the client, on the ticket."""
    admins = record.admin_contacts if record else ()
    return {
        "client_erp": record.erp_system[:MAX_TEXT] if record else "",
        "client_admin_contacts": "; ".join(_person(one) for one in admins)[:MAX_TEXT],
        "client_customizations": record.customization_summary[:MAX_TEXT] if record else "",
        "client_record_missing": ", ".join(missing),
    }


def client_flag(record: ClientRecord, missing: Sequence[str], now: datetime) -> Update | None:
    """The company's flag, only where it changes."""
    status = "incomplete" if missing else "complete"
    gaps = ", ".join(missing)
    if record.record_status == status and record.record_missing == gaps:
        return None
    properties = {"client_record_status": status, "client_record_missing": gaps}
    if record.record_status != status:
        properties["client_record_status_since"] = stamp(now)
    return Update(record.company_id, properties)


def lock(queue: str) -> dict[str, str]:
    """A person's queue is the owning one from now on."""
    return {"routing_queue": queue, "routing_status": "locked"}


def failed(sentence: str, now: datetime) -> dict[str, str]:
    """A ticket that could not be routed says so itself."""
    return {
        "routing_status": "failed",
        "routing_reason": sentence[:MAX_TEXT],
        "routing_decided_at": stamp(now),
    }


def without_stage(properties: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in properties.items() if k not in {STAGE, "hs_pipeline"}}


def stamp(at: datetime) -> str:
    """A moment as HubSpot takes it: epoch milliseconds."""
    return str((at - _EPOCH) // timedelta(milliseconds=1))


def _person(contact: AdminContact) -> str:
    if contact.name and contact.email:
        return f"{contact.name} <{contact.email}>"
    return contact.name or contact.email


def _topics(decision: Decision) -> str:
    return "\n".join(f"{t.queue}: {t.ticket_type}: {t.excerpt}" for t in decision.topics)
