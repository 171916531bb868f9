"""No secret is ever in a log line: not by name, not by value, not in an exception's text."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings, load_settings
from worker.processes.logs import MASK, Masking, log_handler, secrets_of

VALUES = {
    "HUBSPOT_ACCESS_TOKEN": "pat-na1-very-secret",
    "HUBSPOT_CLIENT_SECRET": "client%secret\"quoted'\\x",
    "REDIS_URL": "redis://user:redis%2Fpassword@127.0.0.1:1/0",
    "FLOWER_BASIC_AUTH": "flower:flower-password",
    "REPORTS_PASSWORD": "reports-password",
    "TEAMS_WEBHOOK_URL": "https://teams.example/workflows/sig=teams-signature",
    "REPORTS_TEAMS_WEBHOOK_URL": "https://teams.example/workflows/sig=reports-signature",
    "SMTP_URL": "smtp://mailer:smtp-password@mail.example:587",
}
NEVER = [
    "pat-na1-very-secret",
    "client%secret",
    "redis%2Fpassword",
    "redis/password",
    "flower-password",
    "reports-password",
    "teams-signature",
    "reports-signature",
    "smtp-password",
]


def settings(**more: str) -> Settings:
    return load_settings(
        _env_file=None, **{name.lower(): value for name, value in {**VALUES, **more}.items()}
    )


@pytest.fixture
def masking() -> Masking:
    return Masking(secrets_of(settings()))


def masked(masking: Masking, **event: Any) -> str:
    return json.dumps(masking(None, "info", event))


def test_every_secret_of_the_settings_is_known() -> None:
    known = secrets_of(settings())
    assert {"flower-password", "flower:flower-password", "smtp-password", "redis/password"} <= known
    named = {n for n, f in Settings.model_fields.items() if "Secret" in str(f.annotation)}
    assert {name.lower() for name in VALUES} - {"redis_url"} == named


def test_nothing_is_masked_where_no_secret_is_set() -> None:
    assert secrets_of(load_settings(_env_file=None)) == frozenset()
    assert secrets_of(load_settings(_env_file=None, hubspot_access_token="a")) == frozenset()


@pytest.mark.parametrize(
    "name", ["token", "access_token", "Authorization", "clientSecret", "PASSWORD", "set-cookie"]
)
def test_a_field_named_like_a_secret_is_masked_at_any_depth(masking: Masking, name: str) -> None:
    said = masked(masking, **{name: "plain"}, deep={"a": [{"b": {name: {"x": ["plain"]}}}]})
    assert "plain" not in said
    assert said.count(MASK) == 2


def test_a_secret_is_masked_by_its_value_wherever_it_stands(masking: Masking) -> None:
    class Odd:
        def __repr__(self) -> str:
            return "Odd(pat-na1-very-secret)"

    token = VALUES["HUBSPOT_ACCESS_TOKEN"]
    said = masked(
        masking,
        event=f"calling with Bearer {token}",
        url="redis://user:redis%2Fpassword@127.0.0.1:1/0",
        nested={"list": [token, (token, {token}), {"key": token}], token: 1},
        raw=token.encode(),
        odd=Odd(),
        error=ValueError(token),
        client=VALUES["HUBSPOT_CLIENT_SECRET"],
        quoted="client%25secret%22quoted%27%5Cx",
        shown=repr(VALUES["HUBSPOT_CLIENT_SECRET"]),
        mail=VALUES["SMTP_URL"],
        login=VALUES["FLOWER_BASIC_AUTH"],
    )
    assert not [one for one in [*NEVER, "client%25secret"] if one in said]
    assert "calling with Bearer" in said


def test_addresses_that_no_setting_holds_are_masked_by_their_parts(masking: Masking) -> None:
    said = masking.text(
        "https://prod.example/workflows/1/run?api-version=1&sp=%2Ftriggers&sig=Ab-c_9&x=1, "
        "'smtp://me:pa:ss@mail.example' https://api.example/?Code=abc; http://host:8080/a@b"
    )
    assert said == (
        "https://prod.example/workflows/1/run?api-version=1&sp=%2Ftriggers&sig=***&x=1, "
        "'smtp://***@mail.example' https://api.example/?Code=*** http://host:8080/a@b"
    )


def test_masking_takes_no_longer_on_a_hostile_text(masking: Masking) -> None:
    began = time.monotonic()
    for hostile in ("://:", "://a:", "&sig=", "?code=a", "://" + "a" * 1000):
        masking.text(hostile * (200_000 // len(hostile)))
    assert time.monotonic() - began < 5


def test_what_is_no_secret_stays_as_it_is(masking: Masking) -> None:
    event = {"event": "routed", "tickets": ["1", "2"], "seconds": 0.5, "ok": True, "who": None}
    assert masking(None, "info", dict(event)) == event


def test_a_value_without_end_is_cut(masking: Masking) -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert "…" in str(masking(None, "info", {"x": endless}))


def test_a_librarys_words_and_exceptions_are_masked() -> None:
    stream = io.StringIO()
    log = logging.Logger("a library")  # noqa: LOG001 - none that others share
    log.addHandler(log_handler(stream, secrets_of(settings())))
    log.warning("connecting to %s as %s", VALUES["REDIS_URL"], "me")
    try:
        raise RuntimeError(f"no answer for {VALUES['HUBSPOT_ACCESS_TOKEN']}")
    except RuntimeError:
        log.exception("it failed", extra={"token": "x", "ticket": "55"})
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["level"] for line in lines] == ["warning", "error"]
    assert lines[0]["event"].endswith("@127.0.0.1:1/0 as me")
    assert "RuntimeError: no answer for ***" in lines[1]["exception"]
    assert (lines[1]["token"], lines[1]["ticket"]) == (MASK, "55")
    assert not [one for one in NEVER if one in stream.getvalue()]


def test_on_a_terminal_a_traceback_shows_no_variables() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    log = logging.Logger("a library")  # noqa: LOG001 - none that others share
    log.addHandler(log_handler(stream, ()))
    hidden = "a-variable"
    try:
        raise RuntimeError("it failed")
    except RuntimeError:
        log.exception("oh")
    assert "RuntimeError: it failed" in stream.getvalue()
    assert hidden not in stream.getvalue()


@pytest.mark.parametrize("at_a_terminal", [True, False])
def test_foreign_words_can_neither_forge_a_line_nor_steer_the_terminal(
    at_a_terminal: bool,
) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return at_a_terminal

    stream = Stream()
    log = logging.Logger("a library")  # noqa: LOG001 - none that others share
    log.addHandler(log_handler(stream, ()))
    hostile = "gone\n2026-11-23 [error] forged\r\u2028\x1b[2J\x1b]0;title\x07\u202e"
    log.warning("HubSpot said: %s", hostile, extra={"subject": hostile, "tickets": [hostile]})
    try:
        raise RuntimeError(hostile)
    except RuntimeError:
        log.exception("it failed")
    said = stream.getvalue()
    assert not [one for one in ("\x1b[2J", "\x1b]", "\x07", "\r", "\u202e") if one in said]
    first = said.split("it failed")[0]
    assert first.count("\n") == 1, "one event, one line"


def test_what_ends_a_process_or_a_thread_is_logged_and_masked(tmp_path: Path) -> None:
    script = """
import logging, threading, structlog
from config.settings import load_settings
from worker.processes.logs import configure_logs
settings = load_settings()
configure_logs(settings)
token = settings.hubspot_access_token.get_secret_value()
structlog.get_logger().info("own", settings={"deep": [token]}, redis=settings.redis_url)
try:
    raise KeyError(token)
except KeyError:
    structlog.get_logger().exception("caught")
def die():
    raise ValueError(settings.smtp_url.get_secret_value())
thread = threading.Thread(target=die, name="renew")
thread.start(); thread.join()
raise RuntimeError(f"crash with {token} and {settings.hubspot_client_secret.get_secret_value()}")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": "/usr/bin:/bin", **VALUES},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "own",
        "caught",
        "thread_crashed",
        "process_crashed",
    ]
    assert lines[2]["thread"] == "renew"
    assert "RuntimeError: crash with ***" in lines[3]["exception"]
    assert done.returncode == 1
    assert not [one for one in NEVER if one in done.stderr + done.stdout]
