"""The decision: pure, the same for live routing, dry runs, backtests and explanations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.clients.record import ClientRecord
from worker.routing.classifier import Floats, Row
from worker.routing.decision import Candidate, Decision, Evidence
from worker.routing.explanation import reason
from worker.routing.policy import GENERAL, LEVEL_1, Policy, Rule
from worker.routing.reading import Reading, read
from worker.routing.rules import first_rule
from worker.routing.ticket import Ticket

RUNNERS_UP = 2
WORDS_A_TYPE = 4
SUREST = 0.99
"""No count of words makes a decision surer than this; only a rule that needs no guess does."""


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket to decide, with its client (None: unknown) and what that client's record lacks.
    `margins` stand in for what the classifier would say: of a ticket it learned from, what a
    classifier says that did not (`held_out.py`)."""

    ticket: Ticket
    client: ClientRecord | None = None
    missing: tuple[str, ...] = ()
    margins: Floats | None = None


def decide(
    ticket: Ticket,
    client: ClientRecord | None,
    policy: Policy,
    missing: tuple[str, ...] = (),
) -> Decision:
    """Where a ticket belongs and why. Takes some milliseconds; asks nobody; raises nothing for
    any text."""
    return decide_batch([Case(ticket, client, missing)], policy)[0]


def decide_batch(cases: Sequence[Case], policy: Policy) -> list[Decision]:
    """The decisions of many tickets under one policy, in their order."""
    if not cases:
        return []
    readings = [read(case.ticket, policy.document.max_characters) for case in cases]
    rows = [policy.classifier.row(reading) for reading in readings]
    margins = policy.classifier.margins(rows)
    for number, case in enumerate(cases):
        if case.margins is not None:
            margins[number] = case.margins
    chances = policy.classifier.chances(margins)
    return [
        _decision(case, reading, row, chance, policy)
        for case, reading, row, chance in zip(cases, readings, rows, chances, strict=True)
    ]


def _managed(case: Case) -> bool | None:
    """What the client record says of managed services, else what came with the ticket."""
    return case.client.managed_services if case.client else case.ticket.managed_services


def _decision(case: Case, reading: Reading, row: Row, chance: Floats, policy: Policy) -> Decision:
    types = policy.classifier.types
    if reading.empty:
        return _unreadable(case, policy)
    order = np.argsort(-chance, kind="stable")
    guess = types[int(order[0])]
    rule = first_rule(policy.document.rules, reading, guess, case.ticket.channel, _managed(case))
    kind = rule.becomes if rule else guess
    queue = policy.types[kind].queue
    share = sum(
        chance[number] for number, code in enumerate(types) if policy.types[code].queue == queue
    )
    if rule and rule.guess:
        share += sum(
            chance[number]
            for number, code in enumerate(types)
            if code in rule.guess and policy.types[code].queue != queue
        )
    confidence = 1.0 if rule and not rule.guess else min(float(share), SUREST)
    alternatives = tuple(
        Candidate(types[i], policy.types[types[i]].queue, round(float(chance[i]), 4))
        for i in [n for n in order[: RUNNERS_UP + 1].tolist() if types[n] != kind][:RUNNERS_UP]
    )
    bar = policy.bar(kind)
    decided = confidence >= bar
    evidence = _evidence(row, kind, alternatives, rule, policy)
    guideline = (rule.guideline if rule else None) or policy.types[kind].guideline
    return Decision(
        id=case.ticket.id,
        ticket_type=kind,
        queue=queue,
        confidence=round(confidence, 4),
        decided=decided,
        routed_to=queue if decided else LEVEL_1,
        guideline=guideline,
        reason=reason(
            policy=policy,
            ticket_type=kind,
            confidence=confidence,
            decided=decided,
            guideline=guideline,
            evidence=evidence,
            alternatives=alternatives,
            rule=rule,
            cut=reading.cut,
            client_known=case.client is not None,
            missing=case.missing,
        ),
        evidence=evidence,
        alternatives=alternatives,
        topics=(),
        missing=case.missing,
        policy_version=policy.version,
    )


def _evidence(
    row: Row,
    kind: str,
    alternatives: tuple[Candidate, ...],
    rule: Rule | None,
    policy: Policy,
) -> tuple[Evidence, ...]:
    found = [Evidence(f"rule: {rule.name}", kind)] if rule else []
    for code in (kind, *(candidate.ticket_type for candidate in alternatives)):
        terms = policy.classifier.speaking_terms(row, code, WORDS_A_TYPE)
        found.extend(Evidence(term, code) for term in terms)
    return tuple(found)


def _unreadable(case: Case, policy: Policy) -> Decision:
    kind = policy.types[GENERAL]
    return Decision(
        id=case.ticket.id,
        ticket_type=GENERAL,
        queue=kind.queue,
        confidence=0.0,
        decided=False,
        routed_to=LEVEL_1,
        guideline=kind.guideline,
        reason=(f"To Level 1 triage: the ticket has no text to read. Policy {policy.version}."),
        evidence=(),
        alternatives=(),
        topics=(),
        missing=case.missing,
        policy_version=policy.version,
    )
