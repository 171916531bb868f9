"""Words of others reach the terminal as words."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from worker.commands.terminal import shown


def printed(text: str) -> str:
    page = io.StringIO()
    Console(file=page, width=200, force_terminal=True, color_system=None).print(shown(text))
    return page.getvalue()


@pytest.mark.parametrize(
    "text", ["[red]x[/red]", "[/]", "[bold", "a [link=x]b", ":smile:", "é 😀 漢"]
)
def test_markup_is_shown_not_obeyed(text: str) -> None:
    assert printed(text) == text + "\n"


@pytest.mark.parametrize(
    "hostile",
    ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\r", "\b", "\x00", "\u202e", "\u2066", "\ud800"],
)
def test_what_would_steer_the_terminal_is_replaced(hostile: str) -> None:
    said = printed(f"before{hostile}after")
    assert hostile[0] not in said
    assert "before�" in said


def test_lines_and_tabs_stay() -> None:
    assert shown("a\nb\tc").plain == "a\nb\tc"
    assert shown(7).plain == "7"
