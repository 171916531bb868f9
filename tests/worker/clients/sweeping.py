"""Clients in a simulated portal, and a sweep of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from config.portal import PortalNames
from tests.simulator.hub import Hub
from tests.worker.clients.records import rules
from worker.clients.burden import Burdens
from worker.clients.sweep import Sweep, SweepState
from worker.hubspot.by_night import HubSpotByNight

PAGE = 100
GAPS = "administrative contact, ERP system, customization summary"
CONFIRMED = {
    "name": "client_contact_confirmed_at",
    "label": "Confirmed at",
    "type": "datetime",
    "fieldType": "date",
    "groupName": "contactinformation",
}
LIST = "GET /crm/objects/{v}/companies"


def now() -> datetime:
    return datetime.now(UTC)


def days_ago(days: int) -> str:
    return str(int((now() - timedelta(days=days)).timestamp() * 1000))


def fill(hub: Hub, companies: int, complete: float = 0.0) -> None:
    made = {"companies": companies, "contacts": companies, "complete_share": complete}
    hub.control("POST", "/bulk", made)


def company(hub: Hub, **properties: str) -> str:
    made = hub.act("import", "1", "create", object_type="companies", properties=properties)
    return str(made["id"])


def admin(hub: Hub, company_id: str, **properties: str) -> str:
    """A new administrative contact of a company."""
    made = hub.act(
        "import",
        "1",
        "create",
        object_type="contacts",
        properties={"firstname": "Ada"} | properties,
    )
    contact = str(made["id"])
    pair = {"to_type": "companies", "to_id": company_id}
    hub.act("import", "1", "associate", object_type="contacts", id=contact, **pair)
    row = {"company_id": company_id, "admin_contacts": [contact]}
    hub.control("POST", "/clients", {"clients": [row]})
    return contact


def sweep(
    hubspot: HubSpotByNight, names: PortalNames, flags: bool = True, **policy: Any
) -> SweepState:
    """One whole sweep."""
    state = SweepState("2026-11-23", now().timestamp())
    swept = Sweep(hubspot, names, rules(**policy), True, flags, now)
    swept.run(state, Burdens(), lambda _: None)
    return state


def said_of(hub: Hub, company_id: str) -> tuple[str, str]:
    properties = hub.truth("companies", company_id)["properties"]
    return properties.get("client_record_status", ""), properties.get("client_record_missing", "")


def everyone(hub: Hub) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = hub.control("GET", "/objects/companies")["results"]
    return rows
