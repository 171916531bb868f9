"""A report as files (pure): the page, the list as CSV, the figures as JSON."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from datetime import date
from typing import Any

import jinja2
import orjson
from markupsafe import Markup

from worker.reports import charts
from worker.reports.report import Report

PAGE, CSV, JSON = "report.html", "clients-to-mend.csv", "figures.json"
# What a spreadsheet takes for a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = (
    "place",
    "company_id",
    "client",
    "lacks",
    "open_tickets",
    "decided_without",
    "days_incomplete",
    "owner",
    "weight",
    "link",
)


def page(report: Report) -> bytes:
    """The HTML page, in one file; it loads nothing."""
    template = environment().get_template("report.html.j2")
    whole = [(day.date, round(100 * day.share, 1)) for day in report.whole_days]
    lacks = [(one.words, one.clients) for one in report.lacks]
    routed = [(one.label, one.routed) for one in report.queues if one.routed is not None]
    html = template.render(
        report=report,
        headline=headline(report),
        trend_chart=drawn(charts.trend("trend", whole)) if len(whole) > 1 else "",
        lacks_chart=drawn(charts.bars("lacks", lacks, alarming=True)),
        queues_chart=drawn(charts.bars("queues", routed)) if routed else "",
        csv_name=CSV,
        json_name=JSON,
    )
    return html.encode("utf-8", "replace")


def table(report: Report) -> bytes:
    """The clients to mend, for a spreadsheet: UTF-8 with a mark, and no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in report.mends:
        writer.writerow(
            [
                one.place,
                one.entry.company_id,
                cell(one.name),
                cell(", ".join(one.entry.gaps)),
                one.entry.open_tickets,
                one.entry.decided_without,
                one.entry.days_incomplete,
                cell(one.owner),
                one.entry.score,
                one.url,
            ]
        )
    return text.getvalue().encode("utf-8-sig", "replace")


def figures(report: Report) -> bytes:
    """All figures, for machines; names as they stand in HubSpot."""
    return orjson.dumps(_plain(report), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


def cell(value: str) -> str:
    """A text that a spreadsheet shows as it is: what would begin a formula gets an apostrophe."""
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value


def headline(report: Report) -> str:
    """The morning in one sentence."""
    figures = report.figures
    if not figures.clients:
        return "No client has been checked."
    return (
        f"{percent(report.share)} of {number(figures.clients)} client records are complete "
        f"({change_words(report.change)}); {number(figures.incomplete)} to mend."
    )


def _plain(report: Report) -> dict[str, Any]:
    counted = report.figures
    return {
        "date": report.date,
        "made_at": report.made_at.isoformat(),
        "time_zone": report.account.time_zone,
        "sweep": {
            "began": report.sweep_began.isoformat(),
            "seconds": round(report.sweep_seconds, 1),
            "share_done": round(report.share_done, 4),
        },
        "companies": counted.companies,
        "clients": counted.clients,
        "complete": counted.complete,
        "incomplete": counted.incomplete,
        "share_complete": round(report.share, 4),
        "change_points": None if report.change is None else round(report.change, 2),
        "unread": counted.unread,
        "open_tickets_of_incomplete": counted.open_tickets,
        "tickets_decided_without_data": counted.decided_without,
        "mended": counted.mended,
        "fallen": counted.fallen,
        "flags_written": counted.flags_written,
        "flags_not_written": counted.flags_refused,
        "missing": [
            {
                "field": one.field,
                "words": one.words,
                "clients": one.clients,
                "share": round(one.share, 4),
                "why": dict(one.whys),
                "tickets_decided_without": one.tickets,
            }
            for one in report.lacks
        ],
        "to_mend": [
            {
                "place": one.place,
                "company_id": one.entry.company_id,
                "client": _whole(one.entry.name),
                "lacks": list(one.entry.gaps),
                "open_tickets": one.entry.open_tickets,
                "decided_without": one.entry.decided_without,
                "days_incomplete": one.entry.days_incomplete,
                "owner": _whole(one.owner),
                "weight": one.entry.score,
            }
            for one in report.mends
        ],
        "owners": [asdict(one) | {"name": _whole(one.name)} for one in report.owners],
        "night": asdict(report.night),
        "queues": [asdict(one) for one in report.queues],
        "trend": [
            {
                "date": day.date,
                "clients": day.clients,
                "complete": day.complete,
                "partial": day.partial,
            }
            for day in report.trend
        ],
    }


def _whole(text: str) -> str:
    """Without halves of characters, which JSON can't hold."""
    return text.encode("utf-8", "replace").decode()


def drawn(svg: str) -> Markup:
    # Made by the chart library from figures and escaped labels.
    return Markup(svg)  # noqa: S704


def environment() -> jinja2.Environment:
    """Templates of the report pages; everything is escaped unless it was drawn here."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("worker.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "number": number,
        "percent": percent,
        "duration": duration,
        "day_words": day_words,
        "change_words": change_words,
    }
    return environment


def number(value: float) -> str:
    return f"{value:,.0f}"


def percent(share: float) -> str:
    """A share of 0 to 1; never 100 % before it is all, nor 0 where there is some."""
    shown = f"{100 * share:.1f}"
    if shown == "100.0" and share < 1:
        return "99.9 %"
    return "under 0.1 %" if shown == "0.0" and share > 0 else f"{shown} %"


def duration(seconds: float) -> str:
    """Seconds as people say them, one or two units."""
    if seconds < 1:
        return "less than a second"
    total = round(seconds)
    for unit, size, below, lesser in (
        ("d", 86_400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if total >= size:
            whole, rest = divmod(total, size)
            return (
                f"{whole} {unit} {rest // lesser} {below}" if rest // lesser else f"{whole} {unit}"
            )
    return f"{total} s"


def day_words(iso: str) -> str:
    on = date.fromisoformat(iso)
    return f"{on:%A} {on.day} {on:%B %Y}"


def change_words(points: float | None) -> str:
    if points is None:
        return "the first report"
    if abs(points) < 0.05:
        return "as in the report before"
    return f"{points:+.1f} points since the report before"
