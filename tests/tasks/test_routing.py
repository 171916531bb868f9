"""The task around the flow: it claims, keeps its lease alive, and lets no ticket kill twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks import routing
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, settings_for
from worker.intake.inbox import ALONE_EXPIRIES, KEYS, Claim, Source, Wait
from worker.runtime import Runtime

PASSWORD = {"subject": "locked out", "content": "Please reset my password for the portal."}


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with running_simulator("--empty") as url, Hub(url) as hub:
        hub.settings(rates_enabled=False)
        provision(settings_for(url, "redis://127.0.0.1:1", Path("unused")))
        yield hub


@pytest.fixture
def here(hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    runtime = Runtime(settings_for(hub.base, redis_url, folder))
    monkeypatch.setattr(routing, "runtime", lambda: runtime)
    monkeypatch.setattr(routing.route_tickets, "apply_async", lambda **_: None)
    return runtime


def expire_leases(here: Runtime) -> None:
    for one in here.redis.zrange(KEYS["leased"], 0, -1):
        here.redis.zadd(KEYS["leased"], {str(one, "ascii") if isinstance(one, bytes) else "": 0})


def said_of(hub: Hub, ticket_id: str) -> dict[str, str]:
    found: dict[str, str] = hub.truth("tickets", ticket_id)["properties"]
    return found


def run() -> str:
    return str(routing.route_tickets())


def test_a_ticket_that_kills_every_worker_is_set_aside_and_says_so(hub: Hub, here: Runtime) -> None:
    poison = hub.ticket(**PASSWORD)
    here.inbox.announce([poison], Source.WEBHOOK)
    deaths = 0
    while deaths < ALONE_EXPIRIES:
        time.sleep(0.1)
        claim, _ = here.inbox.claim()
        if isinstance(claim, Claim):  # and the process dies here
            deaths += 1
            expire_leases(here)
    after = hub.ticket(**PASSWORD)
    here.inbox.announce([after], Source.WEBHOOK)

    assert run() == f"1 ticket: 1 decided [{after}]"
    assert said_of(hub, poison)["routing_status"] == "failed"
    assert "failed retry" in said_of(hub, poison)["routing_reason"]
    assert [one.id for one in here.inbox.failures()] == [poison]


def test_the_lease_is_renewed_while_the_work_lasts_and_not_after(
    here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "RENEW_EVERY_S", 0.05)
    here.inbox.announce(["77"], Source.WEBHOOK)
    claim: Claim | Wait = Wait(None)
    while not isinstance(claim, Claim):
        claim, _ = here.inbox.claim()
    end = here.redis.zscore(KEYS["leased"], "77")
    with routing.renewing(here.inbox, claim):
        time.sleep(0.3)
    renewed = here.redis.zscore(KEYS["leased"], "77")
    assert isinstance(end, float)
    assert isinstance(renewed, float)
    assert renewed > end
    time.sleep(0.2)
    assert here.redis.zscore(KEYS["leased"], "77") == renewed


def test_a_hanging_batch_loses_its_lease_at_its_deadline(
    here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "RENEW_EVERY_S", 0.05)
    monkeypatch.setattr(routing, "BATCH_DEADLINE_S", 0.1)
    here.inbox.announce(["77"], Source.WEBHOOK)
    claim: Claim | Wait = Wait(None)
    while not isinstance(claim, Claim):
        claim, _ = here.inbox.claim()
    with routing.renewing(here.inbox, claim):
        time.sleep(0.3)
        late = here.redis.zscore(KEYS["leased"], "77")
        time.sleep(0.2)
        assert here.redis.zscore(KEYS["leased"], "77") == late


def test_without_hubspot_the_tickets_wait_and_nobody_is_charged(hub: Hub, here: Runtime) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    here.inbox.announce([ticket_id], Source.WEBHOOK)
    left = here.inbox.attempts_left(ticket_id)
    hub.control("PUT", "/faults", {"rules": [{"match": ".*", "kind": "503"}]})
    try:
        assert "1 tickets wait" in run()
    finally:
        hub.control("PUT", "/faults", {"rules": []})
    assert here.inbox.counts()["waiting"] == 1
    assert here.inbox.attempts_left(ticket_id) == left
