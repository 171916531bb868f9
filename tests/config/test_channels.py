"""Where a channel's address comes from: settings, environment, `.env`, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.channels import Channels
from config.settings import load_settings


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("TEAMS_WEBHOOK_URL", "TEAMS_DEV"):
        monkeypatch.delenv(name, raising=False)


def address(variable: str) -> str:
    return Channels(load_settings()).address(variable).get_secret_value()


def test_the_team_ticketing_channel_is_a_setting() -> None:
    channels = Channels(load_settings(teams_webhook_url="https://x.example/workflows"))
    assert channels.address("TEAMS_WEBHOOK_URL").get_secret_value() == "https://x.example/workflows"


def test_other_channels_come_from_the_environment_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert address("TEAMS_DEV") == ""
    (tmp_path / ".env").write_text("TEAMS_DEV='https://file.example/${X}'\n")
    assert address("TEAMS_DEV") == "https://file.example/${X}"
    monkeypatch.setenv("TEAMS_DEV", " https://environment.example ")
    assert address("TEAMS_DEV") == "https://environment.example"


def test_an_address_is_not_shown() -> None:
    channels = Channels(load_settings(teams_webhook_url="https://x.example/key"))
    assert "key" not in repr(channels.address("TEAMS_WEBHOOK_URL"))
