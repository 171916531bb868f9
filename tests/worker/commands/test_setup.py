"""`ticket-worker setup` on simulated portals: adopt, add what is missing, and nothing twice."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import NoLimits, settings_for
from tests.worker.running import environment, ticket_worker
from worker.commands import setup
from worker.commands.setup import MOST_WAITS, patiently, run_setup
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import RateLimited, Rejected
from worker.hubspot.provision import Change, apply


@pytest.fixture(scope="module")
def portal() -> Iterator[Hub]:
    with running_simulator("--empty") as base, Hub(base) as hub:
        yield hub


@pytest.fixture
def hub(portal: Hub) -> Hub:
    portal.settings(scopes=None)
    portal.control("PUT", "/faults", {"rules": []})
    portal.settings(rates_enabled=False)
    return portal


def fresh(hub: Hub, tier: str) -> None:
    hub.control("POST", "/reset", {"portal": "empty", "tier": tier, "seed": 7})


class Setup:
    """Runs it within this process, without limits between the calls."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self._settings = settings_for(hub.base, "redis://127.0.0.1:1/0", folder)

    def __call__(self, dry_run: bool = False, new_pipeline: bool = False) -> tuple[int, list[str]]:
        """Exit status and the lines printed."""
        page = io.StringIO()
        console = Console(file=page, width=500)
        status = run_setup(self._settings, console, dry_run=dry_run, new_pipeline=new_pipeline)
        return status, [line.strip() for line in page.getvalue().splitlines()]


@pytest.fixture
def run(hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    monkeypatch.setattr(setup, "_limiter", lambda _: NoLimits())
    return Setup(hub, folder)


def stages(hub: Hub) -> list[list[str]]:
    """Stage labels of each pipeline."""
    rows = hub.control("GET", "/pipelines")["results"]
    return [[stage["label"] for stage in row["stages"]] for row in rows]


def written(hub: Hub) -> int:
    """How many calls changed anything."""
    by_endpoint = hub.control("GET", "/counters")["by_endpoint"]
    return sum(n for call, n in by_endpoint.items() if call.startswith(("POST", "PATCH", "PUT")))


@pytest.mark.parametrize("tier", ["professional", "starter"])
def test_the_second_time_there_are_no_changes(hub: Hub, run: Setup, tier: str) -> None:
    fresh(hub, tier)
    before = stages(hub)[0]
    status, lines = run()
    assert status == 0
    made = int(lines[-1].removesuffix(" changes"))
    assert made == written(hub) > 20
    assert stages(hub)[0][: len(before)] == before  # adopted, none removed or moved
    assert {"OCR", "Development", "Not Supported"} <= set(stages(hub)[0])
    hub.control("POST", "/counters/reset")
    status, lines = run()
    assert (status, lines[-1], written(hub)) == (0, "0 changes", 0)


def test_a_dry_run_says_the_same_and_changes_nothing(hub: Hub, run: Setup) -> None:
    fresh(hub, "professional")
    status, would = run(dry_run=True)
    assert (status, written(hub)) == (0, 0)
    assert "would: Add the stage 'OCR' to the pipeline 'Support Pipeline'" in would
    _, done = run()
    assert [line.removeprefix("would: ") for line in would] == done


def test_a_new_pipeline_is_made_once_and_the_old_one_left_alone(hub: Hub, run: Setup) -> None:
    fresh(hub, "professional")
    before = stages(hub)[0]
    status, lines = run(new_pipeline=True)
    assert status == 0
    assert any("Set `pipeline: Support` in portal.yaml" in line for line in lines)
    assert len(stages(hub)) == 2
    assert stages(hub)[0] == before
    assert run(new_pipeline=True)[1][-1] == "0 changes"


def test_a_small_account_is_told_what_it_lacks(hub: Hub, run: Setup) -> None:
    fresh(hub, "starter")
    status, lines = run(new_pipeline=True)
    assert status == 1
    assert any("may have 1 ticket pipelines and has 1" in line for line in lines)
    _, lines = run()
    assert any("no association labels" in line for line in lines)
    assert len(stages(hub)) == 1


def test_what_hubspot_refuses_is_said_and_the_rest_is_made(
    hub: Hub, run: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh(hub, "professional")

    def but_one(client: HubSpotClient, change: Change) -> None:
        if "'OCR'" in change.what:
            raise Rejected("the account has [too] many stages", 400)
        apply(client, change)

    monkeypatch.setattr(setup, "apply", but_one)
    status, lines = run()
    assert status == 1
    (refused,) = [line for line in lines if "HubSpot refused" in line]
    assert refused.endswith("the account has [too] many stages")
    monkeypatch.undo()
    monkeypatch.setattr(setup, "_limiter", lambda _: NoLimits())
    status, lines = run()
    assert (status, lines[-1]) == (0, "1 changes")


def test_beside_a_busy_worker_it_waits_for_the_limit() -> None:
    answers: list[object] = [RateLimited("used up", 1.5), RateLimited("used up", 2.0), "done"]
    slept: list[float] = []

    def ask() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert patiently(ask, slept.append) == "done"
    assert slept == [1.5, 2.0]


def test_it_does_not_wait_for_tomorrow_nor_for_ever() -> None:
    slept: list[float] = []

    def never(seconds: float) -> object:
        raise RateLimited("used up", seconds)

    with pytest.raises(RateLimited):
        patiently(lambda: never(900.0), slept.append)
    assert slept == []
    with pytest.raises(RateLimited):
        patiently(lambda: never(1.0), slept.append)
    assert len(slept) == MOST_WAITS


def test_as_a_command_under_the_real_limits(hub: Hub, run: Setup, folder: Path) -> None:
    fresh(hub, "starter")
    run()
    hub.settings(rates_enabled=True)
    settings = settings_for(hub.base, "redis://127.0.0.1:1/0", folder)
    said = ticket_worker(environment(settings), folder, "setup")
    assert (said.status, said.last) == (0, "0 changes"), said
    assert hub.control("GET", "/counters")["status"].get("429", 0) == 0
