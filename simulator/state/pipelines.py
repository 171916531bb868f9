"""Pipelines and their stages, as tickets use them."""

from dataclasses import dataclass, field
from typing import Any

from simulator.state.clock import iso


@dataclass
class Stage:
    """One column of a pipeline. Ticket stages carry `ticketState` OPEN or CLOSED."""

    id: str
    label: str
    display_order: int
    metadata: dict[str, str]
    created_ms: int
    updated_ms: int
    archived_ms: int | None = None

    @property
    def closed(self) -> bool:
        return self.metadata.get("ticketState") == "CLOSED"

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "label": self.label,
            "displayOrder": self.display_order,
            "metadata": {**self.metadata, "isClosed": str(self.closed).lower()},
            "id": self.id,
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.updated_ms),
            "archived": self.archived_ms is not None,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }
        if self.archived_ms is not None:
            shown["archivedAt"] = iso(self.archived_ms)
        return shown


@dataclass
class Pipeline:
    """A pipeline with its stages by id, archived ones among them."""

    id: str
    label: str
    display_order: int
    created_ms: int
    updated_ms: int
    stages: dict[str, Stage] = field(default_factory=dict)
    archived_ms: int | None = None
    audit: list[dict[str, Any]] = field(default_factory=list)

    def live_stages(self) -> list[Stage]:
        """Stages that records may be in, in the order of the board."""
        live = [stage for stage in self.stages.values() if stage.archived_ms is None]
        return sorted(live, key=lambda stage: (stage.display_order, stage.label))

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "label": self.label,
            "displayOrder": self.display_order,
            "id": self.id,
            "stages": [stage.as_json() for stage in self.live_stages()],
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.updated_ms),
            "archived": self.archived_ms is not None,
        }
        if self.archived_ms is not None:
            shown["archivedAt"] = iso(self.archived_ms)
        return shown


def support_pipeline(at_ms: int) -> Pipeline:
    """The ticket pipeline every portal is born with: id 0, stages 1 to 4."""
    pipeline = Pipeline("0", "Support Pipeline", 0, at_ms, at_ms)
    stock = (
        ("1", "New", "OPEN"),
        ("2", "Waiting on contact", "OPEN"),
        ("3", "Waiting on us", "OPEN"),
        ("4", "Closed", "CLOSED"),
    )
    for order, (stage_id, label, state) in enumerate(stock):
        metadata = {"ticketState": state}
        pipeline.stages[stage_id] = Stage(stage_id, label, order, metadata, at_ms, at_ms)
    return pipeline
