"""What became of every ticket, told by HubSpot's own log alone (pure).

Nothing here comes from the worker: an entry of the simulator's log says who changed which
property of which ticket when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

STAGE = "hs_pipeline_stage"
DECIDED = frozenset({"decided", "triage", "locked"})
A_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class StageEntry:
    """A ticket put into a stage. `ours`: by the worker's app; `person`: by a user."""

    at_s: float
    stage: str
    ours: bool
    person: bool


@dataclass(slots=True)
class Story:
    """One ticket: its stages in order, and its properties as they are now."""

    stages: list[StageEntry] = field(default_factory=list)
    now: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return self.now.get("routing_status", "")

    @property
    def moved_by_person(self) -> bool:
        return any(entry.person for entry in self.stages)

    @property
    def decided(self) -> bool:
        """The worker has decided it, or a person took it out of intake before."""
        if not self.status:
            return self.stages[-1].person and self.stages[-1].stage != self.stages[0].stage
        return self.status in DECIDED

    def stage_at(self, at_s: float) -> str:
        return next(e.stage for e in reversed(self.stages) if e.at_s <= at_s)

    @property
    def overwritten(self) -> bool:
        """It does not stand where the last person put it, just now."""
        last = next((e for e in reversed(self.stages) if e.person), None)
        return last is not None and self.stages[-1].stage != last.stage

    @property
    def undone(self) -> bool:
        """A minute after the last person's move the ticket does not stand where they put it."""
        last = next((e for e in reversed(self.stages) if e.person), None)
        return last is not None and self.stage_at(last.at_s + A_MINUTE_S) != last.stage

    @property
    def told(self) -> list[tuple[float, str, str]]:
        """Seconds from its creation, stage, and by whom, for a reader of the summary."""
        began = self.stages[0].at_s
        by = {(True, False): "worker", (False, True): "person"}
        return [
            (round(e.at_s - began, 1), e.stage, by.get((e.ours, e.person), "")) for e in self.stages
        ]

    @property
    def restored_after_s(self) -> float | None:
        """How long the worker's write stood over a person's move before it was put back."""
        chosen = ""
        trampled_at: float | None = None
        for entry in self.stages:
            if entry.person:
                chosen, trampled_at = entry.stage, None
            elif entry.ours and chosen and entry.stage != chosen:
                trampled_at = entry.at_s
            elif entry.ours and entry.stage == chosen and trampled_at is not None:
                return entry.at_s - trampled_at
        return None

    @property
    def doubled(self) -> int:
        """Our moves into a stage that we had moved it to before. Putting a person's move back is
        none."""
        seen: set[str] = set()
        chosen = ""
        doubled = 0
        for entry in self.stages:
            if entry.person:
                chosen = entry.stage
            elif entry.ours and entry.stage != chosen:
                doubled += entry.stage in seen
                seen.add(entry.stage)
        return doubled

    @property
    def decision(self) -> tuple[str, ...]:
        """What was decided and where it led; compared with a calm run's."""
        return (
            *(self.now.get(f"routing_{name}", "") for name in ("ticket_type", "queue", "status")),
            self.stages[-1].stage,
        )


class Ledger:
    """All tickets by id, fed from the log in order."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self.tickets: dict[str, Story] = {}
        self.next = 0

    def feed(self, page: Mapping[str, Any]) -> None:
        """Take a page of the log."""
        self.next = page["next"]
        for entry in page["entries"]:
            if entry["object_type"] == "tickets" and entry["action"] in {"create", "update"}:
                self._take(entry)

    def _take(self, entry: Mapping[str, Any]) -> None:
        story = self.tickets.setdefault(str(entry["id"]), Story())
        changes = entry["changes"]
        story.now |= {name: after or "" for name, (_, after) in changes.items()}
        if STAGE in changes:
            actor = entry["actor"]
            ours = actor["kind"] == "app" and str(actor["id"]) == self._app_id
            at = datetime.fromisoformat(entry["at"]).timestamp()
            person = actor["kind"] == "user" and entry["action"] == "update"
            story.stages.append(StageEntry(at, changes[STAGE][1], ours, person))

    def of(self, ids: Iterable[str]) -> list[Story]:
        """The stories of these tickets; an id unknown to the log is an empty one."""
        return [self.tickets.get(one, Story()) for one in ids]
