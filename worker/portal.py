"""The customer's portal as it is now: its stages by kind, its properties, its go-live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from config.portal import PortalNames
from worker.hubspot.models import Pipeline, Property
from worker.hubspot.schema import ticket_properties
from worker.hubspot.service import HubSpotService
from worker.routing.portal_view import PortalView

PORTAL_ID_KEY = "ticket-worker:portal-id"  # in Redis, for the receiver


class StageKind(StrEnum):
    INTAKE = "intake"
    QUEUE = "queue"
    WAITING = "waiting"
    CLOSED = "closed"
    OTHER = "other"  # a stage of the portal that portal.yaml does not name


class PortalNotReady(Exception):
    """The portal lacks something that routing needs; says what, and what would add it."""


@dataclass(frozen=True, slots=True)
class Portal:
    """What routing needs to know of the portal. Stage ids differ from portal to portal."""

    pipeline_id: str
    kinds: Mapping[str, StageKind]  # by stage id
    queue_of: Mapping[str, str]  # stage id → queue
    stage_of: Mapping[str, str]  # queue → stage id
    labels: Mapping[str, str]  # stage id → label
    go_live: datetime
    view: PortalView
    has_admin_label: bool  # of contacts at companies; small tiers have no labels

    def kind(self, stage_id: str) -> StageKind:
        return self.kinds.get(stage_id, StageKind.OTHER)

    @property
    def intake(self) -> list[str]:
        return [stage for stage, kind in self.kinds.items() if kind is StageKind.INTAKE]


def read_portal(hubspot: HubSpotService, names: PortalNames, go_live: datetime | None) -> Portal:
    """Ask HubSpot what the portal looks like (three calls). Raises `PortalNotReady` and the
    gateway's errors.
    """
    pipeline = choose_pipeline(hubspot.pipelines(), names)
    has_label = any(
        same_label(label, names.admin_contact_label) for label in hubspot.contact_labels()
    )
    return portal_of(pipeline, hubspot.properties("tickets"), names, go_live, has_label)


def choose_pipeline(pipelines: list[Pipeline], names: PortalNames) -> Pipeline:
    """The support pipeline: by its label, or the portal's first."""
    if not pipelines:
        raise PortalNotReady("The portal has no ticket pipeline. Run `ticket-worker setup`.")
    if not names.pipeline:
        return min(pipelines, key=lambda p: p.order)
    for pipeline in pipelines:
        if same_label(pipeline.label, names.pipeline):
            return pipeline
    there = ", ".join(repr(p.label) for p in pipelines)
    raise PortalNotReady(
        f"The portal has no ticket pipeline {names.pipeline!r} (it has {there}). Correct "
        "`pipeline` in portal.yaml or run `ticket-worker setup --new-pipeline`."
    )


def portal_of(
    pipeline: Pipeline,
    properties: Mapping[str, Property],
    names: PortalNames,
    go_live: datetime | None,
    has_admin_label: bool,
) -> Portal:
    """The portal from its parts (pure). Raises `PortalNotReady` when there is no intake stage or
    the moment of go-live can't be known.
    """
    kinds: dict[str, StageKind] = {}
    queue_of: dict[str, str] = {}
    for stage in pipeline.stages:
        kind, queue = _kind_of(stage.label, stage.closed, names)
        kinds[stage.id] = kind
        if queue:
            queue_of[stage.id] = queue
    if pipeline.stages and any(not label for label in names.stages.intake):
        kinds[pipeline.stages[0].id] = StageKind.INTAKE
        queue_of.pop(pipeline.stages[0].id, None)
    if StageKind.INTAKE not in kinds.values():
        raise PortalNotReady(
            f"The pipeline {pipeline.label!r} has none of the intake stages of portal.yaml "
            f"({', '.join(names.stages.intake)}). Name the stage where new tickets arrive."
        )
    status = properties.get("routing_status")
    since = go_live or (status.created_at if status else None)
    if since is None:
        raise PortalNotReady(
            "The ticket property routing_status is not in the portal, so nothing says from when "
            "on tickets are routed. Run `ticket-worker setup`, or set ROUTE_TICKETS_SINCE."
        )
    names_needed = {p.name for p in ticket_properties({}, {}, {})}
    if absent := sorted(names_needed - properties.keys()):
        raise PortalNotReady(
            f"The portal lacks the ticket properties {', '.join(absent)}: `ticket-worker setup` "
            "would create them. Nothing is routed until then."
        )
    options = {
        name: frozenset(value for value, _ in definition.options)
        for name, definition in properties.items()
        if definition.options or name.startswith(("routing_", "escalation_"))
    }
    return Portal(
        pipeline_id=pipeline.id,
        kinds=kinds,
        queue_of=queue_of,
        stage_of={queue: stage for stage, queue in queue_of.items()},
        labels={stage.id: stage.label for stage in pipeline.stages},
        go_live=since,
        view=PortalView(live_queues=frozenset(queue_of.values()), options=options),
        has_admin_label=has_admin_label,
    )


def _kind_of(label: str, closed: bool, names: PortalNames) -> tuple[StageKind, str]:
    for queue, queue_label in names.stages.queue.items():
        if same_label(label, queue_label):
            return StageKind.QUEUE, queue
    for kind, labels in (
        (StageKind.INTAKE, names.stages.intake),
        (StageKind.WAITING, names.stages.waiting),
        (StageKind.CLOSED, names.stages.closed),
    ):
        if any(same_label(label, one) for one in labels if one):
            return kind, ""
    return (StageKind.CLOSED if closed else StageKind.OTHER), ""


def same_label(one: str, other: str) -> bool:
    """Labels are compared as a person reads them: case and spacing do not count."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
