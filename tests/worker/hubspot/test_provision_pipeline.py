"""Which pipeline is adopted, which stages are added, and how administrative contacts are told."""

from __future__ import annotations

import pytest

from tests.worker.hubspot.fake_portal import (
    LABELS,
    VERSION,
    FakePortal,
    definition,
    names,
    paths,
    pipeline,
)
from worker.hubspot.provision import plan
from worker.routing.policy_document import PolicyDocument

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
