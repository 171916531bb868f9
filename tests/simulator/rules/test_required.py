"""What an administrator made required binds writes from 2026-09 on, and not before."""

import pytest

from tests.simulator.hub import Hub

_ON_CLOSE = {
    "object_type": "tickets",
    "when": {"property": "hs_pipeline_stage", "values": ["4"]},
    "require": ["hs_resolution"],
}
_AT_CREATION = {"object_type": "tickets", "require": ["hs_ticket_priority"]}


@pytest.mark.parametrize(("version", "status"), [("2026-03", 200), ("2026-09", 400)])
def test_closing_without_what_closing_requires(hub: Hub, version: str, status: int) -> None:
    hub.version = version
    hub.settings(required_rules=[_ON_CLOSE])
    ticket = hub.ticket()

    answer = hub.update("tickets", {"id": ticket, "properties": {"hs_pipeline_stage": "4"}})

    assert answer.status_code == status
    if status == 400:
        assert answer.json()["errors"] == [
            {
                "code": "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
                "message": "hs_resolution is required because of a conditional property rule "
                "based on [hs_pipeline_stage]",
                "context": {"propertyName": ["hs_resolution"]},
            }
        ]


def test_closing_with_it_and_writing_elsewhere_are_free(hub: Hub) -> None:
    hub.settings(required_rules=[_ON_CLOSE])
    ticket, other = hub.ticket(), hub.ticket()
    closing = {"hs_pipeline_stage": "4", "hs_resolution": "ISSUE_FIXED"}

    answer = hub.update(
        "tickets",
        {"id": ticket, "properties": closing},
        {"id": other, "properties": {"hs_pipeline_stage": "2"}},
    )

    assert answer.status_code == 200


def test_a_create_form_binds_creation_only(hub: Hub) -> None:
    hub.settings(required_rules=[_AT_CREATION])
    new = {"subject": "x", "hs_pipeline": "0", "hs_pipeline_stage": "1"}

    refused = hub.post("/crm/objects/{v}/tickets", {"properties": new})
    arrived = hub.ticket()

    assert refused.json()["errors"][0]["code"] == "MISSING_REQUIRED_PROPERTY"
    changed = hub.update("tickets", {"id": arrived, "properties": {"subject": "y"}})
    assert changed.status_code == 200


def test_a_rule_may_bind_every_write_to_a_record_by_assumption(hub: Hub) -> None:
    hub.settings(required_rules=[_ON_CLOSE])
    ticket = hub.ticket(stage="4")
    row = {"id": ticket, "properties": {"subject": "new"}}

    assert hub.update("tickets", row).status_code == 200
    hub.assume(rules_bind_untouched_values=True)
    assert hub.update("tickets", {**row, "properties": {"subject": "newer"}}).status_code == 400
