"""When a client record is complete: the guidelines' three, and what customers add."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.worker.clients.records import ADA, record, rules
from worker.clients.completeness import CLIENT_UNKNOWN, Why, gaps, is_client, missing

ADMIN, ERP, SUMMARY = "administrative contact", "ERP system", "customization summary"


def test_a_record_with_all_three_is_complete() -> None:
    assert missing(record(), rules()) == ()


def test_an_empty_record_lacks_all_three_in_the_policys_order() -> None:
    empty = record(admin_contacts=(), erp_system="", customization_summary="")
    assert missing(empty, rules()) == (ADMIN, ERP, SUMMARY)


def test_an_unknown_client_is_said_to_be_unknown() -> None:
    assert missing(None, rules()) == (CLIENT_UNKNOWN,)


@pytest.mark.parametrize("value", ["", "  ", "N/A", "n/a.", "tbd", " TBD ", "-", "Unknown!"])
def test_what_only_holds_the_place_is_missing(value: str) -> None:
    assert missing(record(erp_system=value), rules()) == (ERP,)


@pytest.mark.parametrize(
    "contact",
    [
        replace(ADA, email=""),
        replace(ADA, email="ada at quist"),
        replace(ADA, email="a" * 300 + "@quist.example"),
        replace(ADA, undeliverable=True),
        replace(ADA, gone=True),
    ],
)
def test_a_contact_who_cant_be_reached_does_not_count(contact: object) -> None:
    (gap,) = gaps(record(admin_contacts=(contact,)), rules())
    assert (gap.field, gap.why) == ("admin_contacts", Why.UNREACHABLE)
    assert gap.words == "administrative contact (nobody who can be reached)"


def test_one_who_can_be_reached_is_enough() -> None:
    assert missing(record(admin_contacts=(replace(ADA, gone=True), ADA)), rules()) == ()


def test_a_further_property_can_be_required() -> None:
    more = rules(required=["erp_system", "vat_number"], properties={"vat_number": "VAT number"})
    assert missing(record(), more) == ("VAT number",)
    assert missing(record(more={"vat_number": "DE123"}), more) == ()


def test_clients_of_one_kind_can_need_more() -> None:
    more = rules(
        properties={"service_manager": "service manager"},
        conditions=[
            {
                "name": "Managed services",
                "where": {"property": "managed_services", "is": [True]},
                "required": ["service_manager"],
            }
        ],
    )
    assert missing(record(), more) == ()
    assert missing(record(managed_services=True), more) == ("service manager",)


def test_a_value_outside_the_list_is_a_gap_that_says_so() -> None:
    listed = rules(allowed={"erp_system": ["NetSuite", "SAP Business One"]})
    assert missing(record(erp_system="netsuite "), listed) == ()
    assert missing(record(erp_system="Abacus"), listed) == ("ERP system (not an allowed value)",)


@pytest.mark.parametrize(
    ("confirmed", "fresh"),
    [
        ("2026-01-15", True),
        ("1768435200000", True),  # the same day as HubSpot's milliseconds
        ("2025-10-01", False),
        ("2025-10-01T08:00:00Z", False),
        ("", False),
        ("last week", False),
        ("9" * 40, False),
    ],
)
def test_a_contact_can_have_to_be_confirmed_lately(confirmed: str, fresh: bool) -> None:
    lately = rules(
        fresh={"admin_contacts": {"property": "client_contact_confirmed_at", "months": 12}}
    )
    ada = replace(ADA, more={"client_contact_confirmed_at": confirmed})
    said = missing(record(admin_contacts=(ada,)), lately)
    assert said == (() if fresh else (f"{ADMIN} (not confirmed for 12 months)",))


def test_a_field_of_the_company_can_have_to_be_confirmed_lately() -> None:
    lately = rules(fresh={"erp_system": {"property": "erp_reviewed_at", "months": 24}})
    assert missing(record(more={"erp_reviewed_at": "2026-01-01"}), lately) == ()
    (gap,) = gaps(record(more={"erp_reviewed_at": "2024-01-01"}), lately)
    assert gap.why is Why.STALE


def test_the_policy_can_say_who_is_a_client() -> None:
    customers = rules(clients={"property": "lifecyclestage", "is": ["customer"]})
    assert is_client(record(more={"lifecyclestage": "Customer"}), customers)
    assert not is_client(record(more={"lifecyclestage": "lead"}), customers)
    assert not is_client(record(), customers)
    assert is_client(record(), rules())


def test_one_of_several_ticked_boxes_makes_a_client() -> None:
    some = rules(clients={"property": "lines", "is": ["Workflow"]})
    assert is_client(record(more={"lines": "Capture;Workflow"}), some)


def test_what_judging_needs_is_read_and_nothing_else() -> None:
    more = rules(
        clients={"property": "lifecyclestage", "is": ["customer"]},
        properties={"vat_number": "VAT number"},
        conditions=[
            {
                "name": "Managed services",
                "where": {"property": "managed_services", "is": ["true"]},
                "required": ["vat_number"],
            }
        ],
        fresh={
            "admin_contacts": {"property": "confirmed_at", "months": 12},
            "erp_system": {"property": "erp_reviewed_at", "months": 12},
        },
    )
    assert set(more.company_properties) == {"vat_number", "erp_reviewed_at", "lifecyclestage"}
    assert more.contact_properties == ("confirmed_at",)
