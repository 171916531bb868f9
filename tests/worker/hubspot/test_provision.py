"""Making a portal ready: adopt before creating, append, remove nothing, and nothing twice."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

import pytest
import responses

from config.portal import QUEUES, PortalNames
from config.settings import CONFIG_DIR
from tests.worker.hubspot.conftest import BASE
from worker.hubspot import models
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import Rejected
from worker.hubspot.provision import Change, LivePortal, Plan, apply, plan, read_live
from worker.hubspot.schema import COMPANY_GROUP, TICKET_GROUP
from worker.routing.policy_document import PolicyDocument
from worker.routing.policy_file import read_document

Json = dict[str, Any]
VERSION = "2026-09"
DEFAULT_STAGES = ["New", "Waiting on contact", "Waiting on us", "Closed"]
LABELS = {queue: queue.replace("_", " ").title() for queue in sorted(QUEUES)}


@pytest.fixture(scope="module")
def policy() -> PolicyDocument:
    return read_document(CONFIG_DIR / "escalation.yaml")


def names(**more: Any) -> PortalNames:
    stages = {
        "intake": [""],
        "queue": LABELS,
        "waiting": ["Waiting on client", "Waiting on contact"],
        "closed": ["Closed"],
        **more.pop("stages", {}),
    }
    return PortalNames.model_validate({"stages": stages, **more})


class FakePortal:
    """A portal as JSON, to which changes can be made as HubSpot would."""

    def __init__(self, labels: int = 10, pipelines: int = 15) -> None:
        self.label_limit, self.pipeline_limit = labels, pipelines
        self.pipelines: list[Json] = [
            pipeline("0", "Support Pipeline", DEFAULT_STAGES),
        ]
        self.properties: dict[str, dict[str, Json]] = {
            "tickets": {"subject": definition("subject")},
            "companies": {"name": definition("name", label="Company name")},
            "contacts": {"email": definition("email")},
        }
        self.archived: dict[str, set[str]] = {
            "tickets": set(),
            "companies": set(),
            "contacts": set(),
        }
        self.groups: dict[str, set[str]] = {
            "tickets": {"ticketinformation"},
            "companies": {"companyinformation"},
            "contacts": {"contactinformation"},
        }
        self.labels: set[str] = {"Primary"}

    def live(self) -> LivePortal:
        return LivePortal(
            pipelines=models.pipelines({"results": deepcopy(self.pipelines)}),
            properties={
                kind: {name: models.property_definition(raw) for name, raw in some.items()}
                for kind, some in self.properties.items()
            },
            archived={kind: frozenset(some) for kind, some in self.archived.items()},
            groups={kind: frozenset(some) for kind, some in self.groups.items()},
            labels=frozenset(self.labels),
            label_limit=self.label_limit,
            pipeline_limit=self.pipeline_limit,
        )

    def make(self, change: Change) -> None:
        parts = change.path.strip("/").split("/")
        body = deepcopy(change.body)
        match [change.method, *parts]:
            case ["POST", "crm", "pipelines", _, "tickets"]:
                stages = [stage(s["stageId"], s["label"], n) for n, s in enumerate(body["stages"])]
                self.pipelines.append({**body, "id": body["pipelineId"], "stages": stages})
            case ["POST", "crm", "pipelines", _, "tickets", id_, "stages"]:
                (to,) = [p for p in self.pipelines if p["id"] == id_]
                assert body["stageId"] not in {s["id"] for p in self.pipelines for s in p["stages"]}
                to["stages"].append({**body, "id": body["stageId"]})
            case ["POST", "crm", "properties", _, kind, "groups"]:
                self.groups[kind].add(body["name"])
            case ["POST", "crm", "properties", _, kind]:
                assert body["groupName"] in self.groups[kind]
                assert body["name"] not in self.properties[kind].keys() | self.archived[kind]
                self.properties[kind][body["name"]] = {**body, "createdAt": "2026-11-23T12:00:00Z"}
            case ["PATCH", "crm", "properties", _, kind, name]:
                assert body.keys() == {"options"}
                self.properties[kind][name]["options"] = body["options"]
            case ["POST", "crm", "associations", _, "contacts", "companies", "labels"]:
                assert self.label_limit
                self.labels.add(body["label"])
            case other:
                raise AssertionError(other)

    def set_up(self, portal: PortalNames, policy: PolicyDocument, new: bool = False) -> Plan:
        """What `setup` does; the plan it followed."""
        result = plan(self.live(), portal, policy, VERSION, new)
        for change in result.changes:
            self.make(change)
        return result


def stage(id_: str, label: str, order: int) -> Json:
    return {"id": id_, "label": label, "displayOrder": order, "metadata": {}}


def pipeline(id_: str, label: str, stages: list[str], order: int = 0) -> Json:
    return {
        "id": id_,
        "label": label,
        "displayOrder": order,
        "stages": [stage(f"{id_}-{n}", one, n) for n, one in enumerate(stages)],
    }


def definition(name: str, type_: str = "string", **more: Any) -> Json:
    return {"name": name, "label": name, "type": type_, "fieldType": "text", "options": [], **more}


def paths(result: Plan, end: str) -> list[Change]:
    return [change for change in result.changes if change.path.endswith(end)]


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


# ---- pipeline and stages


def test_the_portals_first_pipeline_is_adopted_and_its_missing_stages_added_at_the_end(
    policy: PolicyDocument,
) -> None:
    portal = FakePortal()
    portal.pipelines.insert(0, pipeline("7", "Later", ["A"], order=5))

    result = portal.set_up(names(), policy)

    added = paths(result, "/stages")
    assert [change.body["label"] for change in added] == list(LABELS.values())
    assert {change.path for change in added} == {f"/crm/pipelines/{VERSION}/tickets/0/stages"}
    assert [change.body["displayOrder"] for change in added] == list(range(4, 12))
    assert {change.body["metadata"]["ticketState"] for change in added} == {"OPEN"}
    assert any("Adopting the ticket pipeline 'Support Pipeline'" in note for note in result.notes)


def test_a_stage_is_known_however_it_is_spelled(policy: PolicyDocument) -> None:
    portal = FakePortal()
    portal.pipelines = [pipeline("0", "Support", ["New", " ocr ", "LEVEL  1", "On hold", "Closed"])]

    result = portal.set_up(names(stages={"waiting": ["Waiting", "on Hold"]}), policy)

    labels = {change.body["label"] for change in paths(result, "/stages")}
    assert labels == set(LABELS.values()) - {LABELS["ocr"], LABELS["level_1"]}


def test_a_stage_to_wait_in_is_added_where_there_is_none(policy: PolicyDocument) -> None:
    portal = FakePortal()
    portal.pipelines = [pipeline("0", "Support", ["New", "Closed"])]

    result = portal.set_up(names(), policy)

    assert "Waiting on client" in {c.body["label"] for c in paths(result, "/stages")}
    assert "Waiting on contact" not in {c.body["label"] for c in paths(result, "/stages")}


def test_the_pipeline_is_found_by_its_label_and_another_one_is_not_guessed(
    policy: PolicyDocument,
) -> None:
    portal = FakePortal()
    portal.pipelines.append(pipeline("7", "Client  Care", ["New"], order=1))

    result = plan(portal.live(), names(pipeline="client care"), policy, VERSION)
    assert {c.path for c in paths(result, "/stages")} == {
        f"/crm/pipelines/{VERSION}/tickets/7/stages"
    }

    result = plan(portal.live(), names(pipeline="Helpdesk"), policy, VERSION)
    assert paths(result, "/stages") == []
    assert "no ticket pipeline 'Helpdesk'" in result.obstacles[0]
    assert "it has 'Support Pipeline', 'Client  Care'" in result.obstacles[0]


def test_a_first_stage_that_is_a_queue_leaves_new_tickets_no_place(policy: PolicyDocument) -> None:
    portal = FakePortal()
    portal.pipelines = [pipeline("0", "Support", [LABELS["level_1"], "Closed"])]

    (obstacle,) = plan(portal.live(), names(), policy, VERSION).obstacles

    assert "The first stage of the pipeline 'Support' is 'Level 1'" in obstacle
    assert "`intake`" in obstacle


def test_an_intake_stage_that_is_not_there_is_an_obstacle(policy: PolicyDocument) -> None:
    result = plan(FakePortal().live(), names(stages={"intake": ["Inbox"]}), policy, VERSION)

    assert "has none of the intake stages of portal.yaml (Inbox)" in result.obstacles[0]


def test_a_new_pipeline_has_all_stages_from_the_first_to_the_closed_one(
    policy: PolicyDocument,
) -> None:
    portal = FakePortal()

    result = portal.set_up(
        names(stages={"intake": ["Inbox"], "closed": ["Done"]}), policy, new=True
    )

    (made,) = paths(result, "/tickets")[:1]
    labels = [one["label"] for one in made.body["stages"]]
    assert labels == ["Inbox", *LABELS.values(), "Waiting on client", "Done"]
    states = [one["metadata"]["ticketState"] for one in made.body["stages"]]
    assert states == ["OPEN"] * (len(labels) - 1) + ["CLOSED"]
    assert made.body["label"] == "Support"
    assert len({one["stageId"] for one in made.body["stages"]}) == len(labels)
    assert any("Set `pipeline: Support` in portal.yaml" in note for note in result.notes)


def test_a_new_pipeline_after_an_adopted_one_takes_no_stage_id_twice(
    policy: PolicyDocument,
) -> None:
    portal = FakePortal()
    portal.set_up(names(), policy)
    portal.set_up(names(), policy, new=True)

    ids = [one["id"] for some in portal.pipelines for one in some["stages"]]
    assert len(ids) == len(set(ids))


def test_a_new_pipeline_that_is_there_by_name_is_adopted(policy: PolicyDocument) -> None:
    portal = FakePortal()
    portal.pipelines.append(pipeline("99", "support", ["New", "Closed"], order=1))

    result = portal.set_up(names(), policy, new=True)

    assert {c.path for c in paths(result, "/stages")} == {
        f"/crm/pipelines/{VERSION}/tickets/99/stages"
    }


def test_a_small_account_may_not_have_another_pipeline(policy: PolicyDocument) -> None:
    portal = FakePortal(labels=0, pipelines=1)

    result = plan(portal.live(), names(), policy, VERSION, new_pipeline=True)

    assert "may have 1 ticket pipelines and has 1" in result.obstacles[0]
    assert "Leave out --new-pipeline" in result.obstacles[0]
    assert not any("/pipelines/" in change.path for change in result.changes)


def test_an_account_without_pipelines_is_told_so(policy: PolicyDocument) -> None:
    portal = FakePortal()
    portal.pipelines = []

    assert "no ticket pipeline" in plan(portal.live(), names(), policy, VERSION).obstacles[0]


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


# ---- administrative contacts


def test_a_label_tells_administrative_contacts_where_the_tier_has_labels(
    policy: PolicyDocument,
) -> None:
    portal = FakePortal()

    (change,) = paths(portal.set_up(names(), policy), "/labels")

    assert change.body == {"label": "Administrative contact", "name": "administrative_contact"}
    assert "client_contact_role" not in portal.properties["contacts"]


def test_a_label_that_is_there_is_adopted(policy: PolicyDocument) -> None:
    portal = FakePortal()
    portal.labels.add("administrative  Contact")

    assert paths(portal.set_up(names(), policy), "/labels") == []


@pytest.mark.parametrize("label", ["1st contact", "Ansprechpartner für Verträge", "-"])
def test_the_name_of_a_label_is_one_that_hubspot_takes(policy: PolicyDocument, label: str) -> None:
    (change,) = paths(
        plan(FakePortal().live(), names(admin_contact_label=label), policy, VERSION), "/labels"
    )

    name = change.body["name"]
    assert name.isascii()
    assert name[0].isalpha()
    assert "-" not in name


def test_a_contact_property_tells_them_where_the_tier_has_no_labels(policy: PolicyDocument) -> None:
    portal = FakePortal(labels=0)

    result = portal.set_up(names(), policy)

    assert paths(result, "/labels") == []
    role = portal.properties["contacts"]["client_contact_role"]
    assert [one["value"] for one in role["options"]] == ["administrative"]
    assert role["groupName"] == "contactinformation"
    assert any("tier has no association labels" in note for note in result.notes)


def test_a_drop_down_of_roles_that_is_there_gets_the_role_appended(policy: PolicyDocument) -> None:
    portal = FakePortal(labels=0)
    theirs = [{"value": "billing", "label": "Billing", "displayOrder": 0, "hidden": False}]
    portal.properties["contacts"]["role"] = definition("role", "enumeration", options=theirs)

    portal.set_up(names(admin_contact_property="role"), policy)

    values = [one["value"] for one in portal.properties["contacts"]["role"]["options"]]
    assert values == ["billing", "administrative"]


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
