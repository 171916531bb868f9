"""`ticket-worker report`: all clients checked now, with a bar in the terminal, and the report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from config.settings import Settings, load_settings
from worker.clients.sweep import SweepState
from worker.processes import embedded_redis
from worker.reports import pages
from worker.reports.morning import Morning, Written
from worker.runtime import Runtime

LOOKS_EVERY_S = 1.0
GIVES_UP_AFTER_S = 300.0  # without any progress of a sweep that somebody else runs


@contextmanager
def with_redis(settings: Settings) -> Iterator[Settings]:
    """The settings with a Redis that is there: where none is named and no `up` runs, one of our
    own for as long as it takes. Raises `EmbeddedRedisError`.
    """
    if "redis_url" in settings.model_fields_set:
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="ticket-worker-") as folder:
        process, url = embedded_redis.start(Path(folder), password=embedded_redis.new_password())
        try:
            yield load_settings(redis_url=url)
        finally:
            process.terminate()
            process.wait(10)


def run_report(here: Runtime, output: Path | None, console: Console) -> int:
    """Check all clients and write the report. A sweep that is under way is waited for instead."""
    morning = Morning(here)
    on = morning.today()
    with Progress(
        TextColumn("Checking clients"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=False,
    ) as bar:
        task = bar.add_task("", total=None)

        def show(state: SweepState) -> None:
            done = state.figures.companies
            bar.update(task, completed=done, total=done if state.finished else state.expected)

        if morning.store.take():
            try:
                state = morning.begin(on)
                show(state)
                morning.sweep(state, show)
            finally:
                morning.store.leave()
        else:
            console.print("A sweep is under way; the report waits for it.")
            _follow(morning, show)
    written = morning.report(on, output)
    _tell(written, console)
    return 0


def _follow(morning: Morning, show: Callable[[SweepState], None]) -> None:
    """Wait for a sweep that another process runs. Ends when it stands still for too long."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < GIVES_UP_AFTER_S:
        state = morning.store.load()
        if state is None or state.finished:
            return
        show(state)
        if state.figures.companies != seen:
            seen, since = state.figures.companies, time.monotonic()
        time.sleep(LOOKS_EVERY_S)


def _tell(written: Written, console: Console) -> None:
    report = written.report
    figures = report.figures
    console.print(
        f"{figures.clients:,} clients, {pages.percent(report.share)} complete, "
        f"{figures.incomplete:,} to mend; {figures.flags_written:,} flags written"
    )
    console.print(f"{written.folder / pages.PAGE}", soft_wrap=True)
