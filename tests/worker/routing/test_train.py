from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from worker.routing.policy import DEFAULT_MEANINGS, DEFAULT_POLICY, PolicyError, load_policy
from worker.routing.train import Sources, train, train_apart


def test_a_model_that_is_there_is_not_made_again(examples_dir: Path, tmp_path: Path) -> None:
    sources = Sources(DEFAULT_POLICY, examples_dir, DEFAULT_MEANINGS, tmp_path)
    made = train(sources).stat().st_mtime_ns
    train_apart(sources)
    assert sources.model().stat().st_mtime_ns == made


def test_who_loads_a_policy_never_trains_itself(
    examples_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("worker.routing.training.learn")
    assert load_policy(DEFAULT_POLICY, examples_dir, tmp_path).classifier.types


def test_wrong_examples_are_told_with_file_row_and_mend(tmp_path: Path) -> None:
    examples = tmp_path / "examples"
    examples.mkdir()
    (examples / "voice.csv").write_text(
        "type,subject,body,channel,managed_services,voice\npasword_reset,help,locked out,,,\n"
    )
    with pytest.raises(PolicyError, match=r"voice\.csv, row 2: .*'pasword_reset'.*password_reset"):
        load_policy(DEFAULT_POLICY, examples, tmp_path / "model")


def test_a_folder_that_cannot_be_written_costs_the_keeping_alone(
    examples_dir: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    with capture_logs() as logs:
        policy = load_policy(DEFAULT_POLICY, examples_dir, blocked / "model")
    assert policy.classifier.types
    assert "model_not_kept" in [line["event"] for line in logs]
