"""How well several requests in one ticket are told from one, and what a confidence is worth.

The tickets of `tests/data/topics*.jsonl` are for measuring alone: nothing is learned from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks.routing.knowledge import BATCH
from worker.routing.backtest import Share
from worker.routing.decide import Case, decide_batch
from worker.routing.decision import Decision
from worker.routing.examples import Example
from worker.routing.policy import Policy, PolicyDocument
from worker.routing.ticket import Channel, Ticket

DATA = Path(__file__).resolve().parents[2] / "tests" / "data"
OURS, BY_OTHERS = DATA / "topics.jsonl", DATA / "topics_by_others.jsonl"
"""Written by who wrote the examples; by somebody who had seen neither these nor the model."""
STEPS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
"""Where the rows of a calibration table begin."""


@dataclass(frozen=True, slots=True)
class TopicFigures:
    """`recognised`: tickets with several requests that have topics. `alarms` have topics though
    they hold one request: written to look like several, long ones. `named`: requests of the
    recognised tickets whose type is among the topics; `meant`: topics whose type is among the
    requests."""

    recognised: Share
    alarms_look_alike: Share
    alarms_long: Share
    named: Share
    meant: Share


def topic_figures(policy: Policy, tickets: Path) -> TopicFigures:
    """Measure a policy on the lines of a file."""
    lines = [orjson.loads(line) for line in tickets.read_bytes().splitlines()]
    made = _decide(policy, [_ticket(line) for line in lines])
    several = [
        (set(line["topics"]), one)
        for line, one in zip(lines, made, strict=True)
        if len(line["topics"]) > 1
    ]
    single = [
        (bool(line.get("looks_like_several")), one)
        for line, one in zip(lines, made, strict=True)
        if len(line["topics"]) == 1
    ]
    known = [(asked, {t.ticket_type for t in one.topics}) for asked, one in several if one.topics]
    hits = sum(len(asked & told) for asked, told in known)
    return TopicFigures(
        recognised=_with_topics([one for _, one in several]),
        alarms_look_alike=_with_topics([one for looks, one in single if looks]),
        alarms_long=_with_topics([one for looks, one in single if not looks]),
        named=Share(hits, sum(len(asked) for asked, _ in known)),
        meant=Share(hits, sum(len(told) for _, told in known)),
    )


def alarms(policy: Policy, examples: Sequence[Example]) -> Share:
    """Those of examples with one request, not learned from, that have topics all the same."""
    plain = [one for one in examples if not one.topics and one.ticket_type != "general"]
    return _with_topics(_decide(policy, [one.ticket for one in plain]))


def calibration(
    document: PolicyDocument, examples: Sequence[Example], made: Sequence[Decision]
) -> list[tuple[float, float, Share]]:
    """For each range of confidences: where it begins, the mean confidence in it, and the share of
    its queues that are right."""
    rows = []
    for start, end in zip(STEPS, (*STEPS[1:], 1.1), strict=True):
        here = [
            (example, one)
            for example, one in zip(examples, made, strict=True)
            if start <= one.confidence < end
        ]
        mean = sum(one.confidence for _, one in here) / len(here) if here else 0.0
        right = sum(one.queue == document.types[e.ticket_type].queue for e, one in here)
        rows.append((start, mean, Share(right, len(here))))
    return rows


def _ticket(line: dict[str, object]) -> Ticket:
    managed = line["managed_services"]
    return Ticket(
        id=str(line["id"]),
        subject=str(line["subject"]),
        body=str(line["body"]),
        channel=Channel(str(line["channel"])) if line["channel"] else None,
        managed_services=managed if isinstance(managed, bool) else None,
    )


def _decide(policy: Policy, tickets: Sequence[Ticket]) -> list[Decision]:
    made: list[Decision] = []
    for start in range(0, len(tickets), BATCH):
        made += decide_batch([Case(one) for one in tickets[start : start + BATCH]], policy)
    return made


def _with_topics(made: Sequence[Decision]) -> Share:
    return Share(sum(bool(one.topics) for one in made), len(made))
