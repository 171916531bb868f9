"""The summary: a few lines with a link, to Teams and by e-mail, and off where nothing is set."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import responses
from responses import matchers

from tests.stack import settings_for
from tests.worker.reports.reports import report
from worker.reports.own_night import OwnNight
from worker.reports.summary import lines_of, report_link, send_summary

TEAMS = "https://example.webhook.office.com/key-of-the-channel"
NAMES = ["<at>everyone</at> & Co", "Quist [click](http://x.example)"]


class MailServer(threading.Thread):
    """A mail server for one message: speaks SMTP as far as a client needs it. What it `offers` it
    can't do: it hangs up at STARTTLS."""

    def __init__(self, refuse: bool = False, offers: str = "AUTH PLAIN") -> None:
        super().__init__(daemon=True)
        self._offers = offers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._refuse = refuse
        self.port = int(self._listener.getsockname()[1])
        self.said: list[str] = []
        self.message = b""

    def run(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 here\r\n")
            for raw in lines:
                line = raw.decode().strip()
                self.said.append(line)
                word = line[:4].upper()
                if word == "EHLO":
                    connection.sendall(f"250-here\r\n250 {self._offers}\r\n".encode())
                elif word == "STAR":
                    connection.sendall(b"220 go ahead\r\n")
                    return
                elif word == "RCPT" and self._refuse:
                    connection.sendall(b"550 nobody of that name\r\n")
                elif word == "DATA":
                    connection.sendall(b"354 go on\r\n")
                    while (more := next(lines)) != b".\r\n":
                        self.message += more
                    connection.sendall(b"250 taken\r\n")
                elif word == "QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                else:
                    connection.sendall(b"250 fine\r\n")

    def close(self) -> None:
        self._listener.close()


@contextmanager
def mail_server(refuse: bool = False, offers: str = "AUTH PLAIN") -> Iterator[MailServer]:
    server = MailServer(refuse, offers)
    server.start()
    try:
        yield server
        server.join(5)
    finally:
        server.close()


def settings(**more: object) -> Any:
    return settings_for("http://127.0.0.1:1", "redis://127.0.0.1:1", Path("unused"), **more)


def test_nothing_is_sent_where_nothing_is_set() -> None:
    assert send_summary(settings(), report(NAMES)) == {}


def test_the_mail_goes_to_all_with_figures_and_link() -> None:
    with mail_server() as server:
        given = settings(
            smtp_url=f"smtp://127.0.0.1:{server.port}",
            reports_mail_to="lead@example.com, desk@example.com",
            reports_mail_from="tickets@example.com",
            reports_public_url="https://tickets.example.com",
        )
        assert send_summary(given, report(NAMES)) == {"mail": "sent"}
    said = email.message_from_bytes(server.message, policy=email.policy.default)
    assert said["Subject"] == "Client records: 60.0 % complete, 2 to mend"
    assert said["To"] == "lead@example.com, desk@example.com"
    text = said.get_content()
    assert "60.0 % of 5 client records are complete" in text
    assert "Missing most: ERP system (2), administrative contact (2)." in text
    assert "https://tickets.example.com/reports/2026-11-23/report.html" in text
    assert sum(line.startswith("rcpt TO") for line in server.said) == 2


def test_a_password_is_never_sent_in_the_clear() -> None:
    with mail_server() as server:
        given = settings(
            smtp_url=f"smtp://user:hidden-word@127.0.0.1:{server.port}",
            reports_mail_to="lead@example.com",
        )
        told = send_summary(given, report(NAMES))
    assert told["mail"] == "the mail server did not take it (SMTPNotSupportedError)"
    assert "hidden-word" not in " ".join(server.said)
    assert not any(line.upper().startswith("AUTH") for line in server.said)


def test_what_is_offered_encrypted_is_never_sent_in_the_clear() -> None:
    with mail_server(offers="STARTTLS") as server:
        given = settings(
            smtp_url=f"smtp://127.0.0.1:{server.port}", reports_mail_to="lead@example.com"
        )
        told = send_summary(given, report(NAMES))
    assert told["mail"].startswith("the mail server did not take it")
    assert server.said[-1] == "STARTTLS"


def test_a_refusal_is_told_and_raises_nothing() -> None:
    with mail_server(refuse=True) as server:
        given = settings(
            smtp_url=f"smtp://127.0.0.1:{server.port}", reports_mail_to="lead@example.com"
        )
        told = send_summary(given, report(NAMES))
    assert told == {"mail": "the mail server did not take it (SMTPRecipientsRefused)"}


@responses.activate
def test_the_card_names_clients_as_plain_text_and_opens_the_report() -> None:
    responses.post(TEAMS, status=202, match=[matchers.header_matcher({})])
    given = settings(
        reports_teams_webhook_url=TEAMS, reports_public_url="https://tickets.example.com/reports"
    )
    assert send_summary(given, report(NAMES)) == {"teams": "sent"}
    body = orjson.loads(responses.calls[0].request.body or b"")
    card = body["attachments"][0]["content"]
    assert card["actions"][0]["url"] == (
        "https://tickets.example.com/reports/2026-11-23/report.html"
    )
    runs = [run for block in card["body"][1:] for run in block["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}
    assert "<at>" not in orjson.dumps(card).decode()


@responses.activate
def test_a_channel_that_is_gone_costs_the_summary_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    responses.post(TEAMS, status=410)
    told = send_summary(settings(reports_teams_webhook_url=TEAMS), report(NAMES))
    assert "410" in told["teams"]
    assert "key-of-the-channel" not in capsys.readouterr().out


def test_what_is_not_known_is_left_out() -> None:
    lines = lines_of(report([], complete=2, night=OwnNight(), before=None))
    assert lines == ["100.0 % of 2 client records are complete (the first report); 0 to mend."]


def test_without_a_public_address_there_is_no_link() -> None:
    assert report_link("", "2026-11-23") == ""
