"""A night in a simulated portal of sixty clients, with a clock of our own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import orjson

from tests.simulator.hub import Hub
from tests.stack import settings_for
from worker.reports.morning import Morning
from worker.runtime import Runtime

CLIENTS = 60
TONIGHT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # 04:30 in the portal's time zone
MORNING = datetime(2026, 11, 24, 11, 1, tzinfo=UTC)


class At(Runtime):
    """A runtime whose clock is ours."""

    at = TONIGHT

    def now(self) -> datetime:
        return self.at


def runtime(hub: Hub, redis_url: str, folder: Path, **more: object) -> At:
    return At(settings_for(hub.base, redis_url, folder, reports_dir=folder / "reports", **more))


def sweep(here: Runtime, on: date) -> Morning:
    morning = Morning(here)
    assert morning.store.take()
    morning.sweep(morning.begin(on))
    morning.store.leave()
    return morning


def figures(folder: Path) -> dict[str, object]:
    found: dict[str, object] = orjson.loads((folder / "figures.json").read_bytes())
    return found
