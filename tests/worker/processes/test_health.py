"""Health checks: well only while a process does its work, and otherwise what was seen."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings, load_settings
from demo.processes import free_ports
from worker.processes import health


class _Answers(http.server.BaseHTTPRequestHandler):
    status = 200
    asked: list[str]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Listener(http.server.ThreadingHTTPServer):
    """Answers everything with one status and remembers the paths."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.status = status
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def well() -> Iterator[Listener]:
    with Listener(200) as listener:
        yield listener
        listener.shutdown()


@pytest.fixture
def ill() -> Iterator[Listener]:
    with Listener(500) as listener:
        yield listener
        listener.shutdown()


def settings(folder: Path, **given: object) -> Settings:
    return load_settings(_env_file=None, data_dir=folder, **given)


def test_a_receiver_is_well_when_both_listeners_answer(well: Listener, tmp_path: Path) -> None:
    port = well.server_port
    health.check_receiver(
        settings(tmp_path, receiver_host="0.0.0.0", receiver_port=port, private_port=port)
    )
    assert well.asked == ["/healthz", "/healthz"]


def test_a_receiver_without_its_private_listener_is_unwell(well: Listener, tmp_path: Path) -> None:
    (closed,) = free_ports(1)
    with pytest.raises(health.Unwell, match=f"private listener at 127.0.0.1:{closed} does not"):
        health.check_receiver(
            settings(tmp_path, receiver_port=well.server_port, private_port=closed)
        )


def test_a_flower_that_answers_with_an_error_is_unwell(ill: Listener, tmp_path: Path) -> None:
    with pytest.raises(health.Unwell, match="answers /healthcheck with 500"):
        health.check_flower(settings(tmp_path, flower_port=ill.server_port))


def test_a_listener_that_takes_the_call_and_says_nothing_is_unwell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ANSWERS_WITHIN_S", 0.1)
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as silent,
        pytest.raises(health.Unwell, match="timed out"),
    ):
        health.check_flower(settings(tmp_path, flower_port=silent.server_port))


def test_a_worker_that_does_not_answer_celerys_ping_is_unwell(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ANSWERS_WITHIN_S", 0.1)
    with pytest.raises(health.Unwell, match=r"worker@.* did not answer"):
        health.check_worker(settings(tmp_path, redis_url=redis_url))


def test_a_worker_that_cannot_be_asked_is_unwell_and_no_password_is_shown(tmp_path: Path) -> None:
    (closed,) = free_ports(1)
    address = f"redis://worker:pass-word@127.0.0.1:{closed}/0"
    with pytest.raises(health.Unwell, match="can't be asked: Redis") as raised:
        health.check_worker(settings(tmp_path, redis_url=address))
    assert "pass-word" not in str(raised.value)


def test_beat_is_well_while_it_writes_its_schedule(tmp_path: Path) -> None:
    (tmp_path / "beat").mkdir()
    (tmp_path / "beat" / "schedule.db").touch()
    health.check_beat(settings(tmp_path))


def test_beat_that_sends_nothing_for_ten_minutes_is_unwell(tmp_path: Path) -> None:
    (tmp_path / "beat").mkdir()
    schedule = tmp_path / "beat" / "schedule"
    schedule.touch()
    os.utime(schedule, (1_000, 1_000))
    with pytest.raises(health.Unwell, match="sent nothing for 601 s"):
        health.check_beat(settings(tmp_path), now=lambda: 1_601)


def test_beat_that_never_wrote_is_unwell(tmp_path: Path) -> None:
    with pytest.raises(health.Unwell, match="no schedule"):
        health.check_beat(settings(tmp_path))


def test_the_command_says_what_it_saw_and_exits_for_a_container_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert health.main(["beat"]) == 1
    (tmp_path / "beat").mkdir()
    (tmp_path / "beat" / "schedule").touch()
    assert health.main(["beat"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"beat has written no schedule to {tmp_path / 'beat'}",
        "beat is well",
    ]


def test_wrong_settings_are_said_and_not_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOWER_PORT", "none")
    assert health.main(["flower"]) == 1
    assert "FLOWER_PORT" in capsys.readouterr().out
