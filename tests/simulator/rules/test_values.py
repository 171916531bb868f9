"""Which values HubSpot refuses, in which words."""

import json
from typing import Any

import pytest

from tests.simulator.hub import Hub


def _refused(hub: Hub, **values: str) -> dict[str, Any]:
    answer = hub.update("tickets", {"id": hub.ticket(), "properties": values})
    assert answer.status_code == 400, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("nonsense", "x", "PROPERTY_DOESNT_EXIST"),
        ("hs_is_closed", "true", "READ_ONLY_VALUE"),
        ("hs_ticket_priority", "urgent", "INVALID_OPTION"),
        ("hs_pipeline_stage", "nowhere", "INVALID_OPTION"),
        ("hs_pipeline_stage", "", "INVALID_OPTION"),
        ("hs_pipeline", "nowhere", "INVALID_OPTION"),
        ("hubspot_owner_id", "1", "INVALID_OWNER_ID"),
        ("closed_date", "soon", "INVALID_DATE"),
        ("hs_pinned_engagement_id", "many", "INVALID_NUMBER"),
        ("content", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
    ],
)
def test_a_bad_value_is_named_with_its_code(hub: Hub, name: str, value: str, code: str) -> None:
    body = _refused(hub, **{name: value})

    assert body["category"] == "VALIDATION_ERROR"
    assert body["errors"][0]["code"] == code
    assert body["errors"][0]["context"]["propertyName"] == [name]
    listed = json.loads(body["message"].removeprefix("Property values were not valid: "))
    assert (listed[0]["error"], listed[0]["name"]) == (code, name)


def test_every_bad_value_of_a_row_is_listed(hub: Hub) -> None:
    body = _refused(hub, nonsense="x", hs_is_closed="true", subject="fine")

    assert len(body["errors"]) == 2


def test_a_text_of_exactly_the_limit_is_taken(hub: Hub) -> None:
    ticket = hub.ticket()

    answer = hub.update("tickets", {"id": ticket, "properties": {"content": "x" * 65_536}})

    assert answer.status_code == 200


def test_an_owner_is_named_by_owner_id_and_not_by_user_id(sample: Hub) -> None:
    owners = sample.get("/crm/owners/{v}").json()["results"]
    gone = sample.get("/crm/owners/{v}", archived="true").json()["results"][0]
    ticket = sample.ticket()

    def set_owner(value: str) -> int:
        row = {"id": ticket, "properties": {"hubspot_owner_id": value}}
        return sample.update("tickets", row).status_code

    assert set_owner(owners[0]["id"]) == 200
    assert set_owner(str(owners[0]["userId"])) == 400
    assert set_owner(gone["id"]) == 400
    assert gone["userId"] is None


def test_several_choices_are_joined_by_semicolons(hub: Hub) -> None:
    ticket = hub.ticket()
    both = "PRODUCT_ISSUE;BILLING_ISSUE"

    good = hub.update("tickets", {"id": ticket, "properties": {"hs_ticket_category": both}})
    bad = hub.update("tickets", {"id": ticket, "properties": {"hs_ticket_category": both + ";X"}})

    assert (good.status_code, bad.status_code) == (200, 400)


@pytest.mark.parametrize(("version", "status"), [("2026-03", 400), ("2026-09", 200)])
def test_a_day_that_is_not_midnight_is_rounded_from_2026_09_on(
    hub: Hub, version: str, status: int
) -> None:
    hub.version = version
    hub.define("tickets", "due_on", type="date", fieldType="date")
    ticket = hub.ticket()

    answer = hub.update("tickets", {"id": ticket, "properties": {"due_on": "2026-11-23T15:00:00Z"}})

    assert answer.status_code == status
    if status == 200:
        row = answer.json()["results"][0]
        assert row["properties"]["due_on"] == "2026-11-23"
        assert row["warnings"][0]["category"] == "PROPERTY_VALUE_NORMALIZED"
