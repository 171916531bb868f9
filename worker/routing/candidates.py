"""Corrected tickets as candidate examples (pure): nothing is learned from them until a person has
looked at the type and moved the rows into the examples.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.routing.decide import Case
from worker.routing.policy import Policy
from worker.routing.reading import read
from worker.routing.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket and the type proposed for it: the likeliest of the queue that a person chose."""

    ticket: Ticket
    ticket_type: str


def candidate(case: Case, queue: str, policy: Policy) -> Candidate | None:
    """None where the queue owns no type or the ticket has no text to learn from."""
    reading = read(case.ticket, policy.document.max_characters)
    owned = [code for code, kind in policy.types.items() if kind.queue == queue]
    if reading.empty or not owned:
        return None
    classifier = policy.classifier
    (margins,) = classifier.linear.margins([classifier.measure(reading).row])
    margin = dict(zip(classifier.types, margins.tolist(), strict=True))
    return Candidate(case.ticket, max(owned, key=lambda code: margin[code]))
