"""What was learned from is judged by a model that has not seen its voice."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from worker.routing.backtest import Label
from worker.routing.decide import Case, decide
from worker.routing.examples import read_examples
from worker.routing.held_out import SUFFIX, keep, kept
from worker.routing.jsonl import BadLine
from worker.routing.labelled import Learned, Past, Standing, from_examples, from_lines
from worker.routing.policy import DEFAULT_MEANINGS, DEFAULT_POLICY, Policy
from worker.routing.policy_file import read_document
from worker.routing.replay import Judge, replay
from worker.routing.ticket import Ticket
from worker.routing.train import Sources, held_out, train
from worker.routing.training import Trained

DOCUMENT = read_document(DEFAULT_POLICY)


def lines(*rows: dict[str, object]) -> io.BytesIO:
    return io.BytesIO(b"\n".join(json.dumps(row).encode() for row in rows))


def test_training_keeps_them_and_they_are_made_anew_when_lost(
    examples_dir: Path, tmp_path: Path
) -> None:
    sources = Sources(DEFAULT_POLICY, examples_dir, DEFAULT_MEANINGS, tmp_path)
    model = train(sources)
    margins = kept(model)
    assert margins is not None
    assert margins.shape == (len(read_examples(examples_dir, DOCUMENT.types)), len(DOCUMENT.types))
    beside = model.with_suffix(SUFFIX)
    beside.write_bytes(b"PK damaged")
    assert kept(model) is None
    assert np.array_equal(held_out(sources), margins)
    assert beside.exists()


def test_those_of_forgotten_models_go(examples_dir: Path, tmp_path: Path) -> None:
    (tmp_path / f"old{SUFFIX}").write_bytes(b"")
    model = train(Sources(DEFAULT_POLICY, examples_dir, DEFAULT_MEANINGS, tmp_path))
    assert [one.name for one in tmp_path.glob(f"*{SUFFIX}")] == [model.with_suffix(SUFFIX).name]


def test_a_ticket_that_was_learned_from_is_judged_without_its_voice(
    policy: Policy, examples_dir: Path
) -> None:
    examples = read_examples(examples_dir, policy.types)
    odd = np.zeros((len(examples), len(policy.types)), dtype=np.float32)
    odd[:, list(policy.types).index("new_erp")] = 50.0
    judge = Judge(policy, Learned(examples, odd))
    known = examples[0].ticket
    same_words = replace(known, id="9", body=f"  {known.body}\n", subject=known.subject)
    (seen,) = judge.decide([Case(same_words)])
    assert seen.ticket_type == "new_erp"
    (unseen,) = judge.decide([Case(Ticket("1", "", "please reset my password"))])
    assert unseen == decide(Ticket("1", "", "please reset my password"), None, policy)


def test_lines_are_labelled_by_their_type(policy: Policy) -> None:
    good: dict[str, object] = {"id": "1", "subject": "", "body": "x"}
    found = list(
        from_lines(
            lines({**good, "ticket_type": "ocr_usage"}, good, {**good, "ticket_type": "ocr_use"}),
            policy.document,
        )
    )
    assert isinstance(found[0], Past)
    assert found[0].label == Label("ocr", "ocr_usage")
    assert isinstance(found[1], Past)
    assert found[1].standing is Standing.UNLABELLED
    assert isinstance(found[2], BadLine)
    assert found[2].number == 3
    assert "'ocr_use' is not in the policy. Did you mean 'ocr_usage'" in found[2].error


@pytest.fixture
def judge(policy: Policy, examples_dir: Path) -> Judge:
    examples = read_examples(examples_dir, policy.types)
    return Judge(policy, Learned([], np.zeros((len(examples), 1), dtype=np.float32)))


def test_a_replay_counts_every_ticket_once_and_tells_progress(
    judge: Judge, examples_dir: Path
) -> None:
    examples = read_examples(examples_dir, DOCUMENT.types)
    past = list(from_examples(examples, DOCUMENT))
    items: list[Past | BadLine] = [*past * 10, BadLine(7, "not JSON")]
    items.append(replace(past[0], label=None, standing=Standing.UNCHALLENGED))
    items.append(replace(past[0], label=None, standing=Standing.OURS))
    seen: list[int] = []
    found = replay(items, judge, seen=seen.append)
    assert found.figures.tickets == found.labelled == 10 * len(past)
    assert found.figures.queue_guessed.part == found.figures.tickets
    assert found.unchallenged_decided == 1
    assert (found.bad_lines, [line.number for line in found.bad]) == (1, [7])
    assert sum(seen) == len(items)
    assert found.differences is None


def test_a_draft_is_held_against_the_policy_in_force(judge: Judge, examples_dir: Path) -> None:
    queues = dict(judge.policy.queues)
    queues["not_supported"] = queues["not_supported"].model_copy(update={"bar": 1.0})
    document = judge.policy.document.model_copy(update={"queues": queues})
    draft = replace(judge, policy=replace(judge.policy, document=document))
    examples = read_examples(examples_dir, DOCUMENT.types)
    found = replay(from_examples(examples, DOCUMENT), judge, draft)
    assert found.differences is not None
    assert {way[:2] for way in found.differences.ways} == {("not_supported", "level_1")}
    assert found.worse
    assert found.before is not None
    assert (found.before.coverage.part, found.figures.coverage.part) == (18, 15)


def test_a_draft_is_no_better_for_calling_errors_cheaper(judge: Judge) -> None:
    queues = {
        code: queue.model_copy(update={"cost_if_wrong": 0.1})
        for code, queue in judge.policy.queues.items()
    }
    document = judge.policy.document.model_copy(update={"queues": queues})
    draft = replace(judge, policy=replace(judge.policy, document=document))
    wrong = Past(
        Case(Ticket("1", "SQL", "write us a SQL query over the tables")),
        Label("ocr", "ocr_usage"),
        Standing.LABELLED,
    )
    found = replay([wrong], judge, draft)
    assert found.before is not None
    assert found.figures.costs.wrong == found.before.costs.wrong == 4


def test_margins_are_kept_in_the_order_of_the_examples(policy: Policy, tmp_path: Path) -> None:
    margins = np.array([[2.0], [0.0], [1.0]], dtype=np.float32)
    model = tmp_path / "a.model"
    model.touch()
    keep(Trained(policy.classifier, margins, np.array([2, 0, 1])), model)
    found = kept(model)
    assert found is not None
    assert found[:, 0].tolist() == [0.0, 1.0, 2.0]
