"""The worker's own day, as the portal tells it: what was routed, corrected, left waiting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, route_all, settings_for
from tests.worker.people import PERSON, move
from worker.hubspot.by_night import HubSpotByNight
from worker.intake.inbox import Failure
from worker.portal import Portal, read_portal
from worker.portal_names import read_portal_names
from worker.reports.own_night import (
    ASIDE_NAMED,
    LONGEST_WHY,
    OwnNight,
    Routed,
    read_own_night,
    set_aside,
)
from worker.routing.policy import DEFAULT_POLICY
from worker.routing.policy_document import PolicyDocument
from worker.routing.policy_file import read_document
from worker.runtime import Runtime, gateway_by_night
from worker.tickets import effects
from worker.tickets.state import STAGE

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
RESET = "please reset my password, the portal refuses my login, locked out"


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with running_simulator("--empty") as base, Hub(base) as hub:
        hub.settings(rates_enabled=False, index_delay_s=0)
        provision(settings_for(base, "redis://127.0.0.1:1", Path("unused")))
        yield hub


@pytest.fixture
def here(hub: Hub, redis_url: str, folder: Path) -> Runtime:
    return Runtime(settings_for(hub.base, redis_url, folder))


@pytest.fixture
def policy() -> PolicyDocument:
    return read_document(DEFAULT_POLICY)


@pytest.fixture
def hubspot(hub: Hub, redis_url: str, redis_client: redis.Redis) -> HubSpotByNight:
    settings = settings_for(hub.base, redis_url, Path("unused"))
    return gateway_by_night(settings, redis_client, read_portal_names(settings.portal_file))


@pytest.fixture
def portal(hubspot: HubSpotByNight) -> Portal:
    names = read_portal_names(Path("config/portal.yaml"))
    return read_portal(hubspot, names, now() - timedelta(days=365))


def now() -> datetime:
    return datetime.now(UTC)


def days_ago(days: float) -> str:
    return (now() - timedelta(days=days)).isoformat()


def decided(hub: Hub, portal: Portal, queue: str, status: str = "decided") -> str:
    """A ticket that the worker has decided; only suggested ones stay in intake."""
    ticket = hub.ticket()
    row = {"routing_queue": queue, "routing_status": status}
    row["routing_decided_at"] = effects.stamp(now())
    ours(hub, ticket, row | ({} if status == "suggested" else effects.move(portal, queue)))
    return ticket


def ours(hub: Hub, ticket: str, properties: dict[str, str]) -> None:
    assert hub.update("tickets", {"id": ticket, "properties": properties}).status_code == 200


def moved_by_agent(hub: Hub, portal: Portal, ticket: str, queue: str) -> None:
    """An agent drags it; the worker sees it and locks the ticket, as it does. Each takes its time:
    what stands in the history at the same millisecond has no order."""
    stage = {STAGE: portal.stage_of[queue]}
    hub.control("POST", "/clock", {"advance_s": 0.01})
    hub.act("user", PERSON, "update", object_type="tickets", id=ticket, properties=stage)
    hub.control("POST", "/clock", {"advance_s": 0.01})
    ours(hub, ticket, effects.lock(queue))


def test_the_portal_tells_the_workers_day(
    hub: Hub, hubspot: HubSpotByNight, portal: Portal, policy: PolicyDocument
) -> None:
    waiting = next(stage for stage, kind in portal.kinds.items() if kind.value == "waiting")
    decided(hub, portal, "ocr")
    decided(hub, portal, "level_1", "triage")
    ours(hub, hub.ticket(), effects.failed("HubSpot refused the stage.", now()))
    moved_by_agent(hub, portal, decided(hub, portal, "ocr"), "it")  # a correction
    moved_by_agent(hub, portal, decided(hub, portal, "ocr", "suggested"), "ocr")  # agreed with
    decided(hub, portal, "level_2", "suggested")
    handed_on = decided(hub, portal, "level_1")  # at an agent's request: no correction
    ours(hub, handed_on, effects.move(portal, "level_2") | effects.lock("level_2"))
    hub.ticket(stage=waiting, created_at=days_ago(8))
    hub.ticket(stage=waiting, created_at=days_ago(2))
    hub.ticket(stage=portal.stage_of["it"], created_at=days_ago(30))
    hub.ticket(created_at=days_ago(1 / 8))
    hub.ticket()
    night = read_own_night(hubspot, [], policy, portal, now())
    assert night.routed == Routed(
        {"ocr": 2, "it": 1, "level_1": 1, "level_2": 2}, abstained=1, suggested=1, failed=1
    )
    assert night.corrected == 1
    assert night.waiting_too_long == 1
    assert night.overdue == {"it": 1}
    assert night.undecided is not None
    assert night.undecided.tickets == 2
    assert 3 * 3600 - 60 < night.undecided.oldest_s < 3 * 3600 + 60
    assert night.calls_used
    assert night.calls_allowed == 625_000


def test_corrected_are_the_tickets_that_people_moved_and_not_those_they_handed_on(
    hub: Hub, here: Runtime, hubspot: HubSpotByNight, policy: PolicyDocument
) -> None:
    before = read_own_night(hubspot, [], policy, here.portal.current(here.policy.current()), now())
    corrected, handed_on, kept = (hub.ticket(content=RESET) for _ in range(3))
    route_all(here, [corrected, handed_on, kept])
    asks = {"escalation_request": "exceeds_level_1"}
    hub.act("user", PERSON, "update", object_type="tickets", id=handed_on, properties=asks)
    move(hub, corrected, "OCR", "user", PERSON)
    move(hub, handed_on, "Product", "user", PERSON)
    route_all(here, [corrected, handed_on, kept])
    portal = here.portal.current(here.policy.current())
    after = read_own_night(hubspot, [], policy, portal, now())
    assert (after.corrected or 0) - (before.corrected or 0) == 1
    tomorrow = now() + timedelta(days=1, minutes=1)
    assert read_own_night(hubspot, [], policy, portal, tomorrow).corrected == 0


def test_what_hubspot_does_not_tell_is_not_known_and_the_rest_is(
    hub: Hub, hubspot: HubSpotByNight, portal: Portal, policy: PolicyDocument
) -> None:
    rules = [{"match": "POST .*/tickets/batch/read", "kind": "403"}]
    hub.control("PUT", "/faults", {"rules": rules})
    try:
        moved_by_agent(hub, portal, decided(hub, portal, "ocr"), "it")
        night = read_own_night(hubspot, [], policy, portal, now())
    finally:
        hub.control("PUT", "/faults", {"rules": []})
    assert (night.corrected, night.overdue) == (None, None)
    assert night.routed is not None
    assert night != OwnNight()


def test_the_latest_set_aside_are_named_and_all_are_counted() -> None:
    failures = [Failure(str(n), "x" * 999, NOW + timedelta(minutes=n)) for n in range(25)]
    found = set_aside(failures)
    assert found.tickets == 25
    assert [one.ticket_id for one in found.latest] == [str(n) for n in range(24, 14, -1)]
    assert len(found.latest) == ASIDE_NAMED
    assert {len(one.why) for one in found.latest} == {LONGEST_WHY}
