"""The one decision function: a ticket, its client and a policy in; a Decision out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the ticket, or a circumstance, and the ticket type it speaks for."""

    text: str
    supports: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket type that lost, with the probability (0 to 1) it was given."""

    ticket_type: str
    queue: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Topic:
    """One of several unrelated requests in a ticket, with the words that ask for it."""

    ticket_type: str
    queue: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a ticket belongs and why.

    `ticket_type` and `queue` are the best guess, also where `decided` is false; `routed_to` is
    the queue the ticket goes to, `level_1` when the decision abstains. `missing` names the client
    data that was absent (empty when the client is unknown and `client_known` is false).
    """

    id: str
    ticket_type: str
    queue: str
    confidence: float
    decided: bool
    routed_to: str
    guideline: str
    reason: str
    evidence: tuple[Evidence, ...]
    alternatives: tuple[Candidate, ...]
    topics: tuple[Topic, ...]
    missing: tuple[str, ...]
    policy_version: str
