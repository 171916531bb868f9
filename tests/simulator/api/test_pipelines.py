"""Pipelines and stages: stock ones, our own ids, and what is refused."""

from typing import Any

from tests.simulator.hub import Hub

_STAGES = "/crm/pipelines/{v}/tickets/0/stages"


def _stage(
    stage_id: str | None = None, label: str = "Level 1", state: str = "OPEN"
) -> dict[str, Any]:
    body: dict[str, Any] = {"label": label, "displayOrder": 5, "metadata": {"ticketState": state}}
    return body if stage_id is None else {**body, "stageId": stage_id}


def test_a_new_portal_has_the_support_pipeline_with_its_four_stages(hub: Hub) -> None:
    pipelines = hub.get("/crm/pipelines/{v}/tickets").json()["results"]

    assert [(p["id"], p["label"]) for p in pipelines] == [("0", "Support Pipeline")]
    assert [(s["id"], s["label"]) for s in pipelines[0]["stages"]] == [
        ("1", "New"),
        ("2", "Waiting on contact"),
        ("3", "Waiting on us"),
        ("4", "Closed"),
    ]
    assert pipelines[0]["stages"][3]["metadata"] == {"ticketState": "CLOSED", "isClosed": "true"}


def test_a_stage_keeps_the_id_its_maker_chose(hub: Hub) -> None:
    made = hub.post(_STAGES, _stage("queue_level_1"))

    assert made.status_code == 201
    assert made.json()["id"] == "queue_level_1"
    assert hub.post(_STAGES, _stage("queue_level_1", "Other")).status_code == 409
    assert hub.post(_STAGES, _stage("other", "Level 1")).status_code == 409


def test_a_stage_gets_hubspots_id_by_assumption(hub: Hub) -> None:
    hub.assume(caller_chosen_stage_ids=False)

    assert hub.post(_STAGES, _stage("queue_level_1")).json()["id"].isdigit()


def test_a_deleted_stage_takes_no_more_tickets(hub: Hub) -> None:
    hub.post(_STAGES, _stage("queue_level_1"))
    assert hub.call("DELETE", f"{_STAGES}/queue_level_1").status_code == 204

    row = {"id": hub.ticket(), "properties": {"hs_pipeline_stage": "queue_level_1"}}
    answer = hub.update("tickets", row)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "INVALID_OPTION"


def test_a_used_stage_is_kept_when_asked_to_look(hub: Hub) -> None:
    hub.ticket(stage="2")

    answer = hub.call("DELETE", f"{_STAGES}/2", params={"validateReferencesBeforeDelete": "true"})

    assert answer.status_code == 400
    assert answer.json()["subCategory"] == "PipelineError.STAGE_ID_IN_USE"


def test_starter_has_one_ticket_pipeline_and_professional_more(hub: Hub) -> None:
    body = {"label": "Second", "displayOrder": 1, "pipelineId": "second", "stages": [_stage("s1")]}
    path = "/crm/pipelines/{v}/tickets"
    hub.settings(tier="starter")
    assert hub.post(path, body).status_code == 400
    limits = hub.get("/crm/limits/{v}/pipelines").json()["hubspotDefinedObjectTypes"][0]
    assert (limits["usage"], limits["limit"]) == (1, 1)

    hub.settings(tier="professional")
    made = hub.post(path, body)

    assert made.status_code == 201
    assert made.json()["id"] == "second"


def test_a_stage_of_another_pipeline_is_refused_unless_the_pipeline_moves_too(hub: Hub) -> None:
    body = {"label": "Second", "displayOrder": 1, "pipelineId": "second", "stages": [_stage("s1")]}
    hub.post("/crm/pipelines/{v}/tickets", body)
    ticket = hub.ticket()

    alone = hub.update("tickets", {"id": ticket, "properties": {"hs_pipeline_stage": "s1"}})
    both = {"hs_pipeline": "second", "hs_pipeline_stage": "s1"}
    together = hub.update("tickets", {"id": ticket, "properties": both})

    assert alone.status_code == 400
    assert together.status_code == 200


def test_a_stage_is_renamed_and_the_audit_tells(hub: Hub) -> None:
    answer = hub.call("PATCH", f"{_STAGES}/1", {"label": "Intake", "metadata": {}})

    assert answer.json()["label"] == "Intake"
    assert answer.json()["metadata"]["ticketState"] == "OPEN"
    assert hub.get(f"{_STAGES}/1/audit").json()["results"][0]["action"] == "UPDATE"


def test_companies_have_no_pipelines_here(hub: Hub) -> None:
    assert hub.get("/crm/pipelines/{v}/companies").status_code == 400
