"""The report pages on the private listener, behind a login; closed while none is set."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import anyio.to_thread
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from worker.reports import pages
from worker.reports.history import Day, History

SHOWN = 366
# Of the pages: nothing is loaded or run, whatever got into them. Styles stand in the page.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
KINDS = {
    pages.PAGE: "text/html; charset=utf-8",
    pages.CSV: "text/csv; charset=utf-8",
    pages.JSON: "application/json",
}
CLOSED = (
    "The report pages are closed. Set REPORTS_USER and REPORTS_PASSWORD, then start the receiver "
    "again.\n"
)
Answer = Callable[[Request], Awaitable[Response]]


class ReportPages:
    """Shows what is in the reports folder: the list of days, and each day's three files."""

    def __init__(self, folder: Path, user: str, password: SecretStr) -> None:
        self._folder = folder
        self._user = user
        self._password = password
        self._history = History(folder)

    def routes(self) -> list[Route]:
        return [
            Route("/reports", self._behind_login(_to_the_list)),
            Route("/reports/", self._behind_login(self.listed)),
            Route("/reports/{day}/", self._behind_login(_to_the_page)),
            Route("/reports/{day}/{name}", self._behind_login(self._file)),
        ]

    def _behind_login(self, answer: Answer) -> Answer:
        async def asked(request: Request) -> Response:
            if not (self._user and self._password.get_secret_value()):
                return PlainTextResponse(CLOSED, 403, HEADERS)
            if not self._may(request.headers.get("Authorization", "")):
                login = {"WWW-Authenticate": 'Basic realm="reports", charset="UTF-8"'}
                return PlainTextResponse("A login is needed.\n", 401, HEADERS | login)
            return await answer(request)

        return asked

    def _may(self, authorization: str) -> bool:
        kind, _, encoded = authorization.partition(" ")
        if kind.lower() != "basic" or len(encoded) > 1024:
            return False
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        wanted = f"{self._user}:{self._password.get_secret_value()}".encode()
        return hmac.compare_digest(given, wanted)

    async def listed(self, _: Request) -> Response:
        """All days, newest first."""
        days = await anyio.to_thread.run_sync(self._days)
        html = pages.environment().get_template("list.html.j2").render(days=days, page=pages.PAGE)
        return Response(html, media_type="text/html; charset=utf-8", headers=HEADERS)

    def _days(self) -> list[Day]:
        """Days that have a page, newest first."""
        there = {path.parent.name for path in self._folder.glob(f"*/{pages.PAGE}")}
        days = self._history.days(date.max, SHOWN)
        return [day for day in reversed(days) if day.date in there]

    async def _file(self, request: Request) -> Response:
        day, name = request.path_params["day"], request.path_params["name"]
        if name not in KINDS or not _is_day(day):
            return PlainTextResponse("There is no such report.\n", 404, HEADERS)
        try:
            content = await anyio.to_thread.run_sync((self._folder / day / name).read_bytes)
        except OSError:
            return PlainTextResponse("There is no such report.\n", 404, HEADERS)
        return Response(content, headers=HEADERS | {"Content-Type": KINDS[name]})


async def _to_the_list(_: Request) -> Response:
    return RedirectResponse("/reports/", 307, HEADERS)


async def _to_the_page(request: Request) -> Response:
    day = request.path_params["day"]
    if not _is_day(day):
        return PlainTextResponse("There is no such report.\n", 404, HEADERS)
    return RedirectResponse(f"/reports/{day}/{pages.PAGE}", 307, HEADERS)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
