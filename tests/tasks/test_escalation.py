"""The tasks around owners and ageing: scheduled, once at a time, silent where nothing is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks import escalation
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, settings_for
from worker.app import app
from worker.escalation.ageing_watch import AgeingWatch, Watched
from worker.routing.policy import DEFAULT_POLICY
from worker.routing.policy_document import PolicyDocument
from worker.runtime import Runtime


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with running_simulator("--empty") as url, Hub(url) as hub:
        hub.settings(rates_enabled=False)
        provision(settings_for(url, "redis://127.0.0.1:1", Path("unused")))
        yield hub


def runtime_in(
    mode: str, hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Runtime:
    here = Runtime(settings_for(hub.base, redis_url, folder, routing_mode=mode))
    monkeypatch.setattr(escalation, "runtime", lambda: here)
    return here


@pytest.mark.parametrize(("task", "seconds"), [("announce_ageing", 600), ("assign_owners", 60)])
def test_both_run_on_the_clock_and_are_known_to_the_workers(task: str, seconds: float) -> None:
    (planned,) = [one for one in app.conf.beat_schedule.values() if one["task"] == task]
    assert planned["schedule"].run_every.total_seconds() == seconds
    assert planned["options"]["expires"] == seconds
    assert "tasks.escalation" in app.conf.imports
    assert task in app.tasks


def test_ageing_runs_once_at_a_time(
    hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = runtime_in("route", hub, redis_url, folder, monkeypatch)
    assert escalation.announce_ageing() == "waiting too long: none that nobody was told of"
    assert escalation.announce_ageing() == "done already in these ten minutes"
    here.redis.close()


def test_nothing_is_announced_in_observe_and_hubspot_is_not_asked(
    hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = runtime_in("observe", hub, redis_url, folder, monkeypatch)
    before = hub.control("GET", "/counters")
    assert escalation.announce_ageing() == (
        "no queue is watched: the policy names none, or they are only observed"
    )
    assert hub.control("GET", "/counters") == before
    here.redis.close()


def test_a_queue_that_is_only_observed_is_not_watched(
    hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "policy.yaml"
    text = DEFAULT_POLICY.read_text()
    path.write_text(
        text.replace("\n  it:\n    label:", "\n  it:\n    mode: observe\n    label:", 1)
    )
    here = Runtime(settings_for(hub.base, redis_url, folder, policy_file=path))
    monkeypatch.setattr(escalation, "runtime", lambda: here)
    watched: list[str] = []

    def look(self: AgeingWatch, policy: PolicyDocument, *_: object) -> Watched:
        watched.extend(policy.ageing.queues)
        return Watched({}, 0)

    monkeypatch.setattr(AgeingWatch, "look", look)
    escalation.announce_ageing()
    assert "level_2" in watched
    assert "it" not in watched
    here.redis.close()


def test_the_shipped_policy_leaves_owners_alone_and_hubspot_is_not_asked(
    hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = runtime_in("route", hub, redis_url, folder, monkeypatch)
    before = hub.control("GET", "/counters")
    assert escalation.assign_owners() == "the policy leaves owners to HubSpot and to people"
    assert hub.control("GET", "/counters") == before
    here.redis.close()
