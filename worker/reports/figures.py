"""The figures on client records (pure): added up client by client, in memory that stays flat."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from worker.clients.burden import Burden
from worker.clients.completeness import Gap
from worker.clients.record import ClientRecord

FIFTY = 50
MOST_OWNERS = 500  # more are added up under one name
NOBODY = ""
OTHERS = "others"
LONGEST_TEXT = 200  # of a name in a report
DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, order=True)
class ToMend:
    """A client whose record is worth mending, with what makes it so. `score` orders the list."""

    score: float
    company_id: str
    name: str
    owner_id: str
    gaps: tuple[str, ...]
    open_tickets: int
    decided_without: int
    days_incomplete: int
    task_id: str = ""


@dataclass(slots=True)
class OwnerFigures:
    """Clients of one owner."""

    clients: int = 0
    complete: int = 0
    open_tickets: int = 0


@dataclass(slots=True)
class Figures:
    """What a sweep has found so far. `companies` were looked at, `clients` of them are clients;
    `unread` are clients that HubSpot would not show us and that are in no other figure.
    """

    companies: int = 0
    clients: int = 0
    complete: int = 0
    unread: int = 0
    mended: int = 0  # flagged incomplete before, complete now
    fallen: int = 0  # flagged complete before, incomplete now
    open_tickets: int = 0  # of the clients that are incomplete
    decided_without: int = 0  # tickets of theirs, in 30 days, decided while data lacked
    flags_written: int = 0
    flags_refused: int = 0
    by_gap: dict[str, int] = field(default_factory=dict)  # field → clients that lack it
    by_why: dict[str, dict[str, int]] = field(default_factory=dict)  # field → why → clients
    owners: dict[str, OwnerFigures] = field(default_factory=dict)
    to_mend: list[ToMend] = field(default_factory=list)  # a heap while it is added to

    @property
    def incomplete(self) -> int:
        return self.clients - self.complete

    def add(
        self,
        record: ClientRecord,
        gaps: Sequence[Gap],
        burden: Burden,
        owner_id: str,
        incomplete_since: datetime | None,
        now: datetime,
        task_id: str = "",
    ) -> None:
        """Count one client. Only the fifty that score highest are kept by name."""
        self.clients += 1
        owner = self._owner(owner_id)
        owner.clients += 1
        owner.open_tickets += burden.open_tickets
        if not gaps:
            self.complete += 1
            owner.complete += 1
            self.mended += record.record_status == "incomplete"
            return
        self.fallen += record.record_status == "complete"
        self.open_tickets += burden.open_tickets
        self.decided_without += burden.decided_without
        for gap in gaps:
            self.by_gap[gap.field] = self.by_gap.get(gap.field, 0) + 1
            whys = self.by_why.setdefault(gap.field, {})
            whys[gap.why] = whys.get(gap.why, 0) + 1
        known = record.record_status == "incomplete" and incomplete_since is not None
        days = max(0, (now - incomplete_since).days) if known and incomplete_since else 0
        entry = ToMend(
            score(len(gaps), burden, days),
            record.company_id,
            record.name[:LONGEST_TEXT],
            owner_id,
            tuple(gap.words for gap in gaps),
            burden.open_tickets,
            burden.decided_without,
            days,
            task_id,
        )
        if len(self.to_mend) < FIFTY:
            heapq.heappush(self.to_mend, entry)
        elif entry > self.to_mend[0]:
            heapq.heapreplace(self.to_mend, entry)

    def _owner(self, owner_id: str) -> OwnerFigures:
        if owner_id not in self.owners and len(self.owners) >= MOST_OWNERS:
            owner_id = OTHERS
        return self.owners.setdefault(owner_id, OwnerFigures())

    def first_to_mend(self) -> list[ToMend]:
        """The clients to mend first, the first of them first."""
        return sorted(self.to_mend, key=lambda one: (-one.score, one.name, one.company_id))


def score(gaps: int, burden: Burden, days_incomplete: int) -> float:
    """How much mending a record is worth: its gaps, times one and the tickets that suffer from
    them (a ticket that was decided without the data weighs two open ones), up to twice that for
    a record that has been incomplete for a year.
    """
    suffers = 1 + burden.open_tickets + 2 * burden.decided_without
    return round(gaps * suffers * (1 + min(days_incomplete, DAYS_A_YEAR) / DAYS_A_YEAR), 3)
