"""What supervisord is told, read back with its own parser."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest
from supervisor.options import ServerOptions  # type: ignore[import-untyped]

from config.settings import Settings, load_settings
from worker.processes.supervision import (
    Program,
    SupervisionError,
    programs,
    running_supervisor,
    write_configuration,
)

ODD = ["plain", "with space", "per%cent", "%(here)s", "quo\"te's", "back\\slash", "semi;colon", "é"]


def settings(**more: object) -> Settings:
    return load_settings(_env_file=None, **more)


def read_back(path: Path) -> ServerOptions:
    """The configuration as supervisord understands it."""
    options = ServerOptions()
    options.realize(["--configuration", str(path)])
    return options


def names(settings: Settings) -> list[str]:
    return [program.name for program in programs(settings)]


def test_the_processes_are_those_the_settings_allow() -> None:
    assert names(settings(worker_processes=3)) == ["worker1", "worker2", "worker3", "beat"]
    both = settings(
        hubspot_client_secret="x",
        webhook_public_url="https://x.example/webhooks/hubspot",
        flower_basic_auth="me:password",
    )
    assert names(both) == ["worker1", "worker2", "beat", "receiver", "flower"]
    assert names(settings(hubspot_client_secret="x")) == ["worker1", "worker2", "beat"]


@pytest.mark.parametrize("odd", ODD)
def test_supervisord_reads_any_path_and_argument_as_it_is(tmp_path: Path, odd: str) -> None:
    folder = tmp_path / odd
    program = Program("one", (sys.executable, "-c", odd, *ODD))
    options = read_back(write_configuration([program], folder))
    (group,) = options.process_group_configs
    (config,) = group.process_configs
    assert shlex.split(config.command) == [sys.executable, "-c", odd, *ODD]
    assert config.stdout_logfile == str(folder / "one.log")
    assert options.logfile == str(folder / "supervisord.log")
    assert options.pidfile == str(folder / "supervisord.pid")


@pytest.mark.parametrize("odd", ["a ;b", "a #b"])
def test_a_path_that_it_would_misread_is_refused(tmp_path: Path, odd: str) -> None:
    with pytest.raises(SupervisionError, match="DATA_DIR"):
        write_configuration([Program("one", ("x",))], tmp_path / odd)
    with pytest.raises(SupervisionError, match="DATA_DIR"):
        write_configuration([Program("one", ("x", odd))], tmp_path)
    assert not list(tmp_path.iterdir())


def test_redis_starts_first_and_stops_last_the_others_stop_together(tmp_path: Path) -> None:
    wanted = [Program("worker1", ("x",)), Program("beat", ("x",)), Program("redis", ("x",), 10)]
    groups = read_back(write_configuration(wanted, tmp_path)).process_group_configs
    assert [group.name for group in sorted(groups)] == ["redis", "ticket-worker"]
    together = {config.name for config in max(groups).process_configs}
    assert together == {"worker1", "beat"}
    for group in groups:
        for config in group.process_configs:
            assert config.autorestart is not False
            assert config.startretries > 100_000


def test_a_supervisor_is_known_by_its_command_not_by_its_number(tmp_path: Path) -> None:
    assert running_supervisor(tmp_path) is None
    for nonsense in ("", "abc", "-5", "0", "99999999999999999999"):
        (tmp_path / "supervisord.pid").write_text(nonsense)
        assert running_supervisor(tmp_path) is None
    (tmp_path / "supervisord.pid").write_text(str(os.getpid()))  # somebody else's number now
    assert running_supervisor(tmp_path) is None
