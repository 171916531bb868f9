"""The lock files: everything pinned and hashed, no package host named, as pyproject.toml says."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {name: ROOT / "requirements" / f"{name}.lock" for name in ("audit", "build", "run", "dev")}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pinned:
    """One version of a package, and where it is taken."""

    name: str
    version: Version
    marker: str | None
    hashes: int

    def taken_on(self, python: str) -> bool:
        where = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
        linux = {"sys_platform": "linux", "platform_python_implementation": "CPython"}
        here = {key: str(value) for key, value in default_environment().items()}
        return self.marker is None or Marker(self.marker).evaluate({**here, **linux, **where})


def pinned(lock: Path) -> list[Pinned]:
    """Every entry of a lock file. Raises `AssertionError` for a line that is neither a pin nor a
    hash.
    """
    found = []
    for entry in lock.read_text().replace("\\\n", " ").splitlines():
        said, *hashes = re.split(r"\s+(?=--hash)", entry.strip())
        pin = PIN.fullmatch(said)
        assert pin, f"{lock.name}: {said!r} is no pin"
        assert all(HASH.fullmatch(one.strip()) for one in hashes), f"{lock.name}: {said!r}"
        found.append(Pinned(pin["name"], Version(pin["version"]), pin["marker"], len(hashes)))
    return found


def wanted(group: str) -> list[Requirement]:
    """What pyproject.toml asks for: `run` are the dependencies, others are groups."""
    if group == "run":
        return [Requirement(one) for one in PROJECT["project"]["dependencies"]]
    found = []
    for one in PROJECT["dependency-groups"][group]:
        found += wanted(one["include-group"]) if isinstance(one, dict) else [Requirement(one)]
    return found


ENTRIES = {name: pinned(lock) for name, lock in LOCKS.items()}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_once_for_each_python_and_has_hashes(name: str) -> None:
    assert all(one.hashes for one in ENTRIES[name])
    for python in ("3.11.2", "3.12.0", "3.13.0"):
        names = [one.name for one in ENTRIES[name] if one.taken_on(python)]
        assert len(names) == len(set(names)), python


@pytest.mark.parametrize("name", LOCKS)
def test_no_address_of_a_package_host_is_named(name: str) -> None:
    text = LOCKS[name].read_text()
    assert "://" not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host| @ ", text)


@pytest.mark.parametrize(("group", "lock"), [(name, name) for name in LOCKS])
def test_all_that_pyproject_asks_for_is_pinned_within_its_bounds(group: str, lock: str) -> None:
    for requirement in wanted(group):
        name = canonicalize_name(requirement.name)
        versions = [one.version for one in ENTRIES[lock] if one.name == name]
        assert versions, f"{name} is not in {lock}.lock; run `make lock`"
        for version in versions:
            assert requirement.specifier.contains(version, prereleases=True), f"{name} {version}"


def test_what_builds_us_is_what_pyproject_names() -> None:
    built_with = {canonicalize_name(one) for one in PROJECT["build-system"]["requires"]}
    assert built_with <= {one.name for one in ENTRIES["build"]}


@pytest.mark.parametrize("name", ["build", "run"])
def test_tests_run_with_the_versions_that_are_deployed(name: str) -> None:
    def versions(lock: str) -> set[tuple[str, Version, str | None]]:
        return {(one.name, one.version, one.marker) for one in ENTRIES[lock]}

    assert versions(name) <= versions("dev")


def test_every_python_that_we_take_is_in_the_lock() -> None:
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    for python in ("3.11.2", "3.12.0", "3.13.0"):
        taken = {one.name for one in ENTRIES["run"] if one.taken_on(python)}
        assert {canonicalize_name(one.name) for one in wanted("run")} <= taken


def test_celery_is_the_combination_that_outlived_redis_restarts() -> None:
    held = {one.name: str(one.version) for one in ENTRIES["run"]}
    assert (held["celery"], held["kombu"], held["redis"]) == ("5.6.3", "5.7.0", "8.1.0")


def test_each_dependency_has_its_reason_written_down() -> None:
    page = (ROOT / "docs" / "adrs" / "001-dependencies.md").read_text()
    named = {canonicalize_name(one) for one in re.findall(r"`([A-Za-z0-9._-]+)(?:\[\w+\])?`", page)}
    for requirement in [*wanted("run"), *wanted("dev")]:
        assert canonicalize_name(requirement.name) in named, requirement.name
