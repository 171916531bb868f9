from __future__ import annotations

from pathlib import Path

import pytest

from worker.routing.policy_document import PolicyError
from worker.routing.policy_file import read_document

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "escalation.yaml"

QUEUE_SIZES = {
    "admin": 7,
    "level_1": 10,
    "level_2": 11,
    "ocr": 4,
    "product": 2,
    "development": 1,
    "it": 1,
    "not_supported": 7,
}


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def line_of(path: Path, words: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_shipped_policy_has_every_queue_type_and_request() -> None:
    document = read_document(SHIPPED)
    owned = [kind.queue for kind in document.types.values()]
    assert {queue: owned.count(queue) for queue in document.queues} == QUEUE_SIZES
    assert len(document.types) == 43
    assert len(document.requests) == 11


def test_costly_queues_ask_for_more_than_level_1() -> None:
    queues = read_document(SHIPPED).queues
    for costly in ("development", "it", "not_supported"):
        assert queues[costly].bar > queues["level_1"].bar


def test_requests_go_from_and_to_queues_of_the_guidelines() -> None:
    requests = read_document(SHIPPED).requests
    assert requests["not_reproducible"].from_ == ("level_2",)
    assert requests["not_reproducible"].to == "it"
    assert requests["exceeds_level_1"].team_ticketing
    assert not requests["new_report"].team_ticketing


def test_unknown_key_is_refused_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    path = changed(tmp_path, "    label: OCR\n", "    lable: OCR\n")
    with pytest.raises(PolicyError) as error:
        read_document(path)
    message = str(error.value)
    assert f"{path}, line {line_of(path, 'lable: OCR')}" in message
    assert "queues.ocr.lable" in message
    assert "'label'" in message


def test_unknown_queue_of_a_type_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    path = changed(tmp_path, "    queue: development\n", "    queue: developement\n")
    with pytest.raises(PolicyError, match=r"line \d+.*'developement'.*Did you mean 'development'"):
        read_document(path)


@pytest.mark.parametrize("bar", ["1.4", "-0.1", "high", ".nan"])
def test_bar_outside_0_to_1_is_refused(tmp_path: Path, bar: str) -> None:
    path = changed(tmp_path, "    label: IT\n    bar: ", f"    label: IT\n    bar: {bar} # ")
    with pytest.raises(PolicyError, match=r"line \d+: queues\.\w+\.bar"):
        read_document(path)


def test_yaml_that_does_not_parse_is_refused_with_its_line(tmp_path: Path) -> None:
    path = changed(tmp_path, "  level_2:\n", "  level_2\n")
    with pytest.raises(PolicyError, match=r"line \d+: this is not valid YAML"):
        read_document(path)


def test_duplicate_key_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "queues:\n", "max_characters: 5000\nqueues:\n")
    with pytest.raises(PolicyError, match="duplicate key"):
        read_document(path)


def test_missing_triage_queue_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "  level_1:\n    label: Level 1", "  level_one:\n    label: Level 1")
    with pytest.raises(PolicyError, match="level_1"):
        read_document(path)


def test_rule_without_conditions_is_refused(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    head, tail = text.split("\nrules:", 1)
    tail = tail[tail.index("\n# What an agent may ask for") :]
    path = tmp_path / "policy.yaml"
    rules = "\nrules:\n  - name: everything\n    becomes: general\n"
    path.write_text(head + rules + tail, encoding="utf-8")
    with pytest.raises(PolicyError, match="would fit every ticket"):
        read_document(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"- a\n- b\n", b"a: &a [*a]\n", b"[" * 5000])
def test_what_is_no_policy_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(content)
    with pytest.raises(PolicyError, match=r"policy\.yaml"):
        read_document(path)


def test_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="can't be read"):
        read_document(tmp_path / "nowhere.yaml")
