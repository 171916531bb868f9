"""The portal's own past tickets, for a backtest: read as live ones are, with what their history
says of where they belong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from worker.hubspot.models import Record
from worker.hubspot.service import BATCH_WITH_HISTORY
from worker.portal import Portal
from worker.routing.backtest import Label
from worker.routing.decide import Case
from worker.routing.labelled import Past
from worker.routing.policy import Policy
from worker.runtime import Runtime
from worker.tickets.effects import stamp
from worker.tickets.person_moves import chosen_queue
from worker.tickets.state import DECIDED_AT, STAGE

HISTORY = (STAGE, DECIDED_AT)


@dataclass(frozen=True, slots=True)
class PastTickets:
    """Tickets created since a moment, oldest first. `total` is how many search knows of."""

    here: Runtime
    policy: Policy
    portal: Portal
    since: datetime
    limit: int

    def __iter__(self) -> Iterator[Past]:
        """Raises the gateway's errors."""
        for ids in self._ids():
            cases = self.here.flow.cases(ids, self.policy, self.portal, HISTORY)
            for ticket, case in cases.values():
                yield self._past(ticket, case)

    def count(self) -> int:
        """How many there are, as search has it."""
        _, total = next(self._search(), ([], 0))
        return min(total, self.limit)

    def _past(self, ticket: Record, case: Case) -> Past:
        queue, standing = chosen_queue(ticket, self.portal)
        return Past(case, Label(queue) if queue else None, standing)

    def _ids(self) -> Iterator[list[str]]:
        every = (id_ for ids, _ in self._search() for id_ in ids)
        some = islice(every, self.limit)
        while batch := list(islice(some, BATCH_WITH_HISTORY)):
            yield batch

    def _search(self) -> Iterator[tuple[list[str], int]]:
        filters: list[Mapping[str, Any]] = [
            {"propertyName": "hs_pipeline", "operator": "EQ", "value": self.portal.pipeline_id},
            {"propertyName": "createdate", "operator": "GTE", "value": stamp(self.since)},
        ]
        return self.here.hubspot.search_ids("tickets", [filters])
