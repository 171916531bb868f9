"""People who ask for hand-offs, and whether each was announced, as the simulated HubSpot's log and
the Teams channel tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from chaos.ledger import Ledger, Story
from chaos.plan import Plan
from demo.portal import SimulatedPortal

REQUEST, NOTICE = "escalation_request", "escalation_notice"
AGENT = "7005"
# By the queue that owns the ticket: a request of the policy's that is told to Team Ticketing.
ASKED_OF = {
    "level_1": "exceeds_level_1",
    "level_2": "not_reproducible",
    "ocr": "needs_development",
    "it": "unexplained_error_log",
    "development": "needs_development",
}
_TICKET = re.compile(r"/record/0-5/(\d+)")


class Askers:
    """Ask for a hand-off of the tickets that the plan names, as soon as they are decided and lie
    with a team that may ask.
    """

    def __init__(self, portal: SimulatedPortal, plan: Plan) -> None:
        self._portal = portal
        self._numbers = set(plan.asks)
        self.asked: list[str] = []

    def look(self, ids: Sequence[str], ledger: Ledger) -> None:
        """Ask for what is decided by now. `ids`: the tickets that came, in the plan's order."""
        for number in sorted(self._numbers):
            if number >= len(ids):
                continue
            (story,) = ledger.of([ids[number]])
            if not story.status:
                continue
            request = ASKED_OF.get(story.now.get("routing_queue", ""), "")
            if story.status == "decided" and request:
                self._ask(ids[number], request)
                self.asked.append(ids[number])
            self._numbers.discard(number)

    @property
    def waiting(self) -> int:
        return len(self._numbers)

    def _ask(self, id_: str, request: str) -> None:
        act = {
            "actor": {"kind": "user", "id": AGENT},
            "action": "update",
            "object_type": "tickets",
            "id": id_,
            "properties": {REQUEST: request},
        }
        self._portal.control("POST", "/act", act)


def left_open(stories: Iterable[Story]) -> int:
    """Requests that nobody has handled yet, and messages that are due."""
    return sum(
        bool(one.now.get(REQUEST)) or one.now.get(NOTICE, "").startswith("due") for one in stories
    )


@dataclass(frozen=True, slots=True)
class Announced:
    """Hand-offs asked for, messages that the channel took, repeats among them, and hand-offs that
    were carried out and never announced."""

    asked: int
    notices: int
    repeated: int
    missing: int


def announced(asked: Sequence[str], ledger: Ledger, posted: dict[str, Any]) -> Announced:
    """Count (pure). `posted`: what the channel's `GET /cards` says."""
    told = Counter(id_ for one in posted["cards"] for id_ in _TICKET.findall(str(one["card"])))
    moved = [i for i, story in zip(asked, ledger.of(asked), strict=True) if story.now.get(NOTICE)]
    return Announced(
        asked=len(asked),
        notices=told.total(),
        repeated=sum(count - 1 for count in told.values()),
        missing=sum(id_ not in told for id_ in moved),
    )


def cards(teams: str) -> dict[str, Any]:
    """What the channel took so far."""
    answer = requests.get(f"{teams}/cards", timeout=30)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
