"""Client records and rules for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from worker.clients.record import AdminContact, ClientRecord
from worker.clients.rules import ClientRecordRules

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
ADA = AdminContact("71", "Ada Quist", "ada@quist.example")


def rules(**more: Any) -> ClientRecordRules:
    """The shipped rules, with more of a customer's own, as they stand in the policy."""
    document = {
        "required": ["admin_contacts", "erp_system", "customization_summary"],
        "placeholders": ["n/a", "TBD", "-", "unknown"],
        **more,
    }
    return ClientRecordRules.model_validate_json(_json(document))


def record(**more: Any) -> ClientRecord:
    """A complete record, but for what is said otherwise."""
    values = {
        "company_id": "5",
        "name": "Quist",
        "domain": "quist.example",
        "erp_system": "NetSuite",
        "customization_summary": "Two-step approval.",
        "managed_services": False,
        "admin_contacts": (ADA,),
        "as_of": NOW,
        **more,
    }
    return ClientRecord(**values)


def _json(document: object) -> bytes:
    import orjson

    return orjson.dumps(document)
