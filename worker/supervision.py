"""All processes on one machine under supervisord, each started again when it dies."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from config.settings import Settings

_TEMPLATE = """\
[supervisord]
nodaemon=true
logfile={{ folder }}/supervisord.log
pidfile={{ folder }}/supervisord.pid
childlogdir={{ folder }}
loglevel=info
silent=true
user={{ user }}
{% for program in programs %}
[program:{{ program.name }}]
command={{ program.command }}
priority={{ program.priority }}
autorestart=true
startsecs=0
stopwaitsecs=20
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={{ folder }}/{{ program.name }}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
{% endfor %}
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A process to keep running. A lower priority starts earlier and stops later."""

    name: str
    arguments: tuple[str, ...]
    priority: int = 50

    @property
    def command(self) -> str:
        # supervisord expands % in its configuration and splits at white space.
        quoted = (f'"{one}"' if " " in one else one for one in self.arguments)
        return " ".join(quoted).replace("%", "%%")


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


def write_configuration(wanted: list[Program], folder: Path, user: str) -> Path:
    """Write supervisord's configuration; it holds no secret, the environment does."""
    folder.mkdir(parents=True, exist_ok=True)
    # The template is ours and makes no HTML, so nothing is to be escaped.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True)  # noqa: S701
    text = environment.from_string(_TEMPLATE).render(
        programs=wanted, folder=str(folder.resolve()).replace("%", "%%"), user=user
    )
    path = folder / "supervisord.conf"
    path.write_text(text)
    return path
