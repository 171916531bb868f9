"""All processes on one machine under supervisord, each started again when it dies."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings

SUPERVISOR = "TICKET_WORKER_SUPERVISOR"  # its process id, in the environment of what it runs
REDIS = "redis"
STOPS_WITHIN_S = 20
_LOOKS_EVERY_S = 0.5
_TEMPLATE = """\
[supervisord]
nodaemon=true
logfile={{ folder }}/supervisord.log
pidfile={{ folder }}/supervisord.pid
childlogdir={{ folder }}
loglevel=info
silent=true
{% if root %}
user=root
{% endif %}

[group:ticket-worker]
programs={{ group | join(",", attribute="name") }}
{% for program in programs %}

[program:{{ program.name }}]
command={{ program.command }}
priority={{ program.priority }}
autorestart=true
startsecs=3
startretries=1000000
stopwaitsecs={{ stops_within_s }}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={{ folder | replace("%", "%%") }}/{{ program.name }}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
{% endfor %}
"""


class SupervisionError(Exception):
    """The processes can't be run from here; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process to keep running. A lower priority starts earlier and stops later."""

    name: str
    arguments: tuple[str, ...]
    priority: int = 50

    @property
    def command(self) -> str:
        """The command as supervisord reads it: it expands % and splits as a shell does."""
        return shlex.join(self.arguments).replace("%", "%%")


def ticket_worker(*arguments: str) -> tuple[str, ...]:
    """One of our own commands, run by this very Python."""
    return (sys.executable, "-m", "worker.cli", *arguments)


def programs(settings: Settings) -> list[Program]:
    """The worker's processes for these settings. Flower only where it has a login."""
    found = [
        Program(f"worker{number}", ticket_worker("worker", "--name", f"worker{number}"))
        for number in range(1, settings.worker_processes + 1)
    ]
    found.append(Program("beat", ticket_worker("beat")))
    if settings.hubspot_client_secret.get_secret_value() and settings.webhook_public_url:
        found.append(Program("receiver", ticket_worker("receiver")))
    if settings.flower_basic_auth.get_secret_value():
        found.append(Program("flower", ticket_worker("flower")))
    return found


def write_configuration(wanted: Sequence[Program], folder: Path) -> Path:
    """Write supervisord's configuration; it holds no secret, the environment does.

    Redis stays out of the group, so that it stops after all that use it. Raises
    `SupervisionError` for a path that supervisord can't read.
    """
    from jinja2 import Environment, StrictUndefined  # every command imports this module

    for text in (str(folder.resolve()), *(program.command for program in wanted)):
        if re.search(r"\s[;#]", text):
            raise SupervisionError(
                "A path holds a space before ';' or '#', which supervisord takes for a comment: "
                f"{text}. Nothing was started. Choose another DATA_DIR."
            )
    folder.mkdir(parents=True, exist_ok=True)
    # The template is ours and makes no HTML, so nothing is to be escaped.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True)  # noqa: S701
    text = environment.from_string(_TEMPLATE).render(
        programs=wanted,
        group=[program for program in wanted if program.name != REDIS],
        # supervisord expands % in what it reads, in the log files of programs twice.
        folder=str(folder.resolve()).replace("%", "%%"),
        root=os.getuid() == 0,
        stops_within_s=STOPS_WITHIN_S,
    )
    path = folder / "supervisord.conf"
    path.write_text(text, encoding="utf-8")
    return path


def running_supervisor(folder: Path) -> int | None:
    """The process id of a supervisord that runs what was configured in this folder."""
    try:
        pid = int((folder / "supervisord.pid").read_text())
        os.kill(pid, 0)
    except (OSError, ValueError, OverflowError):
        return None
    return pid if str((folder / "supervisord.conf").resolve()) in _command_of(pid) else None


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (OSError, UnicodeDecodeError):
        pass
    try:
        shown = subprocess.run(
            ["ps", "-p", str(pid), "-o", "command="],  # noqa: S607 - wherever the machine has it
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:  # a bare Debian has none, and the process has just ended
        return ""
    return shown.stdout


def end_with_supervisor() -> None:
    """End this process when the supervisord that started it is gone, killed perhaps.

    Otherwise a killed `up` would leave workers and a receiver behind that nobody watches, and
    whose ports the next one needs.
    """
    supervisor = os.environ.get(SUPERVISOR, "")
    if supervisor.isdigit():
        threading.Thread(
            target=_watch, args=(int(supervisor),), name="supervisor", daemon=True
        ).start()


def _watch(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(_LOOKS_EVERY_S)
    # Nobody reads what we print any more, and a broken pipe would break the orderly end.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    # To the main thread itself: a kernel may hand a signal of ours to this thread, and the main
    # one would sleep on in its system call.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    time.sleep(STOPS_WITHIN_S)
    os._exit(1)
