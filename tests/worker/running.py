"""`ticket-worker` commands as a person runs them, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from tests.stack import environment_of


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit status. The texts have single spaces."""

    status: int
    out: str
    errors: str

    @property
    def last(self) -> str:
        return self.out.strip().splitlines()[-1] if self.out.strip() else ""

    @property
    def folded(self) -> str:
        """Everything on one line, as if the terminal had no edge."""
        return " ".join((self.out + " " + self.errors).split())


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "worker.cli", *arguments]


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Nothing of the environment the tests run in."""
    return {"PATH": "/usr/bin:/bin", "COLUMNS": "200", **environment_of(settings), **more}


def ticket_worker(
    env: dict[str, str], folder: Path, *arguments: str, stdin: str = "", seconds: float = 60
) -> Said:
    """Run a command in a folder (where its `.env` would be) and wait for it."""
    done = subprocess.run(
        command_line(*arguments),
        env=env,
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)
