"""The figures of each day, in files next to the reports: they outlive Redis and every process."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from worker.reports.figures import Figures
from worker.reports.files import write_file
from worker.reports.own_night import OwnNight
from worker.reports.schedule import Made

FOLDER = "history"
KEPT = timedelta(days=366)
_NAME = re.compile(r"\d{4}-\d\d-\d\d")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Day:
    """One day's figures. `partial`: the sweep had not seen every client."""

    date: str  # ISO, local to the customer
    clients: int
    complete: int
    partial: bool = False
    by_gap: dict[str, int] = field(default_factory=dict)
    night: OwnNight = field(default_factory=OwnNight)

    @property
    def share(self) -> float:
        """How many of the clients have a complete record, 0 to 1."""
        return self.complete / self.clients if self.clients else 0.0


_DAY = TypeAdapter(Day)


def day_of(on: date, figures: Figures, night: OwnNight, partial: bool) -> Day:
    return Day(
        on.isoformat(), figures.clients, figures.complete, partial, dict(figures.by_gap), night
    )


class History:
    """The daily figures under a reports folder."""

    def __init__(self, reports: Path) -> None:
        self._reports = reports
        self._folder = reports / FOLDER

    def keep(self, day: Day) -> None:
        """Write a day's figures in place of earlier ones of the same day. Raises
        `ReportNotWritten`; what was there stays."""
        write_file(self._folder / f"{day.date}.json", _DAY.dump_json(day, indent=2))

    def days(self, until: date, most: int = 90) -> list[Day]:
        """The last days up to and with `until`, oldest first. A file that can't be read is left
        out with a word in the log."""
        dates = [one for one in self.dates() if one <= until]
        return [day for one in dates[-most:] if (day := self._read(one))]

    def made(self, on: date) -> Made:
        """What is there of a day."""
        if not (self._folder / f"{on.isoformat()}.json").exists():
            return Made.NOTHING
        day = self._read(on)
        if day is None:
            return Made.NOTHING
        return Made.PART if day.partial else Made.WHOLE

    def dates(self) -> list[date]:
        """All days there are, oldest first."""
        return sorted(dated(self._folder.glob("*.json")))

    def forget_old(self, today: date) -> None:
        """Drop figures and reports that are older than a year."""
        for one in self.dates():
            if today - one > KEPT:
                (self._folder / f"{one.isoformat()}.json").unlink(missing_ok=True)
        for one in dated(self._reports.glob("????-??-??")):
            if today - one > KEPT:
                shutil.rmtree(self._reports / one.isoformat(), ignore_errors=True)

    def _read(self, on: date) -> Day | None:
        path = self._folder / f"{on.isoformat()}.json"
        try:
            return _DAY.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            log.warning("history_unreadable", file=str(path), why=str(error).split("\n")[0])
            return None


def dated(paths: Iterator[Path]) -> Iterator[date]:
    """The dates that files or folders are named by."""
    for path in paths:
        if _NAME.fullmatch(path.stem):
            try:
                yield date.fromisoformat(path.stem)
            except ValueError:
                continue
