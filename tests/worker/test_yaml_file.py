"""YAML that people edit: whatever is wrong is told with file, line and mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from worker.yaml_file import MAX_BYTES, load_tree, read_model, read_model_and_lines


class Wrong(Exception):
    """What a reader of such a file raises."""


class Queue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    bar: float = Field(ge=0, le=1)
    label: str = ""


class File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int
    queues: dict[str, Queue] = {}
    rules: list[Queue] = []
    words: list[str] = []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def fault(path: Path, text: str | bytes) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(Wrong) as caught:
        read_model(path, File, Wrong)
    return str(caught.value)


def test_a_good_file_is_read_with_the_line_of_each_place(path: Path) -> None:
    path.write_text("version: 1\nqueues:\n  ocr:\n    bar: 0.5\nwords:\n  - a\n  - b\n")

    model, lines = read_model_and_lines(path, File, Wrong)

    assert model.queues["ocr"].bar == 0.5
    assert lines["queues", "ocr", "bar"] == 4
    assert lines["words", 1] == 7


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("version: 1\nquues: {}\n", 2, "quues is not known. Did you mean 'queues'?"),
        ("queues: {}\n", 1, "version is missing. Add it."),
        ("version: one\n", 1, "version ('one') is wrong"),
        ("version: 1\nqueues:\n  ocr:\n    bar: 7\n", 4, "queues.ocr.bar ('7') is wrong"),
        ("version: 1\nqueues:\n  ocr: {}\n", 3, "queues.ocr.bar is missing"),
        (
            "version: 1\nqueues:\n  ocr:\n    bar: 1\n    lable: x\n",
            5,
            "queues.ocr.lable is not known. Did you mean 'label'?",
        ),
        ("version: 1\nrules:\n  - bar: 1\n  - bar: x\n", 4, "rules.2.bar ('x') is wrong"),
        ("version: 1\nrules:\n  - bar: 1\n    br: 2\n", 4, "Did you mean 'bar'?"),
        ("version: 1\nwords:\n  - a\n  - [b]\n", 4, "words.2 is wrong"),
        ("version: 1\nversion: 2\n", 2, "not valid YAML"),
        ("version: 1\nqueues: {\n", 3, "not valid YAML"),
        ("version: 1\n\tqueues: 2\n", 2, "not valid YAML"),
        ("version: 1\nwords: [*nobody]\n", 2, "not valid YAML"),
        ("- a\n- b\n", 1, "the file is empty"),
        ("", 1, "the file is empty"),
        ("# a comment alone\n", 1, "the file is empty"),
    ],
)
def test_a_fault_is_told_with_its_line(path: Path, text: str, line: int, said: str) -> None:
    message = fault(path, text)

    assert message.startswith(f"{path}, line {line}: "), message
    assert said in message
    assert "Nothing of this file was taken over." in message


def test_an_unknown_key_is_told_before_what_it_makes_missing(path: Path) -> None:
    assert "verison is not known. Did you mean 'version'?" in fault(path, "verison: 1\n")


def test_a_name_like_no_other_gets_the_list_of_names(path: Path) -> None:
    assert "Known are: version, queues, rules, words." in fault(path, "version: 1\nzzzzzzzz: 1\n")


def test_a_character_that_is_no_utf8_is_told_with_its_line(path: Path) -> None:
    assert "line 2: a character is not UTF-8" in fault(path, b"version: 1\nwords: [caf\xe9]\n")


def test_a_byte_order_mark_is_no_fault(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfversion: 1\n")

    assert read_model(path, File, Wrong).version == 1


def test_a_huge_file_is_not_parsed(path: Path) -> None:
    assert "at most 1048576" in fault(path, b"#" * (MAX_BYTES + 1))


def test_deep_nesting_and_a_node_that_holds_itself_end(path: Path) -> None:
    deep = "version: 1\nwords: " + "[" * 40 + "]" * 40 + "\n"
    assert "nested more than 20 levels" in fault(path, deep)
    assert "line 2: words.1 is wrong" in fault(path, "version: 1\nwords: &a [*a]\n")


def test_no_tag_makes_an_object(path: Path) -> None:
    marker = path.parent / "made"
    text = f"version: !!python/object/apply:pathlib.Path.touch [{marker}]\n"

    fault(path, text)

    assert not marker.exists()


def test_a_folder_and_an_absent_file_are_named(path: Path) -> None:
    with pytest.raises(Wrong, match=r"policy\.yaml: can't be read \(No such file"):
        load_tree(path, Wrong)
    with pytest.raises(Wrong, match="can't be read"):
        load_tree(path.parent, Wrong)


@pytest.mark.parametrize("text", ["version: 1\nwords: [2026-01-01, 1.5, yes]\n"])
def test_what_yaml_makes_of_a_word_is_told_rather_than_taken(path: Path, text: str) -> None:
    assert "words.2" in fault(path, text)


def test_a_merge_key_and_an_anchor_are_read(path: Path) -> None:
    path.write_text("version: 1\nqueues:\n  a: &a\n    bar: 1\n  b:\n    <<: *a\n    label: x\n")

    assert read_model(path, File, Wrong).queues["b"] == Queue(bar=1, label="x")
