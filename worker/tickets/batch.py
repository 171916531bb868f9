"""One batch on its way through the flow, and what is told of it afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from worker.escalation.gathering import Known
from worker.hubspot.models import Record, Update
from worker.intake.inbox import Claim, Outcome, Settlement
from worker.routing.decision import Decision

DECIDED, TO_TRIAGE, KEPT = "decided", "to triage", "kept where a person put them"


@dataclass(slots=True)
class BatchReport:
    """What became of a batch, for Flower and the log."""

    ids: tuple[str, ...]
    counts: Counter[str] = field(default_factory=Counter)
    decisions: dict[str, Decision] = field(default_factory=dict)

    def __str__(self) -> str:
        told = ", ".join(f"{count} {what}" for what, count in self.counts.most_common())
        noun = "ticket" if len(self.ids) == 1 else "tickets"
        return f"{len(self.ids)} {noun}: {told or 'nothing to do'}"


@dataclass(slots=True)
class Batch:
    """The state of one run; every id ends with exactly one settlement."""

    claim: Claim
    report: BatchReport
    settlements: dict[str, Settlement] = field(default_factory=dict)
    became: dict[str, str] = field(default_factory=dict)
    tickets: dict[str, Record] = field(default_factory=dict)
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    flags: dict[str, Update] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)  # of tickets with a hand-off
    by_people: set[str] = field(default_factory=set)  # ids whose move a person has asked for

    @property
    def unfinished(self) -> list[str]:
        """Ids whose work had not ended, or had been planned but perhaps not written."""
        done = {id_ for id_ in self.settlements if id_ not in self.rows}
        return [id_ for id_ in self.claim.ids if id_ not in done]

    def ends(self, id_: str) -> Outcome | None:
        """How the work on an id ended, as far as it was said."""
        settled = self.settlements.get(id_)
        return settled.outcome if settled else None

    def drop(self, ids: Iterable[str]) -> None:
        """The lease of these is lost: whoever holds it now does what there is to do."""
        for id_ in ids:
            for known in (self.tickets, self.rows, self.settlements, self.became):
                known.pop(id_, None)

    def settle(
        self, id_: str, outcome: Outcome, what: str, delay_s: float | None = None, why: str = ""
    ) -> None:
        """Say how the work on an id ended; said again, the later word holds."""
        self.settlements[id_] = Settlement(id_, outcome, delay_s, why)
        self.became[id_] = what
