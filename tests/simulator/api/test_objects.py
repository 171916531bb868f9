"""Records one by one, as HubSpot's objects API answers them."""

import pytest

from tests.simulator.hub import Hub

_NEW = {"subject": "Printer", "hs_pipeline": "0", "hs_pipeline_stage": "1"}


def test_a_created_ticket_is_answered_with_201_and_can_be_read_back(hub: Hub) -> None:
    answer = hub.post("/crm/objects/{v}/tickets", {"properties": _NEW})

    assert answer.status_code == 201
    assert answer.headers["location"].endswith(answer.json()["id"])
    read = hub.get(f"/crm/objects/{{v}}/tickets/{answer.json()['id']}", properties="subject")
    assert read.json()["properties"]["subject"] == "Printer"


def test_types_are_known_by_id_as_well_as_by_name(hub: Hub) -> None:
    ticket = hub.ticket()

    assert hub.get(f"/crm/objects/{{v}}/0-5/{ticket}").status_code == 200
    assert hub.get(f"/crm/objects/{{v}}/ticket/{ticket}").status_code == 200


def test_an_unknown_type_is_refused_by_name(hub: Hub) -> None:
    answer = hub.get("/crm/objects/{v}/gadgets/1")

    assert answer.status_code == 400
    assert "gadgets" in answer.json()["message"]


def test_an_unset_property_is_null_and_an_unknown_one_left_out(hub: Hub) -> None:
    ticket = hub.ticket()

    read = hub.get(f"/crm/objects/{{v}}/tickets/{ticket}", properties="hs_resolution,nonsense")

    assert read.json()["properties"]["hs_resolution"] is None
    assert "nonsense" not in read.json()["properties"]
    assert "hs_object_id" in read.json()["properties"]


def test_a_ticket_without_stage_is_refused_and_the_missing_property_named(hub: Hub) -> None:
    answer = hub.post("/crm/objects/{v}/tickets", {"properties": {"subject": "x"}})

    assert answer.status_code == 400
    assert answer.json()["context"]["properties"] == ["hs_pipeline_stage"]
    assert answer.json()["message"].startswith("Error creating TICKET")


@pytest.mark.parametrize("object_type", ["notes", "tasks"])
def test_notes_and_tasks_need_a_timestamp(hub: Hub, object_type: str) -> None:
    answer = hub.post(f"/crm/objects/{{v}}/{object_type}", {"properties": {}})

    assert answer.status_code == 400
    assert answer.json()["context"]["properties"] == ["hs_timestamp"]


def test_a_note_is_made_and_linked_in_one_call(hub: Hub) -> None:
    ticket = hub.ticket()
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}
    body = {
        "properties": {"hs_timestamp": "2026-11-23T10:00:00Z", "hs_note_body": "Seen."},
        "associations": [{"to": {"id": ticket}, "types": [kind]}],
    }

    note = hub.post("/crm/objects/{v}/notes", body).json()["id"]

    assert hub.truth("tickets", ticket)["associations"]["notes"][0]["id"] == note


def test_a_link_to_a_missing_record_leaves_no_note_behind(hub: Hub) -> None:
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}
    body = {
        "properties": {"hs_timestamp": "2026-11-23T10:00:00Z"},
        "associations": [{"to": {"id": "99"}, "types": [kind]}],
    }

    answer = hub.post("/crm/objects/{v}/notes", body)

    assert answer.status_code == 400
    assert hub.control("GET", "/objects/notes")["total"] == 0


def test_an_empty_value_clears_a_property(hub: Hub) -> None:
    ticket = hub.ticket()

    hub.call("PATCH", f"/crm/objects/{{v}}/tickets/{ticket}", {"properties": {"content": ""}})

    assert "content" not in hub.truth("tickets", ticket)["properties"]


def test_an_archived_record_is_gone_unless_asked_for(hub: Hub) -> None:
    ticket = hub.ticket()
    path = f"/crm/objects/{{v}}/tickets/{ticket}"

    assert hub.call("DELETE", path).status_code == 204

    assert hub.get(path).status_code == 404
    archived = hub.get(path, archived="true").json()
    assert archived["archived"] is True
    assert archived["archivedAt"]


