"""Tickets of which somebody knows where they belong, from files: labelled JSON lines, or the
examples. What a policy learned from is judged by margins of its held-out voices.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import BinaryIO, TextIO

from worker.routing.backtest import Label
from worker.routing.decide import Case
from worker.routing.examples import Example
from worker.routing.jsonl import BadLine, read_lines
from worker.routing.policy_document import PolicyDocument
from worker.routing.softmax import Floats
from worker.routing.ticket import Ticket
from worker.yaml_file import nearest


class Standing(StrEnum):
    """What is known of where a ticket belongs."""

    LABELLED = "labelled"
    UNLABELLED = "without a label"
    UNCHALLENGED = "unchallenged"
    OURS = "moved by the worker alone"


@dataclass(frozen=True, slots=True)
class Past:
    """A ticket to decide once more. `label` is there where it is labelled."""

    case: Case
    label: Label | None
    standing: Standing


class Learned:
    """The tickets that a policy learned from, known by their words, with their held-out margins."""

    def __init__(self, examples: Sequence[Example], margins: Floats) -> None:
        self._rows = {_key(one.ticket): row for row, one in enumerate(examples)}
        self._margins = margins

    def fair(self, case: Case) -> Case:
        """The case as it can be judged fairly."""
        row = self._rows.get(_key(case.ticket))
        return case if row is None else replace(case, margins=self._margins[row])

    def holds(self, ticket: Ticket) -> bool:
        return _key(ticket) in self._rows


def from_lines(source: BinaryIO | TextIO, document: PolicyDocument) -> Iterator[Past | BadLine]:
    """Labelled JSON lines, one by one. A label that is no type of the policy is a bad line."""
    for line in read_lines(source):
        if isinstance(line, BadLine):
            yield line
        elif not line.ticket_type:
            yield Past(Case(line.ticket), None, Standing.UNLABELLED)
        elif line.ticket_type not in document.types:
            mend = nearest(line.ticket_type, list(document.types))
            yield BadLine(
                line.number,
                f"the ticket_type {line.ticket_type[:60]!r} is not in the policy. {mend}",
            )
        else:
            yield _labelled(line.ticket, line.ticket_type, document)


def from_examples(examples: Sequence[Example], document: PolicyDocument) -> Iterator[Past]:
    """Examples as labelled tickets. Those with several requests are left out: they are known by
    their parts, of which no held-out margins are kept."""
    for one in (example for example in examples if not example.topics):
        yield _labelled(one.ticket, one.ticket_type, document)


def known_words(tickets: Iterable[Ticket]) -> frozenset[bytes]:
    """What tickets are recognised by, whatever their ids and their spacing."""
    return frozenset(_key(ticket) for ticket in tickets)


def _labelled(ticket: Ticket, ticket_type: str, document: PolicyDocument) -> Past:
    label = Label(document.types[ticket_type].queue, ticket_type)
    return Past(Case(ticket), label, Standing.LABELLED)


def _key(ticket: Ticket) -> bytes:
    words = " ".join(f"{ticket.subject} {ticket.body}".split())
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=16).digest()
