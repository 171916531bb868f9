"""Links: the primary company, labels, batches, and what is said about records without any."""

from typing import Any

import pytest

from tests.simulator.hub import Hub

_BATCH = "/crm/associations/{v}/tickets/companies/batch"


def _types(*ids: int, category: str = "HUBSPOT_DEFINED") -> list[dict[str, Any]]:
    return [{"associationCategory": category, "associationTypeId": i} for i in ids]


def _company(hub: Hub, name: str = "One") -> str:
    answer = hub.post("/crm/objects/{v}/companies", {"properties": {"name": name}})
    created: str = answer.json()["id"]
    return created


def _link(hub: Hub, ticket: str, company: str, *types: int) -> Any:
    row = {"from": {"id": ticket}, "to": {"id": company}, "types": _types(*types)}
    return hub.post(f"{_BATCH}/create", {"inputs": [row]})


def _linked(hub: Hub, ticket: str) -> dict[str, set[int]]:
    rows = hub.truth("tickets", ticket)["associations"].get("companies", [])
    return {row["id"]: set(row["type_ids"]) for row in rows}


@pytest.mark.parametrize(("version", "status"), [("2026-03", 201), ("2026-09", 200)])
def test_a_primary_comes_with_the_unlabelled_type(hub: Hub, version: str, status: int) -> None:
    hub.version = version
    ticket, company = hub.ticket(), _company(hub)

    assert _link(hub, ticket, company, 26).status_code == status

    assert _linked(hub, ticket) == {company: {26, 339}}
    assert hub.truth("tickets", ticket)["properties"]["hs_primary_company_id"] == company


def test_a_new_primary_takes_the_role_from_the_old_one(hub: Hub) -> None:
    ticket, first, second = hub.ticket(), _company(hub), _company(hub, "Two")
    _link(hub, ticket, first, 26)
    _link(hub, ticket, second, 26)

    assert _linked(hub, ticket) == {first: {339}, second: {26, 339}}
    properties = hub.truth("tickets", ticket)["properties"]
    assert properties["hs_primary_company_name"] == "Two"
    assert properties["hs_num_associated_companies"] == "2"


def test_links_are_seen_from_both_sides(hub: Hub) -> None:
    ticket, company = hub.ticket(), _company(hub)
    _link(hub, ticket, company, 26)

    body = {"inputs": [{"id": company}]}
    answer = hub.post("/crm/associations/{v}/companies/tickets/batch/read", body).json()

    assert answer["results"][0]["to"][0]["toObjectId"] == ticket
    kinds = answer["results"][0]["to"][0]["associationTypes"]
    assert {(kind["typeId"], kind["label"]) for kind in kinds} == {(25, "Primary"), (340, None)}


@pytest.mark.parametrize(("version", "status"), [("2026-03", 207), ("2026-09", 200)])
def test_records_without_links_stand_in_errors(hub: Hub, version: str, status: int) -> None:
    hub.version = version
    ticket = hub.ticket()

    answer = hub.post(f"{_BATCH}/read", {"inputs": [{"id": ticket}, {"id": "5"}]})

    assert answer.status_code == status
    assert answer.json()["results"] == []
    named = [row["context"]["fromObjectId"] for row in answer.json()["errors"]]
    assert named == [[ticket], ["5"]]
    assert answer.json()["errors"][0]["subCategory"].endswith("NO_ASSOCIATIONS_FOUND")


def test_records_without_links_may_be_absent_by_assumption(hub: Hub) -> None:
    hub.assume(no_associations_named_in_errors=False)

    answer = hub.post(f"{_BATCH}/read", {"inputs": [{"id": hub.ticket()}]})

    assert answer.status_code == 200
    assert answer.json()["results"] == []


def test_a_thousand_are_read_and_one_more_refused(hub: Hub) -> None:
    rows = [{"id": str(number)} for number in range(1001)]

    assert hub.post(f"{_BATCH}/read", {"inputs": rows[:1000]}).status_code == 200
    assert hub.post(f"{_BATCH}/read", {"inputs": rows}).status_code == 400


def test_many_links_of_one_record_come_in_pages(hub: Hub) -> None:
    hub.control("POST", "/bulk", {"companies": 1, "contacts": 620})
    company = hub.control("GET", "/objects/companies?properties=name")["results"][0]["id"]
    path = "/crm/associations/{v}/companies/contacts/batch/read"

    first = hub.post(path, {"inputs": [{"id": company}]}).json()["results"][0]
    after = first["paging"]["next"]["after"]
    second = hub.post(path, {"inputs": [{"id": company, "after": after}]}).json()["results"][0]

    assert (len(first["to"]), len(second["to"])) == (500, 120)
    assert "paging" not in second
    ids = {row["toObjectId"] for row in first["to"] + second["to"]}
    assert len(ids) == 620


