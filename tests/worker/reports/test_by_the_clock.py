"""The night takes its course by the clock, and Flower shows how far it has come."""

from __future__ import annotations

from typing import Any

import pytest
from celery.events.state import State

from tasks import nightly
from tests.simulator.hub import Hub
from tests.worker.reports.nights import CLIENTS, MORNING, TONIGHT, At
from worker.app import app
from worker.clients.sweep import SweepState
from worker.clients.sweep_store import SweepStore


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


def test_both_tasks_run_on_the_clock() -> None:
    planned = {one["task"]: one for one in app.conf.beat_schedule.values()}
    assert planned["tend_client_records"]["schedule"].run_every.total_seconds() == 60
    assert planned["recheck_client_records"]["schedule"].run_every.total_seconds() == 30
    assert "tasks.nightly" in app.conf.imports


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
