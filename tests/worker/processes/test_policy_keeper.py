from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from worker.processes.policy_keeper import PolicyKeeper
from worker.routing.policy import Policy, PolicyError


class Files:
    """A policy file that changes, and how long it takes to learn what is in it."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.version = "first"
        self.wrong: Exception | None = None
        self.learned = threading.Event()
        self.learned.set()

    def load(self) -> Policy:
        self.learned.wait(10)
        if self.wrong:
            raise self.wrong
        return replace(self.policy, version=self.version)


@pytest.fixture
def files(policy: Policy) -> Files:
    return Files(policy)


@pytest.fixture
def policy(here: Any) -> Policy:
    found: Policy = here.policy.current()
    return found


def until(what: Callable[[], bool]) -> None:
    waiter = threading.Event()
    for _ in range(500):
        if what():
            return
        waiter.wait(0.02)
    pytest.fail("it did not come about within 10 s")


def test_a_changed_policy_is_taken_over(files: Files) -> None:
    keeper = PolicyKeeper(files.load, lambda: files.version, looked_at_s=0)
    files.version = "second"
    until(lambda: keeper.current().version == "second")


def test_nobody_waits_while_new_examples_are_learned(files: Files) -> None:
    keeper = PolicyKeeper(files.load, lambda: files.version, looked_at_s=0)
    files.learned.clear()
    files.version = "second"
    assert keeper.current().version == "first"
    assert keeper.current().version == "first"
    files.learned.set()
    until(lambda: keeper.current().version == "second")


@pytest.mark.parametrize("error", [PolicyError("row 3 is wrong"), OSError("disk"), KeyError("x")])
def test_a_wrong_file_leaves_the_last_good_policy_and_is_told(
    files: Files, error: Exception
) -> None:
    keeper = PolicyKeeper(files.load, lambda: files.version, looked_at_s=0)
    files.wrong, files.version = error, "second"
    with capture_logs() as logs:
        keeper.current()
        until(lambda: any(line["event"] == "policy_refused" for line in logs))
    assert keeper.current().version == "first"
    files.wrong, files.version = None, "third"
    until(lambda: keeper.current().version == "third")
