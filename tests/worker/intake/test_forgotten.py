"""A person's move that our write went over, when Redis forgot it before we could look back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, route_all, settings_for
from worker.hubspot.errors import Transient
from worker.hubspot.models import Update, Writing
from worker.intake.forgotten import LOOKS, look_back_after_flush
from worker.portal import Portal
from worker.runtime import Runtime

PASSWORD = {"subject": "locked out", "content": "Please reset my password for the portal."}


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with running_simulator("--empty") as url, Hub(url) as hub:
        hub.settings(rates_enabled=False)
        provision(settings_for(url, "redis://127.0.0.1:1", Path("unused")))
        yield hub


@pytest.fixture
def here(hub: Hub, redis_url: str, folder: Path) -> Runtime:
    return Runtime(settings_for(hub.base, redis_url, folder))


def stage_ids(hub: Hub) -> dict[str, str]:
    stages = hub.control("GET", "/pipelines")["results"][0]["stages"]
    return {one["label"]: one["id"] for one in stages}


def stage_of(hub: Hub, ticket_id: str) -> str:
    found: str = hub.truth("tickets", ticket_id)["properties"]["hs_pipeline_stage"]
    return found


def move(hub: Hub, ticket_id: str, place: str) -> None:
    stage = {"hs_pipeline_stage": stage_ids(hub)[place]}
    hub.act("user", "7002", "update", object_type="tickets", id=ticket_id, properties=stage)


def portal_of(here: Runtime) -> Portal:
    return here.portal.current(here.policy.current())


def look(here: Runtime, now: datetime | None = None) -> int:
    portal = portal_of(here)
    return look_back_after_flush(here.redis, here.hubspot, here.inbox, portal, now or here.now())


def overwrite_and_die(
    hub: Hub, here: Runtime, ticket_id: str, place: str, patch: pytest.MonkeyPatch
) -> None:
    """A person moves the ticket between our read and our write; we die before looking back."""
    update = here.hubspot.update

    def person_first(object_type: str, rows: Sequence[Update]) -> Writing:
        move(hub, ticket_id, place)
        return update(object_type, rows)

    def killed(*_: object) -> None:
        raise SystemExit

    with patch.context() as during:
        during.setattr(here.hubspot, "update", person_first)
        during.setattr(here.writer, "look_back", killed)
        with pytest.raises(SystemExit):
            route_all(here, [ticket_id])


def test_a_flush_between_write_and_look_back_loses_no_persons_move(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id, other = hub.ticket(**PASSWORD), hub.ticket(**PASSWORD)
    route_all(here, [other])
    monkeypatch.setattr(here.writer, "look_back_at_unlooked", lambda *_: None)
    overwrite_and_die(hub, here, ticket_id, "OCR", monkeypatch)
    monkeypatch.undo()
    assert stage_of(hub, ticket_id) == stage_ids(hub)["Level 1 Support"]
    here.redis.flushall()

    assert look(here) == 1
    route_all(here, [ticket_id])

    assert stage_of(hub, ticket_id) == stage_ids(hub)["OCR"]
    assert hub.truth("tickets", ticket_id)["properties"]["routing_status"] == "locked"
    assert stage_of(hub, other) == stage_ids(hub)["Level 1 Support"]


def ask(hub: Hub, ticket_id: str, request: str) -> None:
    wish = {"escalation_request": request}
    hub.act("user", "7002", "update", object_type="tickets", id=ticket_id, properties=wish)


def test_a_flush_between_a_hand_off_and_its_look_back_loses_no_persons_move(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handed on before it was ever decided, so only the hand-off tells who we are."""
    ticket_id = hub.ticket(**PASSWORD)
    ask(hub, ticket_id, "exceeds_level_1")
    monkeypatch.setattr(here.writer, "look_back_at_unlooked", lambda *_: None)
    overwrite_and_die(hub, here, ticket_id, "OCR", monkeypatch)
    monkeypatch.undo()
    assert stage_of(hub, ticket_id) == stage_ids(hub)["Level 2 Support"]
    here.redis.flushall()

    assert look(here) == 1
    route_all(Runtime(here.settings), [ticket_id])
    assert stage_of(hub, ticket_id) == stage_ids(hub)["OCR"]


def test_a_flush_between_a_hand_off_and_its_look_back_loses_no_newer_request(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    update = here.hubspot.update

    def another_first(object_type: str, rows: Sequence[Update]) -> Writing:
        ask(hub, ticket_id, "out_of_scope")
        return update(object_type, rows)

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as during:
        during.setattr(here.hubspot, "update", another_first)
        during.setattr(here.writer, "look_back", killed)
        during.setattr(here.writer, "look_back_at_unlooked", lambda *_: None)
        with pytest.raises(SystemExit):
            route_all(here, [ticket_id])
    here.redis.flushall()

    assert look(here) == 1
    route_all(Runtime(here.settings), [ticket_id])
    assert stage_of(hub, ticket_id) == stage_ids(hub)["Not Supported"]


def test_it_is_looked_for_a_few_times_and_then_no_more(hub: Hub, here: Runtime) -> None:
    began = here.now()

    def searches_at(later: timedelta) -> int:
        hub.control("POST", "/counters/reset", {})
        look(here, began + later)
        return int(hub.control("GET", "/counters")["search"])

    portal_of(here)
    a_second = timedelta(seconds=1)
    assert searches_at(LOOKS[0]) > 0
    for at in LOOKS[1:]:
        assert searches_at(at - a_second) == 0, "too soon"
        assert searches_at(at + a_second) > 0
    assert searches_at(timedelta(hours=1)) == 0


def test_a_look_that_failed_goes_on_where_it_was(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [hub.ticket(**PASSWORD) for _ in range(3)]
    route_all(here, ids)
    here.redis.flushall()
    monkeypatch.setattr("worker.hubspot.service.SEARCH_PAGE", 1)
    read = here.hubspot.read
    looked_at: list[str] = []

    def fails_at_the_second(object_type: str, some: Sequence[str], *rest: Any, **more: Any) -> Any:
        if list(some) == [ids[1]] and ids[1] not in looked_at:
            looked_at.append(ids[1])
            raise Transient("HubSpot failed with 503")
        looked_at.extend(some)
        return read(object_type, some, *rest, **more)

    monkeypatch.setattr(here.hubspot, "read", fails_at_the_second)
    with pytest.raises(Transient):
        look(here)
    look(here)
    assert looked_at[-4:] == [ids[0], ids[1], ids[1], ids[2]]


def test_a_second_look_that_redis_forgot_is_taken(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    here.redis.flushall()
    assert look(here) == 0
    assert here.inbox.counts()["due"] >= 1


def test_what_a_person_moved_after_us_is_left_alone(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "OCR")
    here.redis.flushall()
    assert look(here) == 0


def test_a_ticket_that_a_person_dragged_to_intake_was_not_overwritten(
    hub: Hub, here: Runtime
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "New")
    route_all(here, [ticket_id])
    assert stage_of(hub, ticket_id) == stage_ids(hub)["Level 1 Support"]
    here.redis.flushall()
    assert look(here) == 0
