"""The Dockerfile: what it copies is there, what it installs is pinned, and it runs as nobody."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.compose_file import load

ROOT = Path(__file__).resolve().parents[1]


def instructions() -> list[tuple[str, str]]:
    """(instruction, its words) of each step, continuation lines joined, comments dropped."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    steps = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(step.split()[0], step.split(maxsplit=1)[1]) for step in steps if step.strip()]


def stages() -> list[list[tuple[str, str]]]:
    """The steps of each stage, its FROM first."""
    found: list[list[tuple[str, str]]] = []
    for step in instructions():
        if step[0] == "FROM":
            found.append([])
        found[-1].append(step)
    return found


def copied() -> list[str]:
    """What is copied from the checkout."""
    found = []
    for kind, words in instructions():
        if kind == "COPY" and "--from" not in words:
            found += words.split()[:-1]
    return found


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out: the last line that fits it or a parent decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        parents = ["/".join(path.split("/")[: n + 1]) for n in range(path.count("/") + 1)]
        if any(fnmatch(one, pattern.replace("**/", "*")) for one in parents):
            out = not line.startswith("!")
    return out


def test_every_stage_starts_from_one_pinned_slim_python() -> None:
    assert {stage[0][1].split()[0] for stage in stages()} == {"python:3.12-slim"}


def test_what_is_copied_is_there_and_gets_into_the_context() -> None:
    assert copied()
    for path in copied():
        assert (ROOT / path).exists(), path
        assert not ignored(path), path


def test_every_package_of_ours_is_in_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages <= set(copied())


@pytest.mark.parametrize(
    "path", [".env", ".git/config", ".venv/bin/python", "var/model", "worker/__pycache__", "tests"]
)
def test_secrets_and_leftovers_stay_out_of_the_context(path: str) -> None:
    assert ignored(path)


def test_packages_are_wheels_checked_by_hash_or_our_own() -> None:
    runs = [words for kind, words in instructions() if kind == "RUN"]
    installs = [one for words in runs for one in words.split("&&") if "install" in one]
    assert len(installs) == 3
    for one in installs:
        from_lock = "--require-hashes" in one and "--only-binary :all:" in one
        assert from_lock or "--no-index /wheel" in one, one


def test_the_model_is_learned_at_build_time_where_the_processes_look_for_it() -> None:
    environment = load({"FLOWER_BASIC_AUTH": "u:pppppppp"})["services"]["worker"]["environment"]
    build, final = stages()
    learned = [words for kind, words in build if kind == "RUN" and words.find(" train") > 0]
    assert [words.split()[0] for words in learned] == [f"DATA_DIR={environment['DATA_DIR']}"]
    assert any(f"DATA_DIR={environment['DATA_DIR']}" in words for kind, words in final)
    assert any(words.endswith(f"{environment['DATA_DIR']} {environment['DATA_DIR']}")
               for kind, words in final if kind == "COPY")  # fmt: skip


def test_the_final_stage_holds_no_tools_and_runs_as_the_user_of_the_compose_file() -> None:
    final = stages()[-1]
    users = [words for kind, words in final if kind == "USER"]
    services = load({"FLOWER_BASIC_AUTH": "u:pppppppp"})["services"]
    assert users == [services["worker"]["user"]]
    assert not [words for kind, words in final if kind == "RUN" and "pip" in words]
    assert not [kind for kind, _ in instructions() if kind in {"ADD", "ARG"}]
