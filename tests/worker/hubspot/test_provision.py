"""Making a portal ready: adopt before creating, append, remove nothing, and nothing twice."""

from __future__ import annotations

import json
import re
from copy import deepcopy

import pytest
import responses

from tests.worker.hubspot.conftest import BASE
from tests.worker.hubspot.fake_portal import (
    VERSION,
    FakePortal,
    Json,
    definition,
    names,
    paths,
    pipeline,
)
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import Rejected
from worker.hubspot.provision import Change, apply, plan, read_live
from worker.hubspot.schema import COMPANY_GROUP, TICKET_GROUP
from worker.routing.policy_document import PolicyDocument

# ---- the whole


@pytest.mark.parametrize("labels", [10, 0])
@pytest.mark.parametrize("new", [False, True])
def test_the_second_run_changes_nothing(policy: PolicyDocument, labels: int, new: bool) -> None:
    portal = FakePortal(labels=labels)

    first = portal.set_up(names(), policy, new)
    second = portal.set_up(names(), policy, new)

    assert len(first.changes) > 20
    assert first.obstacles == []
    assert second.changes == []
    assert second.obstacles == []


def test_nothing_that_was_there_is_changed(policy: PolicyDocument) -> None:
    portal = FakePortal()
    before = deepcopy(portal)

    result = portal.set_up(names(), policy)

    assert {change.method for change in result.changes} == {"POST"}
    assert portal.pipelines[0]["stages"][:4] == before.pipelines[0]["stages"]
    for kind, some in before.properties.items():
        assert {name: portal.properties[kind][name] for name in some} == some


def test_every_queue_type_status_and_request_of_the_policy_gets_its_option(
    policy: PolicyDocument,
) -> None:
    portal = FakePortal()
    portal.set_up(names(), policy)

    def options(name: str) -> list[str]:
        return [one["value"] for one in portal.properties["tickets"][name]["options"]]

    assert options("routing_queue") == list(policy.queues)
    assert options("routing_ticket_type") == list(policy.types)
    assert options("escalation_request") == list(policy.requests)
    assert options("routing_status") == ["decided", "triage", "suggested", "locked", "failed"]


def test_our_properties_stand_in_groups_of_their_own_made_once_and_first(
    policy: PolicyDocument,
) -> None:
    result = FakePortal().set_up(names(), policy)

    assert [change.body["name"] for change in paths(result, "/groups")] == [
        TICKET_GROUP[0],
        COMPANY_GROUP[0],
    ]


# ---- properties


def test_options_are_appended_and_what_is_there_stays_as_it_is(policy: PolicyDocument) -> None:
    portal = FakePortal()
    portal.set_up(names(), policy)
    theirs = [
        {"value": "sales", "label": "OCR", "hidden": True, "displayOrder": 7, "description": "old"},
        {"value": "it", "label": "Our IT", "hidden": False, "displayOrder": 9},
    ]
    portal.properties["tickets"]["routing_queue"]["options"] = deepcopy(theirs)

    result = portal.set_up(names(), policy)

    (change,) = result.changes
    assert change.method == "PATCH"
    assert change.path == f"/crm/properties/{VERSION}/tickets/routing_queue"
    options = change.body["options"]
    assert options[:2] == theirs
    assert [one["value"] for one in options[2:]] == [q for q in policy.queues if q != "it"]
    assert [one["displayOrder"] for one in options[2:]] == list(range(10, 10 + len(options) - 2))
    labels = [one["label"].casefold() for one in options]
    assert len(set(labels)) == len(labels)
    assert portal.set_up(names(), policy).changes == []


def test_a_property_of_another_type_is_left_alone_and_told(policy: PolicyDocument) -> None:
    portal = FakePortal()
    portal.properties["tickets"]["routing_queue"] = definition("routing_queue")
    before = deepcopy(portal.properties["tickets"]["routing_queue"])

    result = portal.set_up(names(), policy)

    (obstacle,) = result.obstacles
    assert "routing_queue is of type string, enumeration is needed" in obstacle
    assert "left as it is" in obstacle
    assert portal.properties["tickets"]["routing_queue"] == before


@pytest.mark.parametrize("name", ["erp_system", "customization_summary", "managed_services"])
@pytest.mark.parametrize("type_", ["string", "enumeration", "bool", "number"])
def test_what_is_only_read_may_be_of_any_type(
    policy: PolicyDocument, name: str, type_: str
) -> None:
    """Customers keep their ERP in a drop-down as often as in a text."""
    portal = FakePortal()
    options = [{"value": "yes", "label": "Yes"}] if type_ == "enumeration" else []
    portal.properties["companies"][name] = definition(name, type_, options=options)

    result = portal.set_up(names(), policy)

    assert result.obstacles == []
    assert portal.properties["companies"][name]["options"] == options


