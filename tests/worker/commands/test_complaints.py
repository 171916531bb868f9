"""What a person is told of each kind of error."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from worker.commands.complaints import complaint, spoken
from worker.hubspot.errors import NotFound, RateLimited, Rejected, Transient
from worker.processes.supervision import SupervisionError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Rejected("GET /x: refused", 401, correlation_id="c-1"), "c-1) Copy the token again"),
        (Rejected("GET /x: refused", 403), "hubspot-app/"),
        (Rejected("POST /x: no such option", 400), "POST /x: no such option"),
        (NotFound("GET /x: gone", 404), "GET /x: gone"),
        (RateLimited("used up", 12.4), "Try again in 12 s."),
        (Transient("GET /x got no answer"), "HUBSPOT_BASE_URL right and reachable?"),
    ],
)
def test_hubspots_refusals_come_with_the_mend(error: Exception, words: str) -> None:
    heading, said = complaint(error) or ("", "")
    assert heading == "HubSpot"
    assert words in said


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (redis.ConnectionError("refused"), "does not answer (ConnectionError). Nothing was done."),
        (redis.TimeoutError("slow"), "does not answer (TimeoutError)"),
        (redis.AuthenticationError("WRONGPASS"), "refuses the login in REDIS_URL"),
        (redis.ResponseError("READONLY"), "READONLY"),
    ],
)
def test_redis_away_and_redis_refusing_are_two_things(error: Exception, words: str) -> None:
    heading, said = complaint(error) or ("", "")
    assert heading == "Redis"
    assert words in said


def test_a_file_is_named() -> None:
    error = PermissionError(13, "Permission denied", "/data/x")
    assert complaint(error) == ("File", "/data/x: Permission denied. Nothing more was done.")


def test_an_error_of_our_own_is_not_hidden() -> None:
    assert complaint(ValueError("a bug")) is None
    assert complaint(OSError("without a file")) is None

    def broken() -> int:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        spoken(broken)()


def test_markup_in_a_message_is_shown_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    def refused() -> int:
        raise SupervisionError("[/red] it [runs] already")

    with pytest.raises(SystemExit, match="2"):
        spoken(refused)()
    assert capsys.readouterr().err == "Processes: [/red] it [runs] already\n"


def test_what_a_server_quotes_of_our_secrets_is_masked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", "redis://me:pass%2Fword@127.0.0.1:1/0")

    def refused() -> int:
        raise redis.ResponseError("unknown command 'HELLO', with args beginning with: pass/word")

    with pytest.raises(SystemExit, match="2"):
        spoken(refused)()
    said = capsys.readouterr().err
    assert "args beginning with: ***" in said
    assert "word" not in said.replace("password", "")


@pytest.mark.parametrize(("returned", "status"), [(None, 0), (0, 0), (1, 1)])
def test_a_commands_own_status_is_kept(returned: int | None, status: int) -> None:
    with pytest.raises(SystemExit) as ended:
        spoken(lambda: returned)()
    assert ended.value.code == status
