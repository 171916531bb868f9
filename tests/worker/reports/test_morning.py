"""From the portal to the report: swept, written, kept, and made again the day after."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from celery.events.state import State
from rich.console import Console

from tasks import nightly
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import environment_of, provision, settings_for, writes
from worker.app import app
from worker.clients.recheck import KEY as CHANGED_KEY
from worker.clients.recheck import Recheck
from worker.clients.record_tasks import owner_of_address
from worker.clients.sweep import TASK, SweepState
from worker.clients.sweep_store import SweepStore
from worker.hubspot.by_night import NewTask
from worker.reports.errors import RecordRulesNotReady
from worker.reports.morning import Morning
from worker.reports.on_demand import run_report
from worker.routing.policy import DEFAULT_POLICY
from worker.runtime import Runtime, gateway_by_night

CLIENTS = 60
TONIGHT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # 04:30 in the portal's time zone
MORNING = datetime(2026, 11, 24, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running_simulator() as url:
        yield url


@pytest.fixture
def hub(base: str) -> Iterator[Hub]:
    """Sixty clients: a third complete, a third half, a third empty."""
    with Hub(base) as hub:
        hub.control("POST", "/reset", {"portal": "sample", "tier": "professional", "seed": 1})
        hub.settings(rates_enabled=False, index_delay_s=0, time_zone="America/New_York")
        provision(settings_for(base, "redis://127.0.0.1:1", Path("unused")))
        hub.control("POST", "/clients/sample", {})
        hub.control("POST", "/counters/reset", {})
        yield hub


class At(Runtime):
    """A runtime whose clock is ours."""

    at = TONIGHT

    def now(self) -> datetime:
        return self.at


def runtime(hub: Hub, redis_url: str, folder: Path, **more: object) -> At:
    return At(settings_for(hub.base, redis_url, folder, reports_dir=folder / "reports", **more))


@pytest.fixture
def here(hub: Hub, redis_url: str, folder: Path) -> Iterator[At]:
    made = runtime(hub, redis_url, folder)
    yield made
    made.redis.close()


def sweep(here: Runtime, on: date) -> Morning:
    morning = Morning(here)
    assert morning.store.take()
    morning.sweep(morning.begin(on))
    morning.store.leave()
    return morning


def figures(folder: Path) -> dict[str, object]:
    found: dict[str, object] = orjson.loads((folder / "figures.json").read_bytes())
    return found


def test_the_report_says_what_the_portal_holds(here: At) -> None:
    here.inbox.fail("9007", "every worker that took it up died")
    written = sweep(here, date(2026, 11, 24)).report(date(2026, 11, 24))
    assert written.folder == here.settings.reports_dir / "2026-11-24"
    assert {one.name for one in written.folder.iterdir()} == {
        "report.html",
        "clients-to-mend.csv",
        "figures.json",
    }
    said = figures(written.folder)
    assert (said["clients"], said["complete"], said["time_zone"]) == (
        CLIENTS,
        CLIENTS // 3,
        "America/New_York",
    )
    owners = said["owners"]
    assert isinstance(owners, list)
    assert all(not one["name"].startswith("owner ") for one in owners), "owners go by their names"
    page = (written.folder / "report.html").read_text()
    assert 'href="https://app.hubspot.com/contacts/' in page
    assert "/record/0-5/9007" in page, "a poisoned ticket has its line"
    assert "every worker that took it up died" in page


def test_the_next_day_shows_a_trend_though_redis_was_flushed(hub: Hub, here: At) -> None:
    sweep(here, date(2026, 11, 24)).report(date(2026, 11, 24))
    here.redis.flushall()
    known = {"erp_system": "NetSuite", "customization_summary": "None needed, standard export."}
    for row in hub.control("GET", "/objects/companies?properties=erp_system")["results"]:
        hub.act("user", "7001", "update", object_type="companies", id=row["id"], properties=known)
    here.at = TONIGHT + timedelta(days=1)
    report = sweep(here, date(2026, 11, 25)).report(date(2026, 11, 25)).report
    assert [day.date for day in report.trend] == ["2026-11-24", "2026-11-25"]
    assert report.change is not None
    assert report.change > 10
    assert report.figures.mended > 5


def test_the_night_takes_its_course_by_the_clock(
    hub: Hub, here: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "runtime", lambda: here)
    sent: list[str] = []
    monkeypatch.setattr(nightly, "send_summary", lambda _, report: sent.append(report.date))
    last_year = here.settings.reports_dir / "2025-11-22"
    last_year.mkdir(parents=True)
    here.at = TONIGHT.replace(hour=6, minute=59)  # 01:59
    assert nightly.tend_client_records() == "nothing is due"
    here.at = TONIGHT
    said = nightly.tend_client_records()
    assert said.startswith("60 companies checked, all of them; 40 of 60 clients incomplete, 60")
    assert nightly.tend_client_records() == "nothing is due"
    here.at = MORNING
    assert nightly.tend_client_records() == "report of 2026-11-24: 33.3% complete"
    assert nightly.tend_client_records() == "nothing is due"
    here.redis.flushall()
    assert nightly.tend_client_records() == "nothing is due", "the files tell that it is done"
    assert sent == ["2026-11-24"]
    assert not last_year.exists(), "kept for a year"


def test_at_the_reports_hour_a_running_sweep_is_reported_in_part(
    here: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "runtime", lambda: here)
    other = SweepStore(here.redis)
    assert other.take()
    other.save(SweepState("2026-11-24", TONIGHT.timestamp(), CLIENTS))
    here.at = MORNING
    said = nightly.tend_client_records()
    assert said == "report of 2026-11-24: 0.0% complete; another process sweeps the clients"
    page = (here.settings.reports_dir / "2026-11-24" / "report.html").read_text()
    assert "still under way" in page


def test_a_full_disk_is_said_clearly_and_the_old_report_stays(
    here: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning = sweep(here, date(2026, 11, 24))
    folder = morning.report(date(2026, 11, 24)).folder
    before = {one.name: one.read_bytes() for one in folder.iterdir()}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left on device"):
        morning.report(date(2026, 11, 24))
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before


def test_a_property_that_the_portal_lacks_stops_the_sweep_with_its_name(
    hub: Hub, redis_url: str, folder: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "escalation.yaml"
    text = DEFAULT_POLICY.read_text().replace(
        "required: [admin_contacts, erp_system, customization_summary]",
        "required: [erp_system, vat_number]\n  properties: {vat_number: VAT number}",
    )
    policy.write_text(text)
    here = runtime(hub, redis_url, folder, policy_file=policy)
    morning = Morning(here)
    assert morning.store.take()
    with pytest.raises(RecordRulesNotReady, match="vat_number"):
        morning.begin(date(2026, 11, 24))
    assert not hub.control("GET", "/counters")["by_endpoint"].get(
        "POST /crm/objects/{v}/companies/batch/update"
    )
    here.redis.close()


def test_tasks_are_off_and_on_they_are_the_owners_or_level_1s(
    hub: Hub, redis_url: str, here: At, folder: Path, tmp_path: Path
) -> None:
    sweep(here, date(2026, 11, 23))
    assert hub.control("GET", "/objects/tasks")["results"] == []
    here.redis.flushall()
    for row in hub.control("GET", "/objects/companies")["results"][::2]:
        nobodys = {"id": row["id"], "properties": {"hubspot_owner_id": ""}}
        hub.act("user", "7001", "update", object_type="companies", **nobodys)
    desk = hub.get("/crm/owners/{v}").json()["results"][0]
    policy = tmp_path / "escalation.yaml"
    off, on = (
        'enabled: false\n    per_night: 20\n    level_1: ""',
        "enabled: true\n    per_night: 30",
    )
    text = DEFAULT_POLICY.read_text()
    assert off in text
    policy.write_text(text.replace(off, f"{on}\n    level_1: {desk['email'].upper()}"))
    asking = runtime(hub, redis_url, folder, policy_file=policy)
    sweep(asking, date(2026, 11, 24))
    asking.redis.close()
    tasks = {
        one["id"]: one["properties"] for one in hub.control("GET", "/objects/tasks")["results"]
    }
    assert len(tasks) == 30
    rows = hub.control("GET", "/objects/companies")["results"]
    owned = {
        task: one["properties"].get("hubspot_owner_id")
        for one in rows
        if (task := one["properties"].get(TASK))
    }
    assert owned.keys() == tasks.keys()
    for task, owner in owned.items():
        assert tasks[task]["hubspot_owner_id"] == (owner or desk["id"])
    assert {bool(owner) for owner in owned.values()} == {True, False}


@pytest.mark.parametrize("address", ["nobody@example.com", ""])
def test_a_task_for_an_address_that_nobody_has_is_nobodys(here: At, address: str) -> None:
    assert owner_of_address(Morning(here).hubspot, address) == ""


def test_figures_that_hubspot_does_not_tell_are_said_to_be_unknown(hub: Hub, here: At) -> None:
    morning = sweep(here, date(2026, 11, 24))
    rules = [
        {"match": "POST .*/tickets/search", "kind": "403"},
        {"match": "GET /crm/owners/", "kind": "403"},
        {"match": "GET /account-info/.*/api-usage/", "kind": "403"},
    ]
    hub.control("PUT", "/faults", {"rules": rules})
    try:
        written = morning.report(date(2026, 11, 24))
    finally:
        hub.control("PUT", "/faults", {"rules": []})
    assert written.report.night.routed is None
    assert "not known" in (written.folder / "report.html").read_text()


def test_a_mended_record_loses_its_flag_within_the_minute(
    hub: Hub, here: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "runtime", lambda: here)
    sweep(here, date(2026, 11, 24))
    rows = hub.control("GET", "/objects/companies?properties=client_record_missing")["results"]
    half = next(
        one["id"]
        for one in rows
        if one["properties"]["client_record_missing"] == "customization summary"
    )
    mended = {"customization_summary": "Own approval step above 5,000."}
    hub.act("user", "7001", "update", object_type="companies", id=half, properties=mended)
    here.redis.zadd(CHANGED_KEY, {f"company:{half}": 1.0})  # as the receiver notes it
    assert nightly.recheck_client_records() == "1 client records checked again, 1 flags changed"
    said = hub.truth("companies", half)["properties"]
    assert said["client_record_status"] == "complete"
    assert here.redis.zcard(CHANGED_KEY) == 0


def test_a_mended_record_closes_its_task_too(hub: Hub, here: At) -> None:
    known = {"erp_system": "NetSuite", "customization_summary": "None needed."}
    sweep(here, date(2026, 11, 24))
    rows = hub.control("GET", "/objects/companies?properties=client_record_missing")["results"]
    half = next(
        one["id"]
        for one in rows
        if one["properties"]["client_record_missing"] == "customization summary"
    )
    hubspot = gateway_by_night(here.settings, here.redis, here.names)
    task = hubspot.create_task(NewTask(half, "Complete the client record", "", 0))
    mended = known | {TASK: task}
    hub.act("user", "7001", "update", object_type="companies", id=half, properties=mended)
    here.redis.zadd(CHANGED_KEY, {f"company:{half}": 1.0})
    rules = here.policy.current().client_record
    assert Recheck(hubspot, here.redis, here.names, True, here.now).run(rules, True).changed == 1
    assert hub.truth("tasks", task)["properties"]["hs_task_status"] == "COMPLETED"
    assert not hub.truth("companies", half)["properties"].get(TASK)


def test_a_contact_that_leaves_sets_the_flag_of_the_company(hub: Hub, here: At) -> None:
    sweep(here, date(2026, 11, 24))
    policy = here.policy.current()
    rows = hub.control("GET", "/objects/companies?properties=client_record_status")["results"]
    whole = next(
        one["id"] for one in rows if one["properties"]["client_record_status"] == "complete"
    )
    hubspot = gateway_by_night(here.settings, here.redis, here.names)
    people = hubspot.associated("companies", "contacts", [whole]).found[whole]
    for link in people:
        left = {"client_contact_gone": "true"}
        hub.act("user", "7001", "update", object_type="contacts", id=link.to_id, properties=left)
    here.redis.zadd(CHANGED_KEY, {f"contact:{people[0].to_id}": 1.0})
    done = Recheck(hubspot, here.redis, here.names, True, here.now).run(policy.client_record, True)
    assert (done.companies, done.changed, done.left) == (1, 1, 0)
    assert hub.truth("companies", whole)["properties"]["client_record_status"] == "incomplete"


def test_what_nobody_has_checked_yet_is_left_to_the_sweep(hub: Hub, here: At) -> None:
    row = hub.control("GET", "/objects/companies")["results"][0]
    here.redis.zadd(CHANGED_KEY, {f"company:{row['id']}": 1.0})
    hubspot = gateway_by_night(here.settings, here.redis, here.names)
    rules = here.policy.current().client_record
    assert Recheck(hubspot, here.redis, here.names, True, here.now).run(rules, True).changed == 0
    assert writes(hub, row["id"], "companies") == []


def test_both_tasks_run_on_the_clock() -> None:
    planned = {one["task"]: one for one in app.conf.beat_schedule.values()}
    assert planned["tend_client_records"]["schedule"].run_every.total_seconds() == 60
    assert planned["recheck_client_records"]["schedule"].run_every.total_seconds() == 30
    assert "tasks.nightly" in app.conf.imports


def test_the_command_waits_for_a_sweep_that_is_under_way(
    here: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SweepStore(here.redis)
    assert other.take()
    state = SweepState("2026-11-24", TONIGHT.timestamp(), CLIENTS)
    other.save(state)

    def finish(_: float) -> None:
        state.finished = TONIGHT.timestamp()
        other.save(state)

    monkeypatch.setattr("worker.reports.on_demand.time.sleep", finish)
    said = io.StringIO()
    assert run_report(here, None, Console(file=said, width=200)) == 0
    assert "A sweep is under way" in said.getvalue()


def test_the_command_writes_a_report_where_it_is_told(
    hub: Hub, redis_url: str, folder: Path, tmp_path: Path
) -> None:
    settings = settings_for(hub.base, redis_url, folder, reports_dir=folder / "reports")
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "report", "--output", str(tmp_path / "here")],
        env={**os.environ, **environment_of(settings)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 clients, 33.3 % complete, 40 to mend; 60 flags written" in done.stdout
    assert re.search("Checking clients .* 60/60", done.stdout), "a bar that has come to its end"
    assert figures(tmp_path / "here")["clients"] == CLIENTS
    assert list((folder / "reports" / "history").iterdir())


def test_flower_shows_how_far_a_piece_has_come(here: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the task sends while it runs, as Celery's view of events (Flower's own) takes it."""
    monkeypatch.setattr(nightly, "runtime", lambda: here)
    monkeypatch.setattr(nightly, "TOLD_EVERY_S", 0.0)
    here.at = TONIGHT
    task = nightly.tend_client_records
    states: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(task, "update_state", lambda **told: states.append(told))
    monkeypatch.setattr(
        task, "send_event", lambda kind, **told: events.append({"type": kind, **told})
    )
    task.push_request(id="1")
    task.run()
    task.pop_request()
    assert {one["state"] for one in states} == {"PROGRESS"}
    assert states[0]["meta"]["companies"] == CLIENTS
    seen = State()
    about = {"hostname": "w", "uuid": "1", "timestamp": 1.0, "local_received": 1.0, "clock": 1}
    seen.event({**about, "type": "task-received", "name": "tend_client_records"})
    seen.event({**about, "clock": 2, **events[-1]})
    shown = vars(seen)["tasks"]["1"]
    assert shown.state == "PROGRESS"
    assert shown.result.startswith("60 companies checked")
