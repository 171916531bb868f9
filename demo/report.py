"""The demo's end: the report on the client records, as a manager gets it in the morning."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from demo.processes import DemoFailed, python

DAYS_BEFORE = 14
TAKES_AT_MOST_S = 40


def write_report(
    environment: Mapping[str, str], reports: Path, clients: int, complete: int
) -> tuple[Path, dict[str, Any]]:
    """Run `ticket-worker report`; the page and its figures. The two weeks before, which the
    trend shows, are made up, ending near `complete` of `clients`. Raises `DemoFailed`.
    """
    _make_up_days(reports / "history", clients, complete)
    done = subprocess.run(
        python("worker.cli", "report"),
        env={**os.environ, **environment},
        cwd=reports,
        capture_output=True,
        text=True,
        check=False,
        timeout=TAKES_AT_MOST_S,
    )
    if done.returncode:
        raise DemoFailed(f"the report was not made: {done.stdout}{done.stderr}")
    folder = max(path for path in reports.glob("????-??-??") if path.is_dir())
    return folder / "report.html", orjson.loads((folder / "figures.json").read_bytes())


def _make_up_days(history: Path, clients: int, complete: int) -> None:
    """A past, each day a little better than the one before."""
    history.mkdir(parents=True, exist_ok=True)
    for back in range(2, DAYS_BEFORE + 2):  # whatever the time zone, these are over
        day = (datetime.now(UTC).date() - timedelta(days=back)).isoformat()
        held = max(0, complete - 1 - round(back * 0.6))
        (history / f"{day}.json").write_bytes(
            orjson.dumps({"date": day, "clients": clients, "complete": held})
        )
