"""Pages for the browser: the report as a manager gets it, a hostile one, a first one, the list."""

from __future__ import annotations

import asyncio
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.requests import Request

from tests.worker.reports.replayed import replayed
from tests.worker.reports.reports import NOW, report
from tests.worker.routing.decisions import DOCUMENT
from worker.reports import pages
from worker.reports.backtest_page import PAGE, page
from worker.reports.files import write_files
from worker.reports.history import Day, History
from worker.reports.own_night import OwnNight
from worker.web.reports import ReportPages

FOLDER = Path("var/pages")
HOSTILE = [
    "<script>document.title='run'</script>",
    '"><img src=https://evil.example/x onerror=alert(1)>',
    '=HYPERLINK("http://evil.example","open")',
    "شركة الفواتير العربية للتجارة",
    "חברת חשבוניות",
    "",
    "W" * 400,
    "Łódź & Søn ✓ 😀",
]


@pytest.fixture(scope="session")
def folder() -> Path:
    """Where screenshots and results are left to be looked at: `var/pages`."""
    shutil.rmtree(FOLDER / "shots", ignore_errors=True)
    (FOLDER / "shots").mkdir(parents=True, exist_ok=True)
    return FOLDER.resolve()


@pytest.fixture(scope="session")
def files(folder: Path) -> dict[str, Path]:
    """The pages by name, as files."""
    names = [f"Client {number:02d} of Example Industries" for number in range(60)]
    days = [NOW.date() - timedelta(days=back) for back in range(89, -1, -1)]
    trend = tuple(Day(on.isoformat(), 180, 60 + n) for n, on in enumerate(days))
    made = {
        "morning": report(names, complete=120, trend=trend),
        "hostile": report(HOSTILE, share_done=0.4, expected=1000, burdens_cut=True),
        "first": report([], complete=0, before=None, trend=(), night=OwnNight(), queues=()),
    }
    found = {}
    for name, one in made.items():
        write_files(folder / name, {pages.PAGE: pages.page(one)})
        found[name] = folder / name / pages.PAGE
    backtest = page(replayed([*names[:20], *HOSTILE]), DOCUMENT, HOSTILE[0], "Policy 0", NOW)
    write_files(folder / "backtest", {PAGE: backtest})
    found["backtest"] = folder / "backtest" / PAGE
    write_files(folder / "list", {pages.PAGE: _list(folder / "list-of")})
    found["list"] = folder / "list" / pages.PAGE
    return found


def _list(reports: Path) -> bytes:
    history = History(reports)
    for back in range(30):
        on = date(2026, 11, 23) - timedelta(days=back)
        history.keep(Day(on.isoformat(), 180, 150 - back, partial=back == 0))
        write_files(reports / on.isoformat(), {pages.PAGE: b""})
    shown = ReportPages(reports, "user", SecretStr("password"))
    request = Request({"type": "http", "headers": []})
    return bytes(asyncio.run(shown.listed(request)).body)
