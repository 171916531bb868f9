"""What happened to a record: told to the log and to the webhooks, once, after it happened."""

from dataclasses import dataclass, field
from typing import Literal

from simulator.state.actors import Actor
from simulator.state.records import Record

Action = Literal["create", "update", "archive", "restore", "merge", "privacy_delete"]


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One write to one record; `changes` maps a property to its value before and after."""

    action: Action
    record: Record
    actor: Actor
    at_ms: int
    changes: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    merged_ids: tuple[int, ...] = ()
    primary_id: int = 0


@dataclass(frozen=True, slots=True)
class AssociationChange:
    """A link made or removed, seen from one side; the other side gets its own."""

    record: Record
    other: Record
    type_id: int
    category: str
    removed: bool
    primary: bool
    actor: Actor
    at_ms: int


Change = RecordChange | AssociationChange
