"""What is asked of HubSpot when a property is made."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from config.settings import CONFIG_DIR
from worker.hubspot.schema import (
    WantedProperty,
    company_properties,
    contact_gone,
    contact_role,
    ticket_properties,
)
from worker.routing.policy_file import read_document
from worker.tickets.effects import client_properties, failed, lock
from worker.tickets.state import TICKET_PROPERTIES

# HubSpot: which field types go with a type (properties reference); others are refused.
FIELD_TYPES = {
    "string": {"text", "textarea"},
    "number": {"number"},
    "datetime": {"date"},
    "enumeration": {"select"},
    "bool": {"booleancheckbox"},
}
POLICY = read_document(CONFIG_DIR / "escalation.yaml")
TICKETS = ticket_properties(POLICY.queues, POLICY.types, POLICY.requests)
EVERYTHING = [*TICKETS, *company_properties(), contact_gone("gone"), contact_role("role", "admin")]


@pytest.mark.parametrize("wanted", EVERYTHING, ids=lambda one: one.name)
def test_each_property_is_one_that_hubspot_takes(wanted: WantedProperty) -> None:
    body = wanted.body(wanted.name, "group")

    assert body["fieldType"] in FIELD_TYPES[body["type"]]
    assert body["name"] == body["name"].lower()
    assert body["label"]
    assert body["description"]
    assert ("options" in body) == (wanted.type in {"enumeration", "bool"})
    values = [option["value"] for option in body.get("options", [])]
    labels = [option["label"].casefold() for option in body.get("options", [])]
    assert len(set(values)) == len(values)
    assert len(set(labels)) == len(labels)
    assert [o["displayOrder"] for o in body.get("options", [])] == list(range(len(values)))


def test_no_name_and_no_label_is_there_twice() -> None:
    for some in (TICKETS, company_properties()):
        assert len({one.name for one in some}) == len(some)
        assert len({one.label.casefold() for one in some}) == len(some)


def test_whatever_the_worker_reads_or_writes_of_its_own_on_a_ticket_is_made() -> None:
    ours = {one.name for one in TICKETS}
    read = {n for n in TICKET_PROPERTIES if n.startswith(("routing_", "escalation_", "client_"))}

    assert read <= ours
    assert lock("ocr").keys() <= ours
    assert client_properties(None, ()).keys() <= ours
    assert failed("x", datetime(2026, 11, 23, tzinfo=UTC)).keys() <= ours
