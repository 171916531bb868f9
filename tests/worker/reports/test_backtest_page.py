"""The page of a backtest: it says the figures, loads nothing and runs nothing of a ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.worker.reports.replayed import replayed
from tests.worker.reports.test_pages import HOSTILE, Elements, text_of
from tests.worker.routing.decisions import DOCUMENT
from worker.reports.backtest_page import page

MADE_AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def html(subjects: list[str], what: str = "tickets.jsonl") -> str:
    return page(replayed(subjects), DOCUMENT, what, "Policy 0123abc", MADE_AT).decode()


def test_the_page_says_what_was_found() -> None:
    said = text_of(html(["Login"] * 7))
    for words in (
        "tickets.jsonl",
        "Policy 0123abc. Made on 2026-11-23 at 09:00 UTC",
        "301 tickets with a known queue",
        "3 unchallenged: nobody moved them, which proves nothing",
        "Coverage (decided)",
        "Wrongly to development, it, not_supported",
        "Queues right among the surest tickets, in percent",
        "Where tickets were sent",
        "Most taken for",
        "What the draft would move",
        "Left to triage",
    ):
        assert words in said, words


def test_nothing_of_a_ticket_is_run_or_loaded() -> None:
    whole = html(HOSTILE, what=HOSTILE[0])
    elements = Elements(whole).found
    assert {tag for tag, _ in elements} & {"script", "img", "link", "iframe", "object"} == set()
    for _, attributes in elements:
        assert not {name for name in attributes if name.startswith("on")}
        assert not {"src", "href", "action"} & set(attributes)
    assert "http" not in whole.replace("http://www.w3.org/", "").replace("http://evil.example", "")


def test_many_moves_make_a_page_that_opens() -> None:
    assert len(html(["x" * 200] * 400)) < 1_500_000


def test_with_nothing_to_judge_the_page_says_so() -> None:
    nothing = replace(replayed([]), before=None, differences=None)
    said = text_of(page(nothing, DOCUMENT, "empty.jsonl", "Policy 0", MADE_AT).decode())
    assert "0 tickets with a known queue." in said
    assert "Where tickets were sent" not in said
