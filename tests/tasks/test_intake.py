"""The poll: one of its parts that fails keeps none of the others from being done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks import intake
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, settings_for
from tests.worker.people import PASSWORD, PERSON
from worker.hubspot.errors import Transient
from worker.intake.forgotten import KEY
from worker.intake.inbox import KEYS
from worker.runtime import Runtime


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with running_simulator("--empty") as url, Hub(url) as hub:
        hub.settings(rates_enabled=False)
        provision(settings_for(url, "redis://127.0.0.1:1", Path("unused")))
        yield hub


@pytest.fixture
def here(hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    runtime = Runtime(settings_for(hub.base, redis_url, folder))
    monkeypatch.setattr(intake, "runtime", lambda: runtime)
    return runtime


def test_the_poll_tells_what_it_found(hub: Hub, here: Runtime) -> None:
    hub.ticket(**PASSWORD)
    assert intake.poll_hubspot().startswith("1 undecided, 1 new to the inbox, ")
    assert here.redis.hget("ticket-worker:poll", "undecided") == b"1"


def test_one_poll_at_a_time_and_the_next_one_after_it(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    within: list[str] = []

    def meanwhile(*_: object) -> int:
        within.append(intake.poll_hubspot())
        return 0

    with monkeypatch.context() as during:
        during.setattr(intake, "poll_requests", meanwhile)
        intake.poll_hubspot()
    assert within == ["another poll is under way"]
    assert "undecided" in intake.poll_hubspot()


@pytest.mark.parametrize("failing", ["poll", "poll_requests", "look_back_after_flush"])
def test_a_part_that_fails_keeps_no_other_from_being_done(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    new, asked = hub.ticket(**PASSWORD), hub.ticket(**PASSWORD)
    wish = {"escalation_request": "exceeds_level_1", "hs_pipeline_stage": "4"}
    hub.act("user", PERSON, "update", object_type="tickets", id=asked, properties=wish)

    def fails(*_: object) -> None:
        raise Transient("HubSpot failed with 503")

    monkeypatch.setattr(intake, failing, fails)
    with pytest.raises(Transient):
        intake.poll_hubspot()
    due = {one for one in (new, asked) if here.redis.zscore(KEYS["due"], one)}
    assert (new in due) == (failing != "poll")
    assert (asked in due) == (failing != "poll_requests")
    assert bool(here.redis.exists(KEY)) == (failing != "look_back_after_flush")
