"""Settings: a wrong or missing value is named with its mend, and a secret is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import RoutingMode, Settings, SettingsError, load_settings, require

# What must not turn up in any text, in a form that every variable below could be given by mistake.
SECRET = "pat-na1-6f0c-do-not-show"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of ours is set, and there is no `.env`."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def refusal() -> str:
    """What a start that has to fail says."""
    with pytest.raises(SettingsError) as raised:
        load_settings()
    return str(raised.value)


def lines_of(message: str) -> list[str]:
    """The lines that name a fault: neither the first nor the last."""
    return message.splitlines()[1:-1]


WRONG = [
    ("HUBSPOT_ACCESS_TOKEN", "two words", "copy the value alone"),
    ("HUBSPOT_CLIENT_SECRET", "line\nbreak", "copy the value alone"),
    ("HUBSPOT_BASE_URL", "api.hubapi.com", "http:// or https:// address"),
    ("HUBSPOT_BASE_URL", "https://host:port", "http:// or https:// address"),
    ("HUBSPOT_BASE_URL", "https://[broken", "http:// or https:// address"),
    ("HUBSPOT_API_VERSION", "v3", "2026-09 or 2026-03"),
    ("WEBHOOK_PUBLIC_URL", "support.example.com/hook", "http:// or https:// address"),
    ("WEBHOOK_ALLOW_V1", "perhaps", "true or false"),
    ("REDIS_URL", "127.0.0.1:6379", "redis://127.0.0.1:6379/0"),
    ("REDIS_URL", "http://127.0.0.1:6379", "redis://127.0.0.1:6379/0"),
    ("ROUTING_MODE", "on", "'observe', 'suggest' or 'route'"),
    ("ROUTE_TICKETS_SINCE", "yesterday", "2026-11-23T08:00:00Z"),
    ("ROUTE_TICKETS_SINCE", "2026-11-23T08:00:00", "2026-11-23T08:00:00Z"),
    ("POLL_INTERVAL_S", "often", "from 1 to 3600"),
    ("POLL_INTERVAL_S", "0.5", "from 1 to 3600"),
    ("POLL_INTERVAL_S", "nan", "from 1 to 3600"),
    ("RECEIVER_PORT", "0", "from 1 to 65535"),
    ("PRIVATE_PORT", "65536", "from 1 to 65535"),
    ("FLOWER_PORT", "5555.5", "from 1 to 65535"),
    ("FLOWER_BASIC_AUTH", "only-a-password", "user:password"),
    ("FLOWER_BASIC_AUTH", "flower:short", "at least 8 characters"),
    ("REPORTS_PASSWORD", "short", "at least 8 characters"),
    ("TEAMS_WEBHOOK_URL", "#team-ticketing", "https:// address"),
    ("REPORTS_PUBLIC_URL", "reports", "https:// address"),
    ("SMTP_URL", "mail.example.com", "smtp://user:password@host:port"),
    ("WORKER_PROCESSES", "0", "from 1 to 64"),
    ("WORKER_THREADS", "many", "from 1 to 64"),
    ("LOG_LEVEL", "loud", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
]


@pytest.mark.parametrize(("name", "value", "right"), WRONG)
def test_a_wrong_value_is_named_with_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, right: str
) -> None:
    monkeypatch.setenv(name, value)
    (line,) = lines_of(refusal())
    purpose = Settings.model_fields[name.lower()].description
    assert line.startswith(f"{name} ({purpose}) is wrong: must")
    assert right in line


def test_all_faults_are_told_at_once_and_that_nothing_was_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "nowhere")
    monkeypatch.setenv("ROUTING_MODE", "auto")
    message = refusal()
    assert message.startswith("Nothing was started.\n")
    assert [line.split()[0] for line in lines_of(message)] == ["REDIS_URL", "ROUTING_MODE"]


def test_a_value_in_env_file_is_checked_too_and_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ROUTING_MODE=auto\n")
    message = refusal()
    assert lines_of(message)[0].startswith("ROUTING_MODE")
    assert str(tmp_path / ".env") in message


def test_an_env_file_that_is_no_text_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ROUTING_MODE=route\n", encoding="utf-16")
    message = refusal()
    assert str(tmp_path / ".env") in message
    assert "save it as UTF-8" in message


def test_the_environment_wins_over_the_env_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("ROUTING_MODE=observe\nLOG_LEVEL=DEBUG\n")
    monkeypatch.setenv("ROUTING_MODE", "route")
    settings = load_settings()
    assert settings.routing_mode is RoutingMode.ROUTE
    assert settings.log_level == "DEBUG"


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    settings = load_settings()
    field = name.lower()
    assert getattr(settings, field) == Settings.model_fields[field].default
    assert field not in settings.model_fields_set


def test_a_missing_value_is_named_with_its_purpose_and_where_to_set_it() -> None:
    with pytest.raises(SettingsError) as raised:
        require(load_settings(), "hubspot_access_token", "webhook_public_url", "redis_url")
    first, *lacking = str(raised.value).splitlines()
    assert first == "Nothing was started."
    assert [line.split()[0] for line in lacking] == ["HUBSPOT_ACCESS_TOKEN", "WEBHOOK_PUBLIC_URL"]
    for line in lacking:
        purpose = Settings.model_fields[line.split()[0].lower()].description
        assert f"({purpose}) is not set; set it in the environment or in .env" in line


def test_what_is_set_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    require(load_settings(), "hubspot_access_token")


def test_a_secret_is_in_no_text_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HUBSPOT_ACCESS_TOKEN": SECRET,
        "HUBSPOT_CLIENT_SECRET": SECRET,
        "FLOWER_BASIC_AUTH": f"flower:{SECRET}",
        "REPORTS_PASSWORD": SECRET,
        "TEAMS_WEBHOOK_URL": f"https://teams.example.com/{SECRET}",
        "SMTP_URL": f"smtp://mail:{SECRET}@mail.example.com:587",
        "REDIS_URL": f"redis://worker:{SECRET}@redis.example.com:6379/0",
    }.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    for text in (str(settings), repr(settings), f"{settings}", f"{settings.smtp_url!r}"):
        assert SECRET not in text
    assert settings.hubspot_access_token.get_secret_value() == SECRET


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
@pytest.mark.parametrize("value", [f"{SECRET} ", f"{SECRET}\n", f"x://u:{SECRET}\u2100@h/"])
def test_a_secret_in_the_wrong_place_is_not_shown_by_the_refusal(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    said = ""
    try:
        load_settings()
    except SettingsError as error:
        said = f"{error!r} {error.__cause__!r}"
    assert SECRET not in said


def test_settings_are_read_once_and_never_changed() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.routing_mode = RoutingMode.ROUTE


def test_without_any_variable_the_defaults_hold() -> None:
    assert load_settings().model_fields_set == set()
