"""Records that a sweep may meet: huge, odd, deleted on the way; what a customer asks of them."""

from __future__ import annotations

from typing import Any

import pytest

from config.portal import PortalNames
from tests.simulator.hub import Hub
from tests.worker.clients.sweeping import (
    CONFIRMED,
    GAPS,
    LIST,
    admin,
    company,
    days_ago,
    said_of,
    sweep,
)
from worker.hubspot.by_night import HubSpotByNight


def test_a_client_with_thousands_of_contacts_is_read_whole(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    made = hub.control("POST", "/bulk", {"companies": 1, "contacts": 5000, "complete_share": 0})
    big = made["companies"]["ids"][0]
    last = made["contacts"]["ids"][1]
    row = {"company_id": big, "admin_contacts": [last]}
    hub.control("POST", "/clients", {"clients": [row]})
    sweep(hubspot, names)
    assert said_of(hub, big) == ("incomplete", "ERP system, customization summary")
    assert hub.control("GET", "/counters")["by_endpoint"] == {
        LIST: 1,
        "POST /crm/associations/{v}/companies/contacts/batch/read": 10,  # 500 contacts a page
        "POST /crm/objects/{v}/contacts/batch/read": 1,
        "POST /crm/objects/{v}/companies/batch/update": 1,
    }


def test_a_company_deleted_on_the_way_costs_nobody_else(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = company(hub, name="Gone"), company(hub, name="Stays")
    update = hubspot.update

    def deleted_first(object_type: str, rows: Any) -> Any:
        hub.act("user", "7001", "archive", object_type="companies", id=gone)
        return update(object_type, rows)

    monkeypatch.setattr(hubspot, "update", deleted_first)
    figures = sweep(hubspot, names).figures
    assert said_of(hub, stays) == ("incomplete", GAPS)
    assert (figures.flags_written, figures.flags_refused) == (1, 1)


def test_a_company_deleted_before_its_people_were_read_costs_nobody_else(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = company(hub, name="Gone"), company(hub, name="Stays")
    associated = hubspot.associated

    def deleted_first(*asked: Any) -> Any:
        hub.act("user", "7001", "archive", object_type="companies", id=gone)
        return associated(*asked)

    monkeypatch.setattr(hubspot, "associated", deleted_first)
    figures = sweep(hubspot, names).figures
    assert said_of(hub, stays) == ("incomplete", GAPS)
    assert (figures.companies, figures.flags_written) == (2, 1)


def test_what_a_customer_asks_for_more_is_read_and_judged(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    """Conditions, allowed values and how old a confirmation may be, from the portal to the flag."""
    hub.define("companies", "service_manager")
    hub.call("POST", "/crm/properties/{v}/contacts", CONFIRMED)
    known = {"erp_system": "NetSuite", "customization_summary": "Weekly payment file."}
    managed = {"managed_services": "true"}
    whole = company(hub, name="Whole", **known, **managed, service_manager="Ines Vogt")
    unmanaged = company(hub, name="Unmanaged", **known)
    without = company(hub, name="Without manager", **known, **managed)
    other = company(hub, name="Other system", **known | {"erp_system": "Abacus"})
    stale = company(hub, name="Stale", **known)
    for one in (whole, unmanaged, without, other):
        admin(hub, one, email=f"a@{one}.example", client_contact_confirmed_at=days_ago(30))
    admin(hub, stale, email="a@stale.example", client_contact_confirmed_at=days_ago(500))
    sweep(
        hubspot,
        names,
        properties={"service_manager": "service manager"},
        conditions=[
            {
                "name": "Managed services",
                "where": {"property": "managed_services", "is": ["true"]},
                "required": ["service_manager"],
            }
        ],
        allowed={"erp_system": ["NetSuite", "SAP Business One"]},
        fresh={"admin_contacts": {"property": "client_contact_confirmed_at", "months": 12}},
    )
    assert said_of(hub, whole) == said_of(hub, unmanaged) == ("complete", "")
    assert said_of(hub, without) == ("incomplete", "service manager")
    assert said_of(hub, other) == ("incomplete", "ERP system (not an allowed value)")
    assert said_of(hub, stale) == (
        "incomplete",
        "administrative contact (not confirmed for 12 months)",
    )


def test_companies_with_nothing_or_anything_in_them_are_checked(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    odd = ["", "<script>alert(1)</script>", '=HYPERLINK("http://x")', "شركة الفواتير", "😀" * 300]
    ids = [company(hub, **({"name": name} if name else {})) for name in odd]
    figures = sweep(hubspot, names).figures
    assert figures.clients == len(odd)
    assert {said_of(hub, one) for one in ids} == {("incomplete", GAPS)}
