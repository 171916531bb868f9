"""The escalation policy as it is written: queues, types, rules, requests, checked one by one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from config.settings import RoutingMode
from worker.clients.rules import ClientRecordRules
from worker.routing.escalation_rules import (
    Ageing,
    Notices,
    Owners,
    Replies,
    WorkingHoursRules,
)
from worker.routing.policy_model import Code, Label, Phrase, PolicyModel, Probability, Section
from worker.routing.ticket import Channel

LEVEL_1 = "level_1"
"""The queue that triages what nobody else takes."""
GENERAL = "general"
"""The ticket type of what fits no other."""


class PolicyError(Exception):
    """The policy or its examples are wrong. The message names file, line, fault and mend."""


class Queue(PolicyModel):
    """A team. `bar`: the least probability (0 to 1) at which a ticket is sent to it unasked;
    `cost_if_wrong`: what a wrong ticket costs it, in tickets wrongly sent to Level 1; `mode`: how
    far the worker is trusted with it (None: as far as overall)."""

    label: Label
    bar: Probability
    cost_if_wrong: Annotated[float, Field(gt=0, le=100)] = 1.0
    mode: RoutingMode | None = None


class TicketType(PolicyModel):
    """A kind of ticket, the queue that owns it and the section of the guidelines that says so."""

    label: Label
    queue: Code
    guideline: Section
    means: Annotated[str, Field(min_length=10, max_length=400)]
    bar: Probability | None = None


class Rule(PolicyModel):
    """What the guidelines fix beside the examples; all its conditions must hold.

    Phrases are found as whole words, in any case and whatever the white space between them.
    """

    name: Label
    becomes: Code
    guideline: Section | None = None
    guess: tuple[Code, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    and_phrases: tuple[Phrase, ...] = ()
    without: tuple[Phrase, ...] = ()
    managed_services: bool | None = None
    channel: tuple[Channel, ...] = ()


class Readiness(StrEnum):
    """What missing screenshots, error message or client context do to a request (5.7)."""

    WARN = "warn"
    BLOCK = "block"


class Request(PolicyModel):
    """A hand-off that an agent may ask for, by the ticket's owning queue."""

    label: Label
    from_: Annotated[tuple[Code, ...], Field(alias="from", min_length=1)]
    to: Code
    guideline: Section
    readiness: Readiness = Readiness.WARN
    team_ticketing: bool = False


class PolicyDocument(PolicyModel):
    """The policy file, checked. Dictionaries keep the order of the file."""

    max_characters: Annotated[int, Field(ge=1_000, le=100_000)]
    queues: Mapping[Code, Queue]
    types: Mapping[Code, TicketType]
    rules: tuple[Rule, ...] = ()
    requests: Mapping[Code, Request]
    client_record: ClientRecordRules
    working_hours: WorkingHoursRules = WorkingHoursRules()
    notices: Notices = Notices()
    owners: Owners = Owners()
    ageing: Ageing = Ageing()
    replies: Replies = Replies()
