"""The report pages: behind a login, closed without one, and nothing but reports."""

from __future__ import annotations

import asyncio
import base64
from datetime import date
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from tests.worker.reports.reports import report
from tests.worker.web.door import Answer, call
from worker.reports import pages
from worker.reports.files import write_files
from worker.reports.history import History, day_of
from worker.web.private import make_private_app
from worker.web.reports import ReportPages

USER, PASSWORD = "lead", "a:long pässword"
DAY = "2026-11-23"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A reports folder with one report, and a secret beside it."""
    made = report(["Quist & Sons"])
    files = {pages.PAGE: pages.page(made), pages.CSV: pages.table(made), pages.JSON: b"{}"}
    write_files(tmp_path / "reports" / DAY, files)
    History(tmp_path / "reports").keep(
        day_of(date.fromisoformat(DAY), made.figures, made.night, partial=False)
    )
    for name in ("secret.html", *files):
        (tmp_path / name).write_text("secret")
    return tmp_path / "reports"


def get(
    folder: Path,
    path: str,
    authorization: str | None = None,
    user: str = USER,
    password: str = PASSWORD,
) -> Answer:
    shown = ReportPages(folder, user, SecretStr(password))
    app = make_private_app(redis.Redis(), dict, shown)
    headers = [(b"authorization", authorization.encode())] if authorization is not None else []
    return asyncio.run(call(app, "GET", path, headers, []))


def login(user: str = USER, password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_the_list_leads_to_the_page_and_its_files(folder: Path) -> None:
    listed = get(folder, "/reports/", login())
    assert listed.status == 200
    assert f'href="{DAY}/report.html"' in listed.body.decode()
    page = get(folder, f"/reports/{DAY}/report.html", login())
    assert page.headers[b"content-type"] == b"text/html; charset=utf-8"
    assert "Quist &amp; Sons" in page.body.decode()
    for name, kind in ((pages.CSV, b"text/csv; charset=utf-8"), (pages.JSON, b"application/json")):
        answer = get(folder, f"/reports/{DAY}/{name}", login())
        assert (answer.status, answer.headers[b"content-type"]) == (200, kind)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Bearer " + base64.b64encode(b"lead:a").decode(),
        login(password="wrong"),
        login(user="other"),
        login(password=""),
        "Basic " + "A" * 100_000,
    ],
)
@pytest.mark.parametrize("path", ["/reports/", f"/reports/{DAY}/report.html", "/reports/x/y"])
def test_nothing_is_shown_without_the_login(
    folder: Path, path: str, authorization: str | None
) -> None:
    answer = get(folder, path, authorization)
    assert answer.status == 401
    assert answer.headers[b"www-authenticate"].startswith(b"Basic")
    assert b"Quist" not in answer.body


@pytest.mark.parametrize(("user", "password"), [("", ""), ("lead", ""), ("", "secret-word")])
def test_the_pages_are_closed_while_no_login_is_set(folder: Path, user: str, password: str) -> None:
    answer = get(folder, "/reports/", login(user, password), user, password)
    assert answer.status == 403
    assert b"Set REPORTS_USER and REPORTS_PASSWORD" in answer.body


@pytest.mark.parametrize(
    "path",
    [
        "/reports/2026-11-22/report.html",
        "/reports/../secret.html",
        f"/reports/../{pages.PAGE}",
        f"/reports/./{pages.CSV}",
        "/reports/%2e%2e/secret.html",
        f"/reports/{DAY}/..%2f..%2fsecret.html",
        f"/reports/{DAY}/../../secret.html",
        "/reports/history/2026-11-23.json",
        f"/reports/{DAY}/.report.html.tmp",
        "/reports/20261123/report.html",
        "/reports/2026-99-99/",
    ],
)
def test_nothing_but_reports_is_shown(folder: Path, path: str) -> None:
    answer = get(folder, path, login())
    assert answer.status == 404
    assert b"secret" not in answer.body


def test_what_is_shown_can_load_and_run_nothing(folder: Path) -> None:
    for path in ("/reports/", f"/reports/{DAY}/report.html"):
        headers = get(folder, path, login()).headers
        policy = headers[b"content-security-policy"].decode()
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert b"no-store" in headers[b"cache-control"]


def test_short_addresses_lead_on(folder: Path) -> None:
    for path, target in (
        ("/reports", b"/reports/"),
        (f"/reports/{DAY}/", f"/reports/{DAY}/report.html".encode()),
    ):
        answer = get(folder, path, login())
        assert (answer.status, answer.headers[b"location"]) == (307, target)


def test_an_empty_folder_says_how_the_first_report_comes(tmp_path: Path) -> None:
    answer = get(tmp_path / "none", "/reports/", login())
    assert answer.status == 200
    assert "ticket-worker report" in answer.body.decode()