def test_the_wrong_direction_or_an_unknown_type_is_refused(hub: Hub) -> None:
    ticket, company = hub.ticket(), _company(hub)

    assert _link(hub, ticket, company, 340).status_code == 400
    assert _linked(hub, ticket) == {}


def test_writing_labels_replaces_those_not_named(sample: Hub) -> None:
    labels = "/crm/associations/{v}/contacts/companies/labels"
    made = [
        sample.post(labels, {"label": name, "name": name.lower()}).json()["results"][0]["typeId"]
        for name in ("Billing", "Approver")
    ]
    contact = sample.get("/crm/objects/{v}/contacts", limit="1").json()["results"][0]["id"]
    company = sample.truth("contacts", contact)["associations"]["companies"][0]["id"]
    path = f"/crm/objects/{{v}}/contacts/{contact}/associations/companies/{company}"

    sample.call("PUT", path, _types(made[0], category="USER_DEFINED"))
    answer = sample.call("PUT", path, _types(made[1], category="USER_DEFINED"))

    assert answer.status_code == 201
    assert answer.json()["labels"] == ["Approver"]
    link = sample.truth("contacts", contact)["associations"]["companies"][0]
    assert set(link["labels"]) == {"Primary", "Approver"}


def test_taking_off_the_unlabelled_type_unlinks(hub: Hub) -> None:
    ticket, company = hub.ticket(), _company(hub)
    _link(hub, ticket, company, 26)
    row = {"from": {"id": ticket}, "to": {"id": company}, "types": _types(26)}

    hub.post(f"{_BATCH}/labels/archive", {"inputs": [row]})
    assert _linked(hub, ticket) == {company: {339}}

    hub.post(f"{_BATCH}/labels/archive", {"inputs": [{**row, "types": _types(339)}]})
    assert _linked(hub, ticket) == {}


def test_unlinking_answers_200_with_a_body(hub: Hub) -> None:
    ticket, company = hub.ticket(), _company(hub)
    _link(hub, ticket, company, 26)
    row = {"from": {"id": ticket}, "to": [{"id": company}]}

    answer = hub.post(f"{_BATCH}/archive", {"inputs": [row]})

    assert answer.status_code == 200
    assert answer.json()["status"] == "COMPLETE"
    assert _linked(hub, ticket) == {}
    assert "hs_primary_company_id" not in hub.truth("tickets", ticket)["properties"]


def test_a_missing_end_fails_its_row_alone(hub: Hub) -> None:
    ticket, company = hub.ticket(), _company(hub)
    rows = [
        {"from": {"id": ticket}, "to": {"id": end}, "types": _types(26)} for end in ("5", company)
    ]

    answer = hub.post(f"{_BATCH}/create", {"inputs": rows}).json()

    assert answer["numErrors"] == 1
    assert _linked(hub, ticket) == {company: {26, 339}}


def test_an_administrators_limit_refuses_one_link_more(hub: Hub) -> None:
    row = {"from_type": "tickets", "to_type": "companies", "type_id": 339, "max": 1}
    hub.control("PUT", "/link-limits", {"limits": [row]})
    ticket = hub.ticket()
    _link(hub, ticket, _company(hub), 339)

    answer = _link(hub, ticket, _company(hub, "Two"), 339).json()

    assert answer["numErrors"] == 1
    assert len(_linked(hub, ticket)) == 1


def test_the_record_level_list_is_not_part_of_2026_09(hub: Hub) -> None:
    ticket, company = hub.ticket(), _company(hub)
    _link(hub, ticket, company, 26)
    path = f"/crm/objects/{{v}}/tickets/{ticket}/associations/companies"

    assert hub.get(path).status_code == 404
    hub.assume(paths_absent_from_2026_09_spec_work=True)
    assert hub.get(path).status_code == 200
    hub.version = "2026-03"
    hub.assume(paths_absent_from_2026_09_spec_work=False)
    assert hub.get(path).json()["results"][0]["toObjectId"] == company


def test_labels_need_professional(hub: Hub) -> None:
    labels = "/crm/associations/{v}/contacts/companies/labels"
    body = {"label": "Administrative contact", "name": "administrative_contact"}
    hub.settings(tier="starter")

    assert hub.post(labels, body).status_code == 403
    hub.settings(tier="professional")
    made = hub.post(labels, body)

    assert made.status_code == 200
    assert len(made.json()["results"]) == 2
    assert hub.post(labels, body).status_code == 409
    known = hub.get(labels).json()["results"]
    assert all("name" not in row for row in known)
    assert "Administrative contact" in {row["label"] for row in known}


def test_a_label_name_may_not_hold_a_hyphen(hub: Hub) -> None:
    body = {"label": "Administrative contact", "name": "administrative-contact"}

    assert hub.post("/crm/associations/{v}/contacts/companies/labels", body).status_code == 400
