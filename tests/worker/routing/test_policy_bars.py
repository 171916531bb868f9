"""Bars written into a policy file that people keep notes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.routing.policy import DEFAULT_POLICY
from worker.routing.policy_bars import write_bars
from worker.routing.policy_document import PolicyError
from worker.routing.policy_file import read_document


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_bytes(DEFAULT_POLICY.read_bytes())
    path.chmod(0o640)
    return path


def test_only_the_bars_change(policy: Path) -> None:
    before = policy.read_text().splitlines()
    write_bars(policy, {"ocr": 0.57, "it": 0.9})
    after = policy.read_text().splitlines()
    changed = [
        (old.strip(), new.strip()) for old, new in zip(before, after, strict=True) if old != new
    ]
    assert [new for _, new in changed] == ["bar: 0.57", "bar: 0.90"]
    document = read_document(policy)
    assert (document.queues["ocr"].bar, document.queues["it"].bar) == (0.57, 0.9)
    assert policy.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in policy.parent.iterdir()] == ["policy.yaml"]


def test_a_bar_in_a_line_of_its_own_kind_is_found(policy: Path) -> None:
    text = policy.read_text()
    old = "  it:\n    label: IT\n    bar: "
    start = text.index(old)
    end = text.index("\n  not_supported:", start)
    line = "  it: {label: IT, bar: 0.6, cost_if_wrong: 5}  # bar: see below"
    policy.write_text(text[:start] + line + text[end:])
    write_bars(policy, {"it": 0.8})
    assert (
        "  it: {label: IT, bar: 0.80, cost_if_wrong: 5}  # bar: see below\n" in policy.read_text()
    )


def test_a_file_that_can_not_take_them_stays_as_it_is(policy: Path) -> None:
    text = policy.read_text().replace("label: OCR\n    bar: ", "label: OCR\n    bar: &same ", 1)
    policy.write_text(text)
    with pytest.raises(PolicyError):
        write_bars(policy, {"ocr": 0.57})
    assert policy.read_text() == text
    assert [one.name for one in policy.parent.iterdir()] == ["policy.yaml"]
