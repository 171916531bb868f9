"""The sweep against a simulated portal: every client once, flags where they change, no matter who
dies on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from config.portal import PortalNames
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, settings_for, writes
from tests.worker.clients.records import rules
from worker.clients.burden import Burden, Burdens, read_burdens
from worker.clients.record_tasks import give_tasks
from worker.clients.sweep import Sweep, SweepState
from worker.clients.sweep_store import SweepStore, SweepTaken
from worker.hubspot.by_night import HubSpotByNight
from worker.hubspot.errors import Rejected
from worker.portal import read_portal
from worker.portal_names import read_portal_names
from worker.reports.figures import ToMend
from worker.runtime import gateway_by_night

PAGE = 100
GAPS = "administrative contact, ERP system, customization summary"
CONFIRMED = {
    "name": "client_contact_confirmed_at",
    "label": "Confirmed at",
    "type": "datetime",
    "fieldType": "date",
    "groupName": "contactinformation",
}
LIST = "GET /crm/objects/{v}/companies"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running_simulator("--empty") as url:
        yield url


@pytest.fixture
def hub(base: str) -> Iterator[Hub]:
    """A portal that `setup` has made ready, without clients."""
    with Hub(base) as hub:
        hub.control("POST", "/reset", {"portal": "empty", "tier": "professional", "seed": 1})
        hub.settings(rates_enabled=False, index_delay_s=0)
        provision(settings_for(base, "redis://127.0.0.1:1", Path("unused")))
        hub.control("POST", "/counters/reset", {})
        yield hub


@pytest.fixture
def names() -> PortalNames:
    return read_portal_names(Path("config/portal.yaml"))


@pytest.fixture
def hubspot(
    hub: Hub, redis_url: str, redis_client: redis.Redis, names: PortalNames
) -> HubSpotByNight:
    settings = settings_for(hub.base, redis_url, Path("unused"))
    return gateway_by_night(settings, redis_client, names)


def now() -> datetime:
    return datetime.now(UTC)


def days_ago(days: int) -> str:
    return str(int((now() - timedelta(days=days)).timestamp() * 1000))


def fill(hub: Hub, companies: int, complete: float = 0.0) -> None:
    made = {"companies": companies, "contacts": companies, "complete_share": complete}
    hub.control("POST", "/bulk", made)


def company(hub: Hub, **properties: str) -> str:
    made = hub.act("import", "1", "create", object_type="companies", properties=properties)
    return str(made["id"])


def admin(hub: Hub, company_id: str, **properties: str) -> str:
    """A new administrative contact of a company."""
    made = hub.act(
        "import",
        "1",
        "create",
        object_type="contacts",
        properties={"firstname": "Ada"} | properties,
    )
    contact = str(made["id"])
    pair = {"to_type": "companies", "to_id": company_id}
    hub.act("import", "1", "associate", object_type="contacts", id=contact, **pair)
    row = {"company_id": company_id, "admin_contacts": [contact]}
    hub.control("POST", "/clients", {"clients": [row]})
    return contact


def sweep(
    hubspot: HubSpotByNight, names: PortalNames, flags: bool = True, **policy: Any
) -> SweepState:
    """One whole sweep."""
    state = SweepState("2026-11-23", now().timestamp())
    swept = Sweep(hubspot, names, rules(**policy), True, flags, now)
    swept.run(state, Burdens(), lambda _: None)
    return state


def said_of(hub: Hub, company_id: str) -> tuple[str, str]:
    properties = hub.truth("companies", company_id)["properties"]
    return properties.get("client_record_status", ""), properties.get("client_record_missing", "")


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


def everyone(hub: Hub) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = hub.control("GET", "/objects/companies")["results"]
    return rows


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


def test_a_client_with_thousands_of_contacts_is_read_whole(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    made = hub.control("POST", "/bulk", {"companies": 1, "contacts": 5000, "complete_share": 0})
    big = made["companies"]["ids"][0]
    last = made["contacts"]["ids"][1]
    row = {"company_id": big, "admin_contacts": [last]}
    hub.control("POST", "/clients", {"clients": [row]})
    sweep(hubspot, names)
    assert said_of(hub, big) == ("incomplete", "ERP system, customization summary")
    assert hub.control("GET", "/counters")["by_endpoint"] == {
        LIST: 1,
        "POST /crm/associations/{v}/companies/contacts/batch/read": 10,  # 500 contacts a page
        "POST /crm/objects/{v}/contacts/batch/read": 1,
        "POST /crm/objects/{v}/companies/batch/update": 1,
    }


def test_a_company_deleted_on_the_way_costs_nobody_else(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = company(hub, name="Gone"), company(hub, name="Stays")
    update = hubspot.update

    def deleted_first(object_type: str, rows: Any) -> Any:
        hub.act("user", "7001", "archive", object_type="companies", id=gone)
        return update(object_type, rows)

    monkeypatch.setattr(hubspot, "update", deleted_first)
    figures = sweep(hubspot, names).figures
    assert said_of(hub, stays) == ("incomplete", GAPS)
    assert (figures.flags_written, figures.flags_refused) == (1, 1)


def test_a_company_deleted_before_its_people_were_read_costs_nobody_else(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = company(hub, name="Gone"), company(hub, name="Stays")
    associated = hubspot.associated

    def deleted_first(*asked: Any) -> Any:
        hub.act("user", "7001", "archive", object_type="companies", id=gone)
        return associated(*asked)

    monkeypatch.setattr(hubspot, "associated", deleted_first)
    figures = sweep(hubspot, names).figures
    assert said_of(hub, stays) == ("incomplete", GAPS)
    assert (figures.companies, figures.flags_written) == (2, 1)


def test_what_a_customer_asks_for_more_is_read_and_judged(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    """Conditions, allowed values and how old a confirmation may be, from the portal to the flag."""
    hub.define("companies", "service_manager")
    hub.call("POST", "/crm/properties/{v}/contacts", CONFIRMED)
    known = {"erp_system": "NetSuite", "customization_summary": "Weekly payment file."}
    managed = {"managed_services": "true"}
    whole = company(hub, name="Whole", **known, **managed, service_manager="Ines Vogt")
    unmanaged = company(hub, name="Unmanaged", **known)
    without = company(hub, name="Without manager", **known, **managed)
    other = company(hub, name="Other system", **known | {"erp_system": "Abacus"})
    stale = company(hub, name="Stale", **known)
    for one in (whole, unmanaged, without, other):
        admin(hub, one, email=f"a@{one}.example", client_contact_confirmed_at=days_ago(30))
    admin(hub, stale, email="a@stale.example", client_contact_confirmed_at=days_ago(500))
    sweep(
        hubspot,
        names,
        properties={"service_manager": "service manager"},
        conditions=[
            {
                "name": "Managed services",
                "where": {"property": "managed_services", "is": ["true"]},
                "required": ["service_manager"],
            }
        ],
        allowed={"erp_system": ["NetSuite", "SAP Business One"]},
        fresh={"admin_contacts": {"property": "client_contact_confirmed_at", "months": 12}},
    )
    assert said_of(hub, whole) == said_of(hub, unmanaged) == ("complete", "")
    assert said_of(hub, without) == ("incomplete", "service manager")
    assert said_of(hub, other) == ("incomplete", "ERP system (not an allowed value)")
    assert said_of(hub, stale) == (
        "incomplete",
        "administrative contact (not confirmed for 12 months)",
    )


def test_companies_with_nothing_or_anything_in_them_are_checked(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    odd = ["", "<script>alert(1)</script>", '=HYPERLINK("http://x")', "شركة الفواتير", "😀" * 300]
    ids = [company(hub, **({"name": name} if name else {})) for name in odd]
    figures = sweep(hubspot, names).figures
    assert figures.clients == len(odd)
    assert {said_of(hub, one) for one in ids} == {("incomplete", GAPS)}


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


def test_open_tickets_and_those_decided_without_data_weigh(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    busy, quiet = company(hub, name="Busy"), company(hub, name="Quiet")
    at = str(int(now().timestamp() * 1000))
    decided = {"routing_decided_at": at, "client_record_missing": "ERP system"}
    for properties in ({}, decided, {"client_record_missing": "client unknown"} | decided):
        ticket = {"company_id": busy, "properties": properties, "attach_after_s": 0}
        hub.control("POST", "/tickets", {"tickets": [ticket]})
    stages = hub.control("GET", "/pipelines")["results"][0]["stages"]
    closed = next(one["id"] for one in stages if one["label"] == "Closed")
    done = {"company_id": quiet, "stage": closed, "attach_after_s": 0}
    hub.control("POST", "/tickets", {"tickets": [done]})
    portal = read_portal(hubspot, names, now())
    burdens = read_burdens(hubspot, portal, now())
    assert burdens.of(busy).open_tickets == 3
    assert burdens.of(busy).decided_without >= 1
    assert burdens.of(quiet) == Burden()
    assert burdens.by_gap["ERP system"] >= 1


def test_a_task_shows_words_as_they_are_though_hubspot_reads_its_body_as_html(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, redis_client: redis.Redis
) -> None:
    one = company(hub, name="One")
    gaps = ("ERP & <img src=x onerror=alert(1)>",)
    entry = ToMend(1.0, one, "One", "", gaps, 0, 0, 0)
    assert give_tasks(hubspot, redis_client, [entry], 1, "2026-11-23", now()) == 1
    task_id = hub.truth("companies", one)["properties"]["client_record_task"]
    body = hub.truth("tasks", task_id)["properties"]["hs_task_body"]
    assert "ERP &amp; &lt;img src=x onerror=alert(1)&gt;" in body
    assert "<" not in body


def test_tasks_are_given_to_the_first_and_closed_when_the_record_is_complete(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames, redis_client: redis.Redis
) -> None:
    one, two = company(hub, name="One"), company(hub, name="Two")
    figures = sweep(hubspot, names).figures
    nights = ["2026-11-23", "2026-11-23", "2026-11-24", "2026-11-25"]
    given = [
        give_tasks(hubspot, redis_client, figures.first_to_mend(), 1, night, now())
        for night in nights
    ]
    assert given == [1, 0, 1, 0], "one a night however often it is swept, and one a client"
    task_id = hub.truth("companies", one)["properties"]["client_record_task"]
    task = hub.truth("tasks", task_id)["properties"]
    assert task["hs_task_subject"] == f"Complete the client record: {GAPS}"
    assert task["hs_task_status"] == "NOT_STARTED"
    assert sweep(hubspot, names).figures.to_mend[0].task_id
    known = {"erp_system": "NetSuite", "customization_summary": "Weekly payment file."}
    hub.act("user", "7001", "update", object_type="companies", id=one, properties=known)
    admin(hub, one, email="a@one.example")
    sweep(hubspot, names)
    assert hub.truth("tasks", task_id)["properties"]["hs_task_status"] == "COMPLETED"
    assert not hub.truth("companies", one)["properties"].get("client_record_task")
    assert hub.truth("companies", two)["properties"]["client_record_task"]
