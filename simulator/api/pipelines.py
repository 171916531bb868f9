"""Ticket pipelines and their stages; ids may be chosen by the caller (specification)."""

from typing import Any

from simulator.api.call import Answer, Call
from simulator.api.shapes import as_int, as_object, as_objects
from simulator.rules.refusals import Json, Refusal, bad_input, not_found
from simulator.state.clock import iso
from simulator.state.object_types import TICKET
from simulator.state.pipelines import Pipeline, Stage
from simulator.state.records import Record

STAGES_PER_PIPELINE = 100


def list_all(call: Call) -> Answer:
    """GET the live pipelines with their live stages."""
    _tickets_only(call)
    live = [p.as_json() for p in call.portal.pipelines.values() if p.archived_ms is None]
    return Answer(200, {"results": live})


def read(call: Call) -> Answer:
    """GET one pipeline."""
    return Answer(200, _pipeline(call).as_json())


def create(call: Call) -> Answer:
    """POST a pipeline; refused above the tier's number of ticket pipelines."""
    _tickets_only(call)
    body = call.json_object("label", "displayOrder", "stages")
    portal = call.portal
    live = [p for p in portal.pipelines.values() if p.archived_ms is None]
    limit = portal.settings.limits.ticket_pipelines
    if len(live) >= limit:
        text = f"You have reached the limit of {limit} pipelines for TICKET"
        raise Refusal(400, text, sub_category="PipelineError.PIPELINE_LIMIT_REACHED")
    label = str(body["label"])
    if any(p.label == label for p in live):
        raise Refusal(409, f"A pipeline with the label '{label}' already exists", "CONFLICT")
    chosen = str(body.get("pipelineId") or "") if call.assume("caller_chosen_stage_ids") else ""
    pipeline_id = chosen or _free_id(call)
    if pipeline_id in portal.pipelines:
        raise Refusal(409, f"A pipeline with the id '{pipeline_id}' already exists", "CONFLICT")
    now = portal.clock.now_ms()
    pipeline = Pipeline(pipeline_id, label, as_int(body["displayOrder"], "displayOrder"), now, now)
    for row in as_objects(body["stages"], "stages"):
        _add_stage(call, pipeline, row)
    if not pipeline.stages:
        raise Refusal(400, "A pipeline needs at least one stage")
    portal.pipelines[pipeline_id] = pipeline
    _note(call, pipeline, "CREATE", pipeline_id)
    return Answer(201, pipeline.as_json())


def replace(call: Call) -> Answer:
    """PUT a pipeline: the stages given are all there are, known ones by their stageId."""
    pipeline = _pipeline(call)
    body = call.json_object("label", "displayOrder", "stages")
    keep = {str(row.get("stageId")) for row in as_objects(body["stages"], "stages")}
    for stage in pipeline.live_stages():
        if stage.id not in keep:
            _retire(call, pipeline, stage)
    for row in as_objects(body["stages"], "stages"):
        known = pipeline.stages.get(str(row.get("stageId")))
        if known is None or known.archived_ms is not None:
            _add_stage(call, pipeline, row)
        else:
            _change_stage(call, pipeline, known, row)
    return _changed(call, pipeline, body, "UPDATE")


def change(call: Call) -> Answer:
    """PATCH a pipeline's label, place or archived state."""
    pipeline = _pipeline(call, archived=True)
    body = call.json_object()
    if body.get("archived") is False:
        pipeline.archived_ms = None
    elif pipeline.archived_ms is not None:
        raise not_found()
    return _changed(call, pipeline, body, "UPDATE")


def archive(call: Call) -> Answer:
    """DELETE a pipeline; with `validateReferencesBeforeDelete` refused while tickets are in it."""
    pipeline = _pipeline(call)
    if call.flag("validateReferencesBeforeDelete"):
        used = _tickets_where(call, "hs_pipeline", pipeline.id)
        if used:
            raise _in_use("PipelineError.PIPELINE_ID_IN_USE", used)
    pipeline.archived_ms = call.portal.clock.now_ms()
    _note(call, pipeline, "DELETE", pipeline.id)
    return Answer(204)


def list_stages(call: Call) -> Answer:
    """GET the live stages of a pipeline."""
    return Answer(200, {"results": [stage.as_json() for stage in _pipeline(call).live_stages()]})


def read_stage(call: Call) -> Answer:
    """GET one stage, an archived one too."""
    return Answer(200, _stage(call, _pipeline(call)).as_json())


def create_stage(call: Call) -> Answer:
    """POST a stage; labels are unique within a pipeline."""
    pipeline = _pipeline(call)
    stage = _add_stage(call, pipeline, call.json_object())
    _note(call, pipeline, "CREATE", stage.id)
    return Answer(201, stage.as_json())


def change_stage(call: Call) -> Answer:
    """PATCH or PUT a stage."""
    pipeline = _pipeline(call)
    stage = _stage(call, pipeline)
    body = call.json_object(
        *(("label", "displayOrder", "metadata") if call.method == "PUT" else ())
    )
    if body.get("archived") is False:
        stage.archived_ms = None
    elif stage.archived_ms is not None:
        raise not_found()
    _change_stage(call, pipeline, stage, body)
    _note(call, pipeline, "UPDATE", stage.id)
    return Answer(200, stage.as_json())