def test_a_list_is_paged_by_the_next_id_and_archived_ones_stand_apart(hub: Hub) -> None:
    ids = [hub.ticket(subject=f"t{n}") for n in range(5)]
    hub.call("DELETE", f"/crm/objects/{{v}}/tickets/{ids[1]}")

    first = hub.get("/crm/objects/{v}/tickets", limit="2").json()
    after = first["paging"]["next"]["after"]
    rest = hub.get("/crm/objects/{v}/tickets", limit="10", after=after).json()
    archived = hub.get("/crm/objects/{v}/tickets", archived="true").json()

    assert [row["id"] for row in first["results"]] == [ids[0], ids[2]]
    assert [row["id"] for row in rest["results"]] == ids[3:]
    assert "paging" not in rest
    assert [row["id"] for row in archived["results"]] == [ids[1]]


@pytest.mark.parametrize(
    ("more", "limit"), [({}, "101"), ({"propertiesWithHistory": "subject"}, "51")]
)
def test_a_page_above_the_limit_is_refused(hub: Hub, more: dict[str, str], limit: str) -> None:
    assert hub.get("/crm/objects/{v}/tickets", limit=limit, **more).status_code == 400


def test_associations_are_read_along_with_one_record(sample: Hub) -> None:
    company = sample.company("arborvale.example")
    ticket = sample.ticket(company_id=company)

    read = sample.get(f"/crm/objects/{{v}}/tickets/{ticket}", associations="companies").json()

    rows = read["associations"]["companies"]["results"]
    assert {row["id"] for row in rows} == {company}
    assert {row["type"] for row in rows} == {"ticket_to_company", "ticket_to_company_unlabeled"}


def test_a_contact_is_found_by_its_address_but_not_by_a_property_that_repeats(sample: Hub) -> None:
    contact = sample.get("/crm/objects/{v}/contacts", limit="1").json()["results"][0]
    email = contact["properties"]["email"]

    by_email = sample.get(f"/crm/objects/{{v}}/contacts/{email}", idProperty="email")
    by_name = sample.get("/crm/objects/{v}/contacts/Alan", idProperty="firstname")

    assert by_email.json()["id"] == contact["id"]
    assert by_name.status_code == 400


def test_a_second_contact_with_the_same_address_is_a_conflict(hub: Hub) -> None:
    body = {"properties": {"email": "one@client.example"}}
    first = hub.post("/crm/objects/{v}/contacts", body).json()["id"]

    answer = hub.post("/crm/objects/{v}/contacts", {"properties": {"email": "ONE@client.example"}})

    assert answer.status_code == 409
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {first}"


def test_merged_ids_lead_to_a_new_record(hub: Hub) -> None:
    kept, gone = hub.ticket(subject="kept"), hub.ticket(subject="gone", source_type="FORM")

    body = {"primaryObjectId": kept, "objectIdToMerge": gone}
    merged = hub.post("/crm/objects/{v}/tickets/merge", body).json()["id"]

    assert merged not in (kept, gone)
    for old in (kept, gone):
        read = hub.get(f"/crm/objects/{{v}}/tickets/{old}").json()
        assert read["id"] == merged
        assert read["properties"]["subject"] == "kept"


def test_merging_may_keep_the_primary_id_by_assumption(hub: Hub) -> None:
    hub.assume(merge_keeps_primary_id=True)
    kept, gone = hub.ticket(), hub.ticket()

    body = {"primaryObjectId": kept, "objectIdToMerge": gone}

    assert hub.post("/crm/objects/{v}/tickets/merge", body).json()["id"] == kept


def test_only_the_two_dated_versions_are_spoken(hub: Hub) -> None:
    for version, status in (("2026-03", 200), ("2026-09", 200), ("v3", 404), ("2027-03", 404)):
        assert hub.get(f"/crm/objects/{version}/tickets").status_code == status
