"""What provisioning looks at and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from worker.hubspot.models import Pipeline, Property


@dataclass(frozen=True, slots=True)
class Change:
    """One request that makes the portal readier, in words and as HTTP."""

    what: str
    method: str
    path: str
    body: Any


@dataclass(frozen=True, slots=True)
class LivePortal:
    """The portal as far as provisioning looks at it."""

    pipelines: list[Pipeline]
    properties: Mapping[str, Mapping[str, Property]]  # object type → portal's name → definition
    archived: Mapping[str, frozenset[str]]  # names in the bin, which can't be made again
    groups: Mapping[str, frozenset[str]]
    labels: frozenset[str]  # contact → company
    label_limit: int  # 0 where the tier has no association labels
    pipeline_limit: int


@dataclass(slots=True)
class Plan:
    """Changes to make, in order, and what the person should know."""

    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)
