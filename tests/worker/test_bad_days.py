"""HubSpot's bad days, one by one: whatever it answers, the ticket waits in the inbox without being
charged, the slot is free soon, and the first good answer lets it through, moved once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, route_all, settings_for, writes
from worker.hubspot import breaker, client, limits
from worker.hubspot.errors import RateLimited
from worker.intake.inbox import KEYS, MAX_ATTEMPTS
from worker.portal import Portal
from worker.runtime import Runtime

PASSWORD = {"subject": "locked out", "content": "Please reset my password for the portal."}
OUTAGE = (2.0, 8.0)  # seconds that a batch waits when nobody knows what is the matter
READ, UPDATE, LINKS = "tickets/batch/read", "tickets/batch/update", "associations"
# What HubSpot does, and between how many seconds later the ticket is due again. A limit that is
# free within two seconds is waited for in the slot, once.
BAD_DAYS: list[tuple[dict[str, Any], tuple[float, float]]] = [
    ({"kind": "429"}, (2.0, 2.4)),
    ({"kind": "429", "retry_after_s": 3}, (3.0, 3.6)),
    ({"kind": "429_daily"}, (900.0, 1080.0)),
    ({"kind": "423"}, (2.0, 2.4)),
    ({"kind": "477", "retry_after_s": 7200}, (7200.0, 8640.0)),
    *(({"kind": status}, OUTAGE) for status in ("500", "502", "503", "504", "521")),
    *(({"kind": kind}, OUTAGE) for kind in ("reset", "truncate", "html", "empty")),
    ({"kind": "timeout", "hang_s": 1.5}, OUTAGE),
    ({"kind": "latency", "latency_ms": 30_000}, OUTAGE),
    ({"kind": "drip", "latency_ms": 5_000}, OUTAGE),
]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running_simulator("--empty") as url, Hub(url) as hub:
        hub.settings(rates_enabled=False)
        provision(settings_for(url, "redis://127.0.0.1:1", Path("unused")))
        yield url


@pytest.fixture
def hub(base: str) -> Iterator[Hub]:
    with Hub(base) as hub:
        yield hub
        hub.control("PUT", "/faults", {"rules": []})


@pytest.fixture
def here(
    hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Runtime, Portal]:
    """A worker that knows the portal, with shorter waits than in earnest for what never comes."""
    monkeypatch.setattr(client, "READ_S", 0.3)
    monkeypatch.setattr(client, "DEADLINE_S", 0.9)
    runtime = Runtime(settings_for(hub.base, redis_url, folder))
    return runtime, runtime.portal.current(runtime.policy.current())


def sent(fault: dict[str, Any], at: str) -> int:
    """How often a call is sent before its ticket goes back to the inbox: once more where it only
    reads, and where a limit is free again in a moment."""
    if fault["kind"] in {"429", "423"}:
        return 1 if "retry_after_s" in fault else 2
    return 2 if at != UPDATE and fault["kind"] not in {"429_daily", "477", "empty"} else 1


def named(fault: dict[str, Any]) -> str:
    return "-".join(str(value) for value in fault.values())


@pytest.mark.parametrize(
    ("at", "fault", "due"),
    [
        pytest.param(at, fault, due, id=f"{named(fault)} {at}")
        for number, (fault, due) in enumerate(BAD_DAYS)
        for at in (READ, UPDATE, LINKS)[: 2 if number else 3]
    ],
)
def test_the_ticket_waits_uncharged_and_goes_through_afterwards(
    here: tuple[Runtime, Portal],
    hub: Hub,
    at: str,
    fault: dict[str, Any],
    due: tuple[float, float],
) -> None:
    runtime, portal = here
    ticket_id = hub.ticket(**PASSWORD)
    hub.control("PUT", "/faults", {"rules": [{"match": at, "times": 2, **fault}]})
    began = time.monotonic()
    assert "postponed" in route_all(runtime, [ticket_id], portal)
    assert time.monotonic() - began < 5, "a slot slept for it"
    assert hub.control("GET", "/faults")["rules"][0]["hits"] == sent(fault, at)
    hub.control("PUT", "/faults", {"rules": []})
    assert due[0] - 5 < seconds_until_due(runtime, ticket_id) <= due[1]
    assert runtime.inbox.attempts_left(ticket_id) == MAX_ATTEMPTS - 1
    assert runtime.inbox.failures() == []

    it_is_over(runtime, ticket_id)
    route_all(runtime, [ticket_id], portal)
    assert hub.truth("tickets", ticket_id)["properties"]["routing_status"] in {"decided", "triage"}
    moved = [entry for entry in writes(hub, ticket_id) if "hs_pipeline_stage" in entry["changes"]]
    assert len(moved) <= 1


def seconds_until_due(here: Runtime, ticket_id: str) -> float:
    seconds, micros = here.redis.time()
    at = here.redis.zscore(KEYS["due"], ticket_id)
    assert at is not None
    return float(at) / 1000 - seconds - micros / 1e6


def it_is_over(here: Runtime, ticket_id: str) -> None:
    """The time has passed for which ticket, limits and breaker wait."""
    here.redis.zadd(KEYS["due"], {ticket_id: 0})
    here.redis.delete(breaker.KEY, *here.redis.keys(limits.KEY + "*"))


@pytest.mark.parametrize("fault", ["429_daily", "477"])
def test_what_holds_the_account_holds_every_call_of_every_process(
    here: tuple[Runtime, Portal], hub: Hub, redis_url: str, folder: Path, fault: str
) -> None:
    runtime, portal = here
    other = Runtime(settings_for(hub.base, redis_url, folder))
    hub.control("PUT", "/faults", {"rules": [{"match": ".*", "kind": fault}]})
    route_all(runtime, [hub.ticket(**PASSWORD)], portal)
    calls = hub.control("GET", "/counters")["total"]
    for one in (runtime, other):
        with pytest.raises(RateLimited):
            one.hubspot.account()
        with pytest.raises(RateLimited):
            next(one.hubspot.search_ids("tickets", []))
        with pytest.raises(RateLimited):
            one.hubspot.associated("tickets", "companies", ["1"])
    assert hub.control("GET", "/counters")["total"] == calls
