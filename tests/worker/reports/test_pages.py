"""The page, the list for spreadsheets, the figures: right, harmless, small, and about one file."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import orjson
import pytest

from tests.worker.reports.reports import report
from worker.reports import charts, pages
from worker.reports.history import Day
from worker.reports.own_night import OwnNight
from worker.reports.report import shown_name

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil.example","open")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-2+3",
    "\t=1+1",
    "＝1+1",
    "شركة الفواتير",
    "\u202egnp.exe",
    "{{ 7*7 }}{% raw %}",
    "half \ud83d emoji",
    "",
    " \x00\x07 ",
    "M" * 5000,
]


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def html(**more: object) -> str:
    return pages.page(report(HOSTILE, **more)).decode()


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_page_says_the_figures() -> None:
    said = text_of(html())
    for part in (
        "Monday 23 November 2026",
        "16.7 %",  # 3 of 18
        "-3.3 points since the report before",
        "16.7 % of 18 client records are complete (-3.3 points since the report before); 15 to",
        "ERP system missing: 15 15 83.3 % 12",
        "Tickets routed 49",
        "Waiting too long 3",
        "the oldest for 1 h 2 min",
        "41,250 6.6 % of 625,000",
        "Overdue in a queue 2",
        "OCR 7 2",
        "Set aside 12 until a person looks",
        "9007 23 Nov 04:30 HubSpot &lt;refused&gt; it",
        "The latest of 12.",
        "Made at 06:00, Europe/Paris",
    ):
        assert part in said, part


def test_nothing_runs_and_nothing_is_loaded() -> None:
    page = html()
    elements = Elements(page).found
    assert {tag for tag, _ in elements}.isdisjoint(
        {"script", "iframe", "img", "link", "object", "embed", "form", "base"}
    )
    for tag, attributes in elements:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert "src" not in attributes
        target = attributes.get("href") or ""
        assert not target.startswith(("javascript:", "data:", "//")), target
    assert "url(" not in page
    assert "@import" not in page


def test_foreign_names_are_shown_as_they_are() -> None:
    page = html()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}{% raw %}" in page
    assert "\u202e" not in page
    assert page.count("(no name)") == 2
    assert "<bdi>شركة الفواتير</bdi>" in page


def test_the_page_stays_small_with_fifty_of_the_longest_names() -> None:
    names = ["<&\"'" * 1000 + str(n) for n in range(80)]
    assert len(pages.page(report(names))) < 500_000


def test_no_cell_of_the_list_is_a_formula() -> None:
    data = pages.table(report(HOSTILE))
    assert data.startswith(b"\xef\xbb\xbf"), "spreadsheets know UTF-8 by its mark"
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert tuple(rows[0]) == pages.COLUMNS
    assert len(rows) == 1 + len(HOSTILE)
    for row in rows[1:]:
        for value in row:
            assert not value.lstrip().startswith(("=", "+", "-", "@", "＝")), value


def test_the_figures_are_json_with_the_names_as_they_are() -> None:
    said = orjson.loads(pages.figures(report(HOSTILE)))
    assert (said["clients"], said["complete"], said["share_complete"]) == (18, 3, 0.1667)
    assert said["to_mend"][0]["client"] == HOSTILE[0]
    assert said["night"]["routed"]["by_queue"]["level_1"] == 41
    assert said["night"]["set_aside"]["latest"][0]["ticket_id"] == "9007"
    assert said["queues"] == [
        {"label": "Level 1 Support", "routed": 41, "overdue": 0},
        {"label": "OCR", "routed": 7, "overdue": 2},
        {"label": "IT", "routed": 0, "overdue": 0},
        {"label": "other", "routed": 1, "overdue": None},
    ]


def test_a_first_report_without_any_client_is_whole() -> None:
    page = pages.page(report([], complete=0, before=None, trend=(), night=OwnNight(), queues=()))
    said = text_of(page.decode())
    assert said.count("No client has been checked.") == 3
    assert "the first report" in said
    assert said.count("not known") == 9
    assert "The trend begins with the second whole report." in said


def test_when_nothing_is_to_mend_the_page_says_so() -> None:
    assert "Every record is complete." in text_of(pages.page(report([], complete=2)).decode())


def test_a_part_is_no_point_of_the_trend() -> None:
    """A sweep that has just begun has seen a few clients, or none: no fall to nought."""
    days = [Day("2026-11-21", 10, 2), Day("2026-11-22", 10, 3), Day("2026-11-23", 0, 0, True)]
    page = html(trend=tuple(days), share_done=0.0)
    assert "Clients with a complete record, 2 days" in text_of(page)
    assert "2026-11-23 (part)" in text_of(page)
    assert ">23 Nov<" not in page


def test_a_day_without_a_report_leaves_its_place_in_the_trend() -> None:
    week = charts.trend("t", [("2026-11-02", 40.0), ("2026-11-03", 41.0), ("2026-11-09", 42.0)])
    first, second, last = (float(x) for x in re.findall(r'<circle cx="([\d.]+)"', week))
    assert 5 < (last - second) / (second - first) < 7
    assert re.findall(r">(\d+) Nov<", week) == ["2", "3", "5", "7", "9"]
    assert re.findall(r">(\d+) %<", week) == ["30", "40", "50"]


def test_a_chart_shows_its_numbers_and_names() -> None:
    drawn = charts.bars("b", [("ERP <system>", 1260), ("a name that is far too long to show", 0)])
    assert re.search("<text[^>]*text-anchor: start[^>]*>1,260<", drawn), "behind the bar, not on it"
    assert "ERP &lt;system&gt;" in drawn
    assert re.search("a name that is far [a-z ]*…<", drawn)


def test_a_part_is_said_to_be_one() -> None:
    said = text_of(html(share_done=0.41, expected=43))
    assert "still under way: 18 of about 43 companies" in said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a second"),
        (1.2, "1 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert pages.duration(seconds) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0.0 %"), (0.0001, "under 0.1 %"), (0.99999, "99.9 %"), (1, "100.0 %")]
)
def test_all_and_nothing_are_not_said_before_they_are(share: float, words: str) -> None:
    assert pages.percent(share) == words


def test_a_name_can_always_be_shown() -> None:
    assert shown_name(" \u200b\x00 ") == "(no name)"
    assert shown_name("A\nB\tC") == "A B C"