def test_a_renamed_property_is_made_and_found_under_its_name(policy: PolicyDocument) -> None:
    portal = FakePortal()
    renamed = names(ticket_properties={"routing_queue": "team"})

    portal.set_up(renamed, policy)

    assert "team" in portal.properties["tickets"]
    assert "routing_queue" not in portal.properties["tickets"]
    assert portal.set_up(renamed, policy).changes == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("tickets", "routing_queue"),
        ("companies", "erp_system"),
        ("contacts", "client_contact_gone"),
        ("contacts", "client_contact_role"),
    ],
)
def test_a_name_in_the_bin_needs_a_person(policy: PolicyDocument, kind: str, name: str) -> None:
    portal = FakePortal(labels=0)
    portal.archived[kind].add(name)

    result = portal.set_up(names(), policy)

    (obstacle,) = result.obstacles
    assert f"The {kind} property {name} is archived" in obstacle
    assert "Restore it in HubSpot" in obstacle
    assert name not in portal.properties[kind]


def test_a_property_of_the_same_meaning_is_offered_before_one_is_made(
    policy: PolicyDocument,
) -> None:
    portal = FakePortal()
    portal.properties["companies"]["acct_sys"] = definition("acct_sys", label="Accounting system")

    notes = plan(portal.live(), names(), policy, VERSION).notes

    offer = next(note for note in notes if "acct_sys" in note)
    assert "company_properties: {erp_system: acct_sys}" in offer
    adopted = names(company_properties={"erp_system": "acct_sys"})
    result = plan(portal.live(), adopted, policy, VERSION)
    assert not any(c.body.get("name") == "erp_system" for c in result.changes)


# ---- with HubSpot


CHANGE = Change("x", "POST", f"/crm/properties/{VERSION}/tickets", {"name": "a"})


def test_what_is_there_already_counts_as_made(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    web.add("POST", BASE + CHANGE.path, status=409, json={"category": "CONFLICT"})

    apply(client, CHANGE)

    assert len(web.calls) == 1


def test_a_stage_whose_id_is_taken_is_made_under_another(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    path = f"/crm/pipelines/{VERSION}/tickets"
    body = {"pipelineId": "p", "label": "Support", "stages": [{"stageId": "s", "label": "New"}]}
    web.add("POST", BASE + path, status=409, json={"category": "CONFLICT"})
    web.add("POST", BASE + path, status=201, json={"id": "7"})

    apply(client, Change("x", "POST", path, body))

    assert json.loads(web.calls[1].request.body or "") == {
        "label": "Support",
        "stages": [{"label": "New"}],
    }


@pytest.mark.parametrize("status", [400, 403])
def test_a_refusal_is_told(client: HubSpotClient, web: responses.RequestsMock, status: int) -> None:
    web.add("POST", BASE + CHANGE.path, status=status, json={"message": "odd"})

    with pytest.raises(Rejected, match="odd"):
        apply(client, CHANGE)


def test_the_live_portal_is_read_with_its_limits(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    ticket = {"objectTypeId": "0-5", "limit": 15, "usage": 1}
    answers: dict[str, Json] = {
        f"/crm/pipelines/{VERSION}/tickets": {"results": [pipeline("0", "Support", ["New"])]},
        f"/crm/associations/{VERSION}/contacts/companies/labels": {
            "results": [{"label": "Primary", "typeId": 1, "category": "HUBSPOT_DEFINED"}]
        },
        f"/crm/limits/{VERSION}/associations/labels": {"results": [{"limit": 10, "usage": 0}]},
        f"/crm/limits/{VERSION}/pipelines": {"hubspotDefinedObjectTypes": [ticket]},
    }
    for kind in ("tickets", "companies", "contacts"):
        path = f"/crm/properties/{VERSION}/{kind}"
        answers[path] = {"results": [definition(f"{kind}_property")]}
        answers[f"{path}/groups"] = {"results": [{"name": f"{kind}_group"}]}
    for path, answer in answers.items():
        web.add("GET", BASE + path, json=answer)

    live = read_live(client, VERSION)

    assert live.label_limit == 10
    assert live.pipeline_limit == 15
    assert live.labels == {"Primary"}
    assert live.groups["companies"] == {"companies_group"}
    assert list(live.properties["contacts"]) == ["contacts_property"]
    assert live.pipelines[0].label == "Support"


def test_an_account_that_knows_no_labels_has_none(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    web.add("GET", f"{BASE}/crm/limits/{VERSION}/associations/labels", status=404)
    empty: Json = {"results": [], "hubspotDefinedObjectTypes": []}
    web.add("GET", re.compile(f"{BASE}/.*"), json=empty)

    live = read_live(client, VERSION)

    assert live.label_limit == 0
    assert live.pipeline_limit == 1
