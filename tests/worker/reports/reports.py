"""A report of made-up clients, for tests of what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.worker.clients.records import record, rules
from worker.clients.burden import Burden, Burdens
from worker.clients.completeness import gaps
from worker.reports.figures import Figures
from worker.reports.history import Day
from worker.reports.own_night import Aside, OwnNight, Routed, SetAside, Undecided
from worker.reports.report import Account, Report, lacks_of, mends_of, owners_of, queues_of

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
ACCOUNT = Account("24680135", "app.hubspot.com", "Europe/Paris")
NIGHT = OwnNight(
    routed=Routed({"level_1": 41, "ocr": 7, "retired": 1}, abstained=6, failed=1),
    corrected=2,
    waiting_too_long=3,
    overdue={"ocr": 2},
    undecided=Undecided(4, 3725.0),
    set_aside=SetAside(12, [Aside("9007", "2026-11-23T03:30+00:00", "HubSpot <refused> it")]),
    calls_used=41_250,
    calls_allowed=625_000,
)
LABELS = {"level_1": "Level 1 Support", "ocr": "OCR", "it": "IT"}


def figures(names: list[str], complete: int = 3) -> Figures:
    """Incomplete clients with these names, the first with most tickets, and complete ones."""
    added = Figures()
    for number, name in enumerate(names):
        one = record(company_id=str(number + 1), name=name, erp_system="", admin_contacts=())
        added.companies += 1
        added.add(
            one,
            gaps(one, rules()),
            Burden(open_tickets=len(names) - number),
            "7" if number % 2 else "",
            NOW - timedelta(days=40),
            NOW,
        )
    for number in range(complete):
        one = record(company_id=f"9{number}", name=f"Complete {number}")
        added.companies += 1
        added.add(one, (), Burden(), "7", None, NOW)
    return added


def report(names: list[str], **more: Any) -> Report:
    """A morning's report."""
    counted = figures(names, more.pop("complete", 3))
    owners = owners_of(counted, {"7": "Nora Whitfield"})
    values: dict[str, Any] = {
        "date": "2026-11-23",
        "made_at": NOW.astimezone(ZoneInfo("Europe/Paris")),
        "account": ACCOUNT,
        "sweep_began": (NOW - timedelta(hours=4)).astimezone(ZoneInfo("Europe/Paris")),
        "sweep_seconds": 128.0,
        "share_done": 1.0,
        "expected": counted.companies,
        "figures": counted,
        "before": Day("2026-11-22", 10, 2),
        "lacks": lacks_of(counted, Burdens(by_gap={"ERP system": 12}), rules()),
        "mends": mends_of(counted, {"7": "Nora Whitfield"}, ACCOUNT),
        "owners": owners,
        "more_owners": 0,
        "night": NIGHT,
        "queues": queues_of(NIGHT, LABELS),
        "trend": (Day("2026-11-22", 10, 2), Day("2026-11-23", 10, 3)),
        "burdens_cut": False,
        "waiting_days": 7,
        **more,
    }
    return Report(**values)
