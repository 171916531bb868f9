"""The report pages in a browser: without errors, accessible, on paper and on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pages.browser import Browser

NAMES = ["morning", "hostile", "first", "list", "backtest"]
DESK, PHONE = 1200, 500  # Chromium makes no window narrower than 500
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return Browser(tmp_path_factory.mktemp("profile"))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_shown_without_errors_and_under_500_kb(
    browser: Browser, files: dict[str, Path], name: str
) -> None:
    assert files[name].stat().st_size < 500_000
    shown = browser.show(files[name])
    assert shown.logged == []
    assert "<h1>" in shown.document
    assert "<script" not in shown.document
    title = re.search(r"<title>(.*?)</title>", shown.document)
    assert title
    assert title[1].startswith("Backtest" if name == "backtest" else "Client records")


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_serious(
    browser: Browser, files: dict[str, Path], name: str, width: int
) -> None:
    found = browser.violations(files[name], width)
    assert [one for one in found if one["impact"] in SERIOUS] == []


def test_axe_is_awake(browser: Browser, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<!doctype html><html><body><img src='data:,'><input></body></html>")
    found = {one["id"] for one in browser.violations(bad, DESK)}
    assert {"image-alt", "html-has-lang", "label"} <= found


@pytest.mark.parametrize("name", NAMES)
def test_screenshots_are_left_to_be_looked_at(
    browser: Browser, files: dict[str, Path], folder: Path, name: str
) -> None:
    browser.screenshot(files[name], folder / "shots" / f"{name}-desk.png", DESK, 3000)
    browser.screenshot(files[name], folder / "shots" / f"{name}-phone.png", PHONE, 3000)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_the_phone(
    browser: Browser, files: dict[str, Path], tmp_path: Path, name: str
) -> None:
    measured = tmp_path / "measured.html"
    script = (
        "<script>document.body.setAttribute('data-wide', "
        "document.documentElement.scrollWidth > window.innerWidth)</script>"
    )
    measured.write_text(files[name].read_text().replace("</body>", script + "</body>"))
    assert 'data-wide="false"' in browser.show(measured, PHONE).document


@pytest.mark.parametrize("name", ["morning", "hostile"])
def test_a_page_can_be_printed(
    browser: Browser, files: dict[str, Path], folder: Path, name: str
) -> None:
    browser.print(files[name], folder / "shots" / f"{name}.pdf")
