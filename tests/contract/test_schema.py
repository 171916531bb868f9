"""Properties, groups, pipelines, owners, account and files, through HubSpot's client."""

from typing import Any

import pytest
from hubspot_sdk import ConflictError, HubSpot, NotFoundError

from tests.simulator.hub import Hub

_OPTIONS: Any = [
    {"label": "Decided", "value": "decided", "displayOrder": 0, "hidden": False},
    {"label": "Triage", "value": "triage", "displayOrder": 1, "hidden": False},
]
_OPEN = {"ticketState": "OPEN"}


def test_a_property_is_made_read_changed_and_archived(client: HubSpot) -> None:
    api = client.crm.properties
    made = api.create(
        "tickets",
        name="routing_status",
        label="Routing status",
        type="enumeration",
        field_type="select",
        group_name="ticketinformation",
        options=_OPTIONS,
    )
    read = api.get("routing_status", object_type="tickets")
    changed = api.update("routing_status", object_type="tickets", options=_OPTIONS[:1])
    with pytest.raises(ConflictError):
        api.create(
            "tickets",
            name="routing_status",
            label="x",
            type="string",
            field_type="text",
            group_name="ticketinformation",
        )
    api.delete("routing_status", object_type="tickets")

    assert made.created_at == read.created_at
    assert [option.value for option in read.options] == ["decided", "triage"]
    assert [option.value for option in changed.options] == ["decided"]
    archived = api.list("tickets", archived=True).results
    assert [row.name for row in archived] == ["routing_status"]
    with pytest.raises(NotFoundError):
        api.get("routing_status", object_type="tickets")


def test_properties_are_made_read_and_archived_in_batches(client: HubSpot) -> None:
    api = client.crm.properties.batch
    rows: Any = [
        {
            "name": name,
            "label": name,
            "type": "string",
            "fieldType": "text",
            "groupName": "companyinformation",
        }
        for name in ("first_text", "second_text")
    ]

    made = api.create("companies", inputs=rows)
    read = api.get(
        "companies",
        archived=False,
        data_sensitivity="non_sensitive",
        inputs=[{"name": "first_text"}, {"name": "absent_text"}],
    )
    api.delete("companies", inputs=[{"name": "first_text"}, {"name": "second_text"}])

    assert [row.name for row in made.results] == ["first_text", "second_text"]
    assert [row.name for row in read.results] == ["first_text"]
    live = {row.name for row in client.crm.properties.list("companies").results}
    assert live.isdisjoint({"first_text", "second_text"})
    assert {"name", "domain"} <= live


def test_groups_are_made_renamed_and_archived(client: HubSpot) -> None:
    api = client.crm.properties.groups

    made = api.create("tickets", name="support_routing", label="Support routing")
    renamed = api.update("support_routing", object_type="tickets", label="Routing")
    read = api.get("support_routing", object_type="tickets")
    api.delete("support_routing", object_type="tickets")

    assert made.archived is False
    assert renamed.label == read.label == "Routing"
    assert "support_routing" not in {row.name for row in api.list("tickets").results}


def test_a_pipeline_lives_with_the_ids_its_maker_chose(client: HubSpot) -> None:
    api = client.crm.pipelines
    stages: Any = [
        {"label": "New", "displayOrder": 0, "metadata": _OPEN, "stageId": "p_new"},
        {"label": "Done", "displayOrder": 1, "metadata": {"ticketState": "CLOSED"}},
    ]

    made = api.create(
        "tickets", label="Second line", display_order=1, stages=stages, pipeline_id="second"
    )
    renamed = api.update("second", object_type="tickets", label="Second desk")
    replaced = api.update_all_properties(
        "second",
        object_type="tickets",
        label="Third desk",
        display_order=2,
        stages=[{"label": "Only", "display_order": 0, "metadata": _OPEN}],
    )
    read = api.get("second", object_type="tickets")
    trail = api.list_audit("second", object_type="tickets").results
    api.delete("second", object_type="tickets")

    assert made.id == "second"
    assert made.stages[0].id == "p_new"
    assert made.stages[1].metadata["isClosed"] == "true"
    assert renamed.label == "Second desk"
    assert [stage.label for stage in replaced.stages] == ["Only"]
    assert read.label == "Third desk"
    assert trail[0].action == "UPDATE"
    assert [row.id for row in api.list("tickets").results] == ["0"]


def test_a_stage_is_made_read_changed_and_archived(client: HubSpot) -> None:
    api = client.crm.pipelines
    where: Any = {"object_type": "tickets", "pipeline_id": "0"}

    made = api.create_stage(
        "0",
        object_type="tickets",
        label="Level 1",
        display_order=4,
        metadata=_OPEN,
        stage_id="level_1",
    )
    changed = api.update_stage("level_1", **where, label="Level one", metadata={})
    replaced = api.update_stage_all_properties(
        "level_1", **where, label="First level", display_order=5, metadata=_OPEN
    )
    read = api.get_stage("level_1", **where)
    listed = api.list_stages("0", object_type="tickets").results
    trail = api.list_stage_audit("level_1", **where).results
    api.delete_stage("level_1", **where)

    assert made.id == "level_1"
    assert made.write_permissions == "CRM_PERMISSIONS_ENFORCEMENT"
    assert changed.label == "Level one"
    assert read.label == replaced.label == "First level"
    assert "level_1" in {stage.id for stage in listed}
    assert trail[-1].action == "CREATE"


def test_owners_are_told_with_both_their_ids(client: HubSpot) -> None:
    page = client.crm.owners.list(limit=3)
    first = page.results[0]
    by_user = client.crm.owners.get(int(first.user_id or 0), id_property="userId")
    gone = client.crm.owners.list(archived=True).results[0]

    assert page.next_page_info() is not None
    assert first.type == "PERSON"
    assert by_user.id == first.id
    assert first.teams is not None
    assert first.teams[0].primary is True
    assert gone.user_id is None
    assert gone.user_id_including_inactive is not None


def test_the_account_tells_who_it_is_and_what_it_used(client: HubSpot, hub: Hub) -> None:
    account = client.account.get()
    usage = client.account.get_daily_private_apps_usage().results[0]

    assert account.portal_id == hub.control("GET", "/settings")["portal_id"]
    assert account.time_zone == "US/Eastern"
    assert usage.usage_limit == 625_000
    assert usage.current_usage > 0


def test_a_file_is_described_linked_to_and_deleted(client: HubSpot, hub: Hub) -> None:
    api = client.files.file_assets
    file_id = hub.control("POST", "/files", {"name": "scan.pdf", "size": 900})["id"]

    read = api.get(file_id)
    signed = api.get_signed_url(file_id)
    api.delete(file_id)

    assert (read.name, read.extension, read.size) == ("scan", "pdf", 900)
    assert signed.url.startswith("https://")
    with pytest.raises(NotFoundError):
        api.get(file_id)
