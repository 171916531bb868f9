"""The sweep against a simulated portal: every client once, flags where they change, no matter who
dies on the way.
"""

from __future__ import annotations

import pytest
import redis

from config.portal import PortalNames
from tests.simulator.hub import Hub
from tests.stack import writes
from tests.worker.clients.records import rules
from tests.worker.clients.sweeping import (
    LIST,
    PAGE,
    admin,
    company,
    everyone,
    fill,
    now,
    said_of,
    sweep,
)
from worker.clients.burden import Burdens
from worker.clients.sweep import Sweep, SweepState
from worker.clients.sweep_store import SweepStore, SweepTaken
from worker.hubspot.by_night import HubSpotByNight
from worker.hubspot.errors import Rejected


def test_every_client_is_checked_and_flagged_in_full_batches(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    fill(hub, 450, complete=0.6)
    state = sweep(hubspot, names)
    figures = state.figures
    assert (figures.companies, figures.clients, figures.complete) == (450, 450, 270)
    assert figures.by_gap == dict.fromkeys(
        ["admin_contacts", "erp_system", "customization_summary"], 180
    )
    assert (figures.flags_written, state.flags, state.share) == (450, {}, 1.0)
    calls = hub.control("GET", "/counters")["by_endpoint"]
    assert calls == {
        LIST: 5,
        "POST /crm/associations/{v}/companies/contacts/batch/read": 1,
        "POST /crm/objects/{v}/contacts/batch/read": 3,
        "POST /crm/objects/{v}/companies/batch/update": 5,
    }


def test_a_second_night_writes_nothing(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    fill(hub, 120, complete=0.5)
    sweep(hubspot, names)
    hub.control("POST", "/counters/reset", {})
    state = sweep(hubspot, names)
    assert state.figures.flags_written == 0
    assert (
        "POST /crm/objects/{v}/companies/batch/update"
        not in (hub.control("GET", "/counters")["by_endpoint"])
    )


def test_a_flag_follows_the_record_both_ways(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    known = {"erp_system": "NetSuite", "customization_summary": "Weekly payment file."}
    mended, fallen = company(hub, name="Mended"), company(hub, name="Fallen", **known)
    admin(hub, mended, email="a@mended.example")
    leaver = admin(hub, fallen, email="b@fallen.example")
    sweep(hubspot, names)
    assert said_of(hub, mended) == ("incomplete", "ERP system, customization summary")
    assert said_of(hub, fallen) == ("complete", "")
    hub.act("user", "7001", "update", object_type="companies", id=mended, properties=known)
    gone = {"client_contact_gone": "true"}
    hub.act("user", "7001", "update", object_type="contacts", id=leaver, properties=gone)
    state = sweep(hubspot, names)
    assert said_of(hub, mended) == ("complete", "")
    assert said_of(hub, fallen) == (
        "incomplete",
        "administrative contact (nobody who can be reached)",
    )
    assert (state.figures.mended, state.figures.fallen) == (1, 1)


@pytest.mark.parametrize("dies_after", [1, 3])
def test_a_killed_sweep_goes_on_and_checks_nothing_twice_beyond_one_page(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, redis_url: str, dies_after: int
) -> None:
    fill(hub, 430, complete=0.5)
    store = SweepStore(redis.Redis.from_url(redis_url))
    assert store.take()
    state = SweepState("2026-11-23", now().timestamp())
    pages = 0

    def dying(at: SweepState) -> None:
        nonlocal pages
        pages += 1
        if pages > dies_after:
            raise KeyboardInterrupt  # checked, but not kept: the page that is checked twice
        store.save(at)

    one = Sweep(hubspot, names, rules(), True, True, now)
    with pytest.raises(KeyboardInterrupt):
        one.run(state, Burdens(), dying)
    kept = store.load()
    assert kept is not None
    assert kept.figures.companies == dies_after * PAGE
    checked: list[int] = []

    def following(at: SweepState) -> None:
        checked.append(at.figures.companies)
        store.save(at)

    Sweep(hubspot, names, rules(), True, True, now).run(kept, Burdens(), following)
    assert checked[0] == dies_after * PAGE + PAGE
    assert kept.finished
    assert (kept.figures.clients, kept.figures.complete) == (430, 215)
    written = [said_of(hub, row["id"])[0] for row in everyone(hub)]
    assert written.count("complete") == 215
    assert written.count("incomplete") == 215


def test_a_sweep_that_is_told_to_stop_ends_at_a_page_and_can_go_on(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.clients.sweep.PAGES_A_BLOCK", 1)  # else all seven are read ahead
    monkeypatch.setattr("worker.clients.sweep.BLOCKS_AHEAD", 1)
    fill(hub, 700)
    state = SweepState("2026-11-23", now().timestamp())
    swept = Sweep(hubspot, names, rules(), True, True, now)
    swept.run(state, Burdens(), lambda _: None, lambda: state.pages >= 1)
    assert 0 < state.figures.companies < 700
    assert not state.finished
    swept.run(state, Burdens(), lambda _: None)
    assert (state.figures.clients, state.figures.flags_written) == (700, 700)
    assert hub.control("GET", "/counters")["by_endpoint"][LIST] == 7


def test_somebody_elses_lease_stops_a_sweep_that_was_away(redis_client: redis.Redis) -> None:
    away, other = SweepStore(redis_client), SweepStore(redis_client)
    assert away.take()
    assert not other.take()
    redis_client.delete("ticket-worker:sweep:lease")  # it ran out
    assert other.take()
    with pytest.raises(SweepTaken, match="another process"):
        away.save(SweepState("2026-11-23", 0.0))
    assert other.load() is None
    away.leave()
    assert other.taken()


def test_in_observe_nothing_is_written(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    fill(hub, 30)
    state = sweep(hubspot, names, flags=False)
    assert state.figures.incomplete == 30
    assert not any(writes(hub, row["id"], "companies") for row in everyone(hub))


def test_only_clients_are_counted_and_flagged(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    client = company(hub, name="Client", lifecyclestage="customer")
    other = company(hub, name="Prospect", lifecyclestage="lead")
    filtered = {"property": "lifecyclestage", "is": ["customer"]}
    figures = sweep(hubspot, names, clients=filtered).figures
    assert (figures.companies, figures.clients) == (2, 1)
    assert said_of(hub, client)[0] == "incomplete"
    assert said_of(hub, other) == ("", "")


def test_hubspot_away_for_a_moment_is_waited_for(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(hub, 250)
    monkeypatch.setattr("worker.clients.sweep.time.sleep", lambda _: None)
    faults = [
        {"match": "GET /crm/objects/.*/companies", "kind": "502", "times": 2},
        {"match": "POST /crm/associations/", "kind": "reset", "times": 1},
        {"match": "POST .*/companies/batch/update", "kind": "429", "times": 2},
    ]
    hub.control("PUT", "/faults", {"rules": faults})
    monkeypatch.setattr("worker.hubspot.limits.Limiter.hold", lambda *_: None)
    figures = sweep(hubspot, names).figures
    hub.control("PUT", "/faults", {"rules": []})
    assert (figures.clients, figures.flags_written) == (250, 250)
    status = hub.control("GET", "/counters")["status"]
    assert (status["502"], status["0"], status["429"]) == (2, 1, 2)


def test_a_refused_token_ends_the_sweep_with_what_was_checked_kept(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    fill(hub, 150)
    rule = {"match": "POST /crm/associations/", "kind": "403"}
    hub.control("PUT", "/faults", {"rules": [rule]})
    try:
        with pytest.raises(Rejected):
            sweep(hubspot, names)
    finally:
        hub.control("PUT", "/faults", {"rules": []})
