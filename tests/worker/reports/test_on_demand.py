"""`ticket-worker report`: now, where it is told, and behind a sweep that is under way."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from rich.console import Console

from config.settings import load_settings
from tests.simulator.hub import Hub
from tests.stack import environment_of, settings_for
from tests.worker.reports.nights import CLIENTS, TONIGHT, At, figures
from worker.clients.sweep import SweepState
from worker.clients.sweep_store import SweepStore
from worker.processes import embedded_redis
from worker.reports.on_demand import run_report, with_redis


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


def test_a_redis_that_it_brings_along_is_there_for_that_report_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REDIS_URL", raising=False)
    with with_redis(load_settings()) as settings:
        with redis.Redis.from_url(settings.redis_url) as ours:
            assert ours.ping()
        port = urlsplit(settings.redis_url).port or 0
        with (
            redis.Redis.from_url(embedded_redis.url_of(port)) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.keys()