def archive_stage(call: Call) -> Answer:
    """DELETE a stage; tickets in it keep its id."""
    pipeline = _pipeline(call)
    stage = _stage(call, pipeline)
    if stage.archived_ms is not None:
        raise not_found()
    if len(pipeline.live_stages()) == 1:
        raise Refusal(400, "A pipeline needs at least one stage")
    if call.flag("validateReferencesBeforeDelete"):
        used = _tickets_where(call, "hs_pipeline_stage", stage.id)
        if used:
            raise _in_use("PipelineError.STAGE_ID_IN_USE", used)
    _retire(call, pipeline, stage)
    _note(call, pipeline, "DELETE", stage.id)
    return Answer(204)


def audit(call: Call) -> Answer:
    """GET who changed a pipeline or one of its stages, newest first."""
    pipeline = _pipeline(call, archived=True)
    wanted = call.path.get("stage_id", pipeline.id)
    rows = [row for row in reversed(pipeline.audit) if row["identifier"] == wanted]
    return Answer(200, {"results": rows})


def _tickets_only(call: Call) -> None:
    if call.kind() is not TICKET:
        name = call.path["object_type"]
        raise Refusal(400, f"{name} has no pipelines", "VALIDATION_ERROR")


def _pipeline(call: Call, archived: bool = False) -> Pipeline:
    _tickets_only(call)
    pipeline = call.portal.pipelines.get(call.path["pipeline_id"])
    if pipeline is None or (pipeline.archived_ms is not None and not archived):
        raise not_found()
    return pipeline


def _stage(call: Call, pipeline: Pipeline) -> Stage:
    stage = pipeline.stages.get(call.path["stage_id"])
    if stage is None:
        raise not_found()
    return stage


def _free_id(call: Call) -> str:
    return str(call.portal.random.randrange(100_000_000, 999_999_999))


def _add_stage(call: Call, pipeline: Pipeline, row: Any) -> Stage:
    if not isinstance(row, dict):
        raise bad_input("a stage is an object")
    missing = [name for name in ("label", "displayOrder", "metadata") if row.get(name) is None]
    if missing:
        raise bad_input(f"Some required fields were not set: [{', '.join(missing)}]")
    if len(pipeline.live_stages()) >= STAGES_PER_PIPELINE:
        raise Refusal(400, f"at most {STAGES_PER_PIPELINE} stages are allowed in a pipeline")
    chosen = str(row.get("stageId") or "") if call.assume("caller_chosen_stage_ids") else ""
    stage_id = chosen or _free_id(call)
    taken = stage_id in pipeline.stages or any(
        stage_id in other.stages for other in call.portal.pipelines.values()
    )
    if taken:
        raise Refusal(409, f"A stage with the id '{stage_id}' already exists", "CONFLICT")
    _free_label(pipeline, str(row["label"]), None)
    now = call.portal.clock.now_ms()
    stage = Stage(
        stage_id,
        str(row["label"]),
        as_int(row["displayOrder"], "displayOrder"),
        _metadata(row["metadata"]),
        now,
        now,
    )
    pipeline.stages[stage_id] = stage
    pipeline.updated_ms = now
    return stage


def _metadata(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise bad_input("metadata must be an object")
    state = str(given.get("ticketState") or "OPEN")
    if state not in ("OPEN", "CLOSED"):
        raise Refusal(400, f"ticketState must be OPEN or CLOSED, not {state}")
    return {"ticketState": state}


def _free_label(pipeline: Pipeline, label: str, but: Stage | None) -> None:
    if any(stage.label == label and stage is not but for stage in pipeline.live_stages()):
        raise Refusal(
            409, f"A stage with the label '{label}' already exists in this pipeline", "CONFLICT"
        )


def _change_stage(call: Call, pipeline: Pipeline, stage: Stage, body: Json) -> None:
    if "label" in body:
        _free_label(pipeline, str(body["label"]), stage)
        stage.label = str(body["label"])
    if "displayOrder" in body:
        stage.display_order = as_int(body["displayOrder"], "displayOrder")
    if body.get("metadata"):
        given = as_object(body["metadata"], "metadata")
        stage.metadata = _metadata({**stage.metadata, **given})
    stage.updated_ms = pipeline.updated_ms = call.portal.clock.now_ms()


def _retire(call: Call, pipeline: Pipeline, stage: Stage) -> None:
    stage.archived_ms = pipeline.updated_ms = call.portal.clock.now_ms()


def _changed(call: Call, pipeline: Pipeline, body: Json, action: str) -> Answer:
    pipeline.label = str(body.get("label", pipeline.label))
    pipeline.display_order = as_int(
        body.get("displayOrder"), "displayOrder", pipeline.display_order
    )
    pipeline.updated_ms = call.portal.clock.now_ms()
    _note(call, pipeline, action, pipeline.id)
    return Answer(200, pipeline.as_json())


def _note(call: Call, pipeline: Pipeline, action: str, identifier: str) -> None:
    pipeline.audit.append(
        {
            "portalId": call.portal.settings.portal_id,
            "identifier": identifier,
            "action": action,
            "timestamp": iso(call.portal.clock.now_ms()),
            "message": f"by app {call.portal.settings.app_id}",
            "rawObject": {"label": pipeline.label},
        }
    )


def _tickets_where(call: Call, name: str, value: str) -> list[Record]:
    return [
        record
        for record in call.portal.table(TICKET).records.values()
        if record.archived_ms is None and record.values.get(name) == value
    ]


def _in_use(sub_category: str, used: list[Record]) -> Refusal:
    ids = [str(record.id) for record in used[:10]]
    return Refusal(
        400,
        f"{len(used)} tickets still reference it",
        sub_category=sub_category,
        context={"ids": ids},
    )
