"""Which pipeline is ours, and the stages that it lacks."""

from __future__ import annotations

from typing import Any

from config.portal import PortalNames
from worker.hubspot.models import Pipeline
from worker.hubspot.provision_plan import Change, LivePortal, Plan
from worker.portal import PortalNotReady, choose_pipeline, same_label

NEW_PIPELINE = ("support_routing", "Support")
FIRST_STAGE, LAST_STAGE = "New", "Closed"


def plan_pipeline(
    result: Plan, live: LivePortal, names: PortalNames, version: str, new_pipeline: bool
) -> None:
    """Adopt the pipeline that portal.yaml names, or the portal's first; a new one only where it
    is asked for and not made yet.
    """
    path = f"/crm/pipelines/{version}/tickets"
    label = names.pipeline or NEW_PIPELINE[1]
    made = next(
        (p for p in live.pipelines if p.id == NEW_PIPELINE[0] or same_label(p.label, label)), None
    )
    if new_pipeline and made is None:
        _plan_new(result, live, names, path, label)
        return
    try:
        pipeline = made if new_pipeline and made else choose_pipeline(live.pipelines, names)
    except PortalNotReady as error:
        result.obstacles.append(str(error))
        return
    result.notes.append(
        f"Adopting the ticket pipeline {pipeline.label!r}; its stages stay, missing ones are added."
    )
    result.obstacles += _no_intake(pipeline, names)
    _plan_stages(result, pipeline, names, path)


def _plan_new(result: Plan, live: LivePortal, names: PortalNames, path: str, label: str) -> None:
    if len(live.pipelines) >= live.pipeline_limit:
        result.obstacles.append(
            f"The account may have {live.pipeline_limit} ticket pipelines and has "
            f"{len(live.pipelines)}. Leave out --new-pipeline to adopt the one that is there."
        )
        return
    first = next((one for one in names.stages.intake if one), FIRST_STAGE)
    last = next(iter(names.stages.closed), LAST_STAGE)
    stages = [first, *_wanted(names), last]
    body = {
        "pipelineId": NEW_PIPELINE[0],
        "label": label,
        "displayOrder": len(live.pipelines),
        "stages": [
            _stage_body(NEW_PIPELINE[0], one, order, closed=order == len(stages) - 1)
            for order, one in enumerate(stages)
        ],
    }
    result.changes.append(Change(f"Create the ticket pipeline {label!r}", "POST", path, body))
    if not names.pipeline:
        result.notes.append(f"Set `pipeline: {label}` in portal.yaml: it is not the first one.")


def _plan_stages(result: Plan, pipeline: Pipeline, names: PortalNames, path: str) -> None:
    order = max((stage.order for stage in pipeline.stages), default=-1)
    waits = names.stages.waiting
    for label in _wanted(names):
        same = waits if label in waits else [label]
        if any(same_label(stage.label, one) for stage in pipeline.stages for one in same):
            continue
        order += 1
        result.changes.append(
            Change(
                f"Add the stage {label!r} to the pipeline {pipeline.label!r}",
                "POST",
                f"{path}/{pipeline.id}/stages",
                _stage_body("support", label, order, closed=False),
            )
        )


def _wanted(names: PortalNames) -> list[str]:
    """Labels of the stages between the first and the last."""
    return [*names.stages.queue.values(), *names.stages.waiting[:1]]


def _no_intake(pipeline: Pipeline, names: PortalNames) -> list[str]:
    """What keeps new tickets from having a stage to arrive in."""
    intake = names.stages.intake
    if "" in intake and pipeline.stages:
        first = pipeline.stages[0].label
        if any(same_label(first, one) for one in names.stages.queue.values()):
            return [
                f"The first stage of the pipeline {pipeline.label!r} is {first!r}, which "
                "portal.yaml names for a queue, so new tickets have no stage of their own. Put "
                "another stage first in HubSpot, or name it under `intake` in portal.yaml."
            ]
        return []
    if any(same_label(s.label, one) for s in pipeline.stages for one in intake):
        return []
    return [
        f"The pipeline {pipeline.label!r} has none of the intake stages of portal.yaml "
        f"({', '.join(intake)}). Name there the stage where new tickets arrive."
    ]


def _stage_body(prefix: str, label: str, order: int, closed: bool) -> dict[str, Any]:
    """HubSpot: `ticketState` says whether the stage is open. The id is ours, so that making the
    stage again is refused rather than done twice.
    """
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in label.lower())
    return {
        "stageId": f"{prefix}_{plain}",
        "label": label,
        "displayOrder": order,
        "metadata": {"ticketState": "CLOSED" if closed else "OPEN"},
    }
