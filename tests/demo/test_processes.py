"""What somebody has set up for a real portal never reaches the demo's processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from demo import __main__ as demo
from demo.processes import forget_settings, python, running
from tests.simulator.process import running_simulator


def test_settings_of_the_shell_are_forgotten_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://production.example:6379/0")
    monkeypatch.setenv("reports_teams_webhook_url", "https://teams.example/secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    forget_settings()
    assert "REDIS_URL" not in os.environ
    assert "reports_teams_webhook_url" not in os.environ
    assert os.environ["HTTPS_PROXY"] == "http://proxy.example"


def test_an_env_file_of_the_folder_it_is_run_in_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("ROUTING_MODE=never heard of it\n")
    monkeypatch.setattr(demo, "FOLDER", tmp_path / "demo")
    demo.FOLDER.mkdir()
    with running_simulator("--empty") as base:
        environment = {"HUBSPOT_BASE_URL": base, "HUBSPOT_ACCESS_TOKEN": "any"}
        assert demo._setup(environment).endswith(" changes")
    log = tmp_path / "log"
    with running(python("worker.cli", "flower"), {}, log, demo.FOLDER) as process:
        process.wait(30)
    assert "ROUTING_MODE" not in log.read_text()
    assert "FLOWER_BASIC_AUTH" in log.read_text()
