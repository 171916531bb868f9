"""The page, the list for spreadsheets, the figures: right, harmless, small, and about one file."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import orjson
import pytest

from tests.worker.reports.reports import report
from worker.reports import pages
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
        "ERP system 15 83.3 % missing: 15 12",
        "Tickets routed 49",
        "Waiting too long 3",
        "oldest 1 h 2 min",
        "41,250 of 625,000, 6.6 %",
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
    assert said["tickets_by_queue"] == {
        "Level 1 Support": 41,
        "OCR": 7,
        "IT": 0,
        "other": 1,
    }


def test_a_first_report_without_any_client_is_whole() -> None:
    page = pages.page(report([], complete=0, before=None, trend=(), night=OwnNight(), queues=()))
    said = text_of(page.decode())
    assert "Every record is complete." in said
    assert "the first report" in said
    assert said.count("not known") == 7
    assert "The trend begins with the second report." in said


def test_a_part_is_said_to_be_one() -> None:
    said = text_of(html(share_done=0.41, expected=43))
    assert "still under way: 18 of about 43 companies" in said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (90_000, "1 d 1 h")],
)
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert pages.duration(seconds) == words


@pytest.mark.parametrize(("share", "words"), [(0, "0.0 %"), (0.99999, "99.9 %"), (1, "100.0 %")])
def test_all_is_not_said_before_it_is_all(share: float, words: str) -> None:
    assert pages.percent(share) == words


def test_a_name_can_always_be_shown() -> None:
    assert shown_name(" \u200b\x00 ") == "(no name)"
    assert shown_name("A\nB\tC") == "A B C"
