"""What the model is measured by is nothing that it has learned."""

from __future__ import annotations

import orjson

from benchmarks.routing.knowledge import UNSEEN
from benchmarks.routing.topics import BY_OTHERS, OURS
from worker.routing.examples import read_examples
from worker.routing.policy import DEFAULT_EXAMPLES, DEFAULT_POLICY
from worker.routing.policy_file import read_document


def test_no_ticket_that_measures_is_an_example() -> None:
    types = read_document(DEFAULT_POLICY).types
    learned = read_examples(DEFAULT_EXAMPLES, types)
    measuring = read_examples(UNSEEN, types)
    lines = [orjson.loads(one) for p in (OURS, BY_OTHERS) for one in p.read_bytes().splitlines()]

    assert len(measuring) > 500
    assert not {one.voice for one in learned} & {one.voice for one in measuring}
    bodies = {one.ticket.body for one in measuring} | {line["body"] for line in lines}
    assert not bodies & {one.ticket.body for one in learned}
