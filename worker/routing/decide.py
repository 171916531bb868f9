"""The decision: pure, the same for live routing, dry runs, backtests and explanations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.clients.record import ClientRecord
from worker.routing.decision import Candidate, Decision, Evidence, Topic
from worker.routing.explanation import RULE, reason
from worker.routing.measuring import Measured
from worker.routing.policy import GENERAL, LEVEL_1, Policy, Rule
from worker.routing.reading import Reading, read
from worker.routing.rules import first_rule
from worker.routing.softmax import Floats
from worker.routing.ticket import Ticket
from worker.routing.wording import Words, excerpt

RUNNERS_UP = 2
WORDS_A_TYPE = 4
SUREST = 0.999
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
    measured = [policy.classifier.measure(reading) for reading in readings]
    margins = policy.classifier.linear.margins([one.row for one in measured])
    for number, case in enumerate(cases):
        if case.margins is not None:
            margins[number] = case.margins
    chances = policy.classifier.chances(margins)
    return [
        _decision(_Seen(case, reading, one, row, chance, policy))
        for case, reading, one, row, chance in zip(
            cases, readings, measured, margins, chances, strict=True
        )
    ]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A case, what is read of it, and what the classifier says of that."""

    case: Case
    reading: Reading
    measured: Measured
    margins: Floats
    chances: Floats
    policy: Policy

    @property
    def queues(self) -> list[str]:
        """The queue of each type of the classifier."""
        return [self.policy.types[code].queue for code in self.policy.classifier.types]

    def confidence(self, queue: str, also: Sequence[str] = ()) -> float:
        """How sure it is that the ticket belongs to a queue, or is of one of some types."""
        codes = self.policy.classifier.types
        own = [q == queue or code in also for code, q in zip(codes, self.queues, strict=True)]
        return self.policy.classifier.calibration.confidence(self.margins, own)

    def rule(self, reading: Reading, guess: str) -> Rule | None:
        """The rule that fits a text whose best guess is known."""
        client, ticket = self.case.client, self.case.ticket
        managed = client.managed_services if client else ticket.managed_services
        return first_rule(self.policy.document.rules, reading, guess, ticket.channel, managed)


def _decision(seen: _Seen) -> Decision:
    policy, types = seen.policy, seen.policy.classifier.types
    if seen.reading.empty:
        return _unreadable(seen.case, policy)
    order = np.argsort(-seen.chances, kind="stable")
    several = _several(seen)
    topics = several.topics if several else ()
    teams = len({topic.queue for topic in topics})
    rule = None
    if several and teams > 1 and several.certain:
        kind, confidence = GENERAL, several.confidence
    elif teams == 1:
        asked = [types.index(topic.ticket_type) for topic in topics]
        kind = types[max(asked, key=lambda number: float(seen.margins[number]))]
        confidence = seen.confidence(policy.types[kind].queue)
    else:
        guess = types[int(order[0])]
        rule = seen.rule(seen.reading, guess)
        kind = rule.becomes if rule else guess
        confidence = seen.confidence(policy.types[kind].queue, rule.guess if rule else ())
    queue = policy.types[kind].queue
    certain = rule is not None and not rule.guess
    confidence = 1.0 if certain else round(min(confidence, SUREST), 4)
    # What may be several requests for different teams is split at Level 1, whatever the guess.
    decided = confidence >= policy.bar(kind) and (teams < 2 or queue == LEVEL_1)
    alternatives = tuple(
        Candidate(types[i], policy.types[types[i]].queue, round(float(seen.chances[i]), 4))
        for i in [n for n in order[: RUNNERS_UP + 1].tolist() if types[n] != kind][:RUNNERS_UP]
    )
    decision = Decision(
        id=seen.case.ticket.id,
        ticket_type=kind,
        queue=queue,
        confidence=confidence,
        decided=decided,
        routed_to=queue if decided else LEVEL_1,
        guideline=(rule.guideline if rule else None) or policy.types[kind].guideline,
        reason="",
        evidence=_evidence(seen, kind, alternatives, rule, topics),
        alternatives=alternatives,
        topics=topics,
        missing=seen.case.missing,
        policy_version=policy.version,
    )
    why = reason(decision, policy, rule, seen.reading.cut, seen.case.client is not None)
    return replace(decision, reason=why)


@dataclass(frozen=True, slots=True)
class _Topics:
    """The requests of a ticket with several; `certain`: surely several."""

    topics: tuple[Topic, ...]
    confidence: float
    certain: bool


def _several(seen: _Seen) -> _Topics | None:
    """None where there is one request. A ticket that was learned from is judged as a whole: its
    sentences are known too well."""
    policy, segments = seen.policy, seen.reading.segments
    if seen.case.margins is not None:
        return None
    found = policy.classifier.several(seen.measured, seen.margins, seen.queues)
    topics: dict[str, Topic] = {}
    for number, places in found.requests if found else ():
        kind = policy.classifier.types[number]
        part = Reading(tuple(segments[place] for place in sorted(places)))
        rule = seen.rule(part, kind)
        kind = rule.becomes if rule else kind
        topics.setdefault(kind, Topic(kind, policy.types[kind].queue, excerpt(segments, places)))
    if found is None or len(topics) < 2:
        return None
    return _Topics(tuple(topics.values()), found.confidence, found.certain)


def _evidence(
    seen: _Seen,
    kind: str,
    alternatives: tuple[Candidate, ...],
    rule: Rule | None,
    topics: tuple[Topic, ...],
) -> tuple[Evidence, ...]:
    if kind not in {topic.ticket_type for topic in topics} and topics:
        return tuple(Evidence(topic.excerpt, topic.ticket_type) for topic in topics)
    found = [Evidence(f"{RULE}{rule.name}", kind)] if rule else []
    words = Words(seen.reading.segments)
    for code in (kind, *(candidate.ticket_type for candidate in alternatives)):
        terms = seen.policy.classifier.speaking_terms(seen.measured.row, code, WORDS_A_TYPE)
        found.extend(Evidence(words.as_written(term), code) for term in terms)
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
