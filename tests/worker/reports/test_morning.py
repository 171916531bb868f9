"""From the portal to the report: swept, written, kept, and made again the day after."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.simulator.hub import Hub
from tests.worker.reports.nights import CLIENTS, TONIGHT, At, figures, runtime, sweep
from worker.clients.record_tasks import owner_of_address
from worker.clients.sweep import TASK
from worker.reports.errors import RecordRulesNotReady
from worker.reports.morning import Morning
from worker.routing.policy import DEFAULT_POLICY


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
