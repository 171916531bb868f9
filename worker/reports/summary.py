"""The morning's summary: a few lines with a link, to a Teams channel and by e-mail. Off where no
address is set; a summary that can't be sent costs nothing but itself.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import structlog

from config.settings import Settings, mail_addresses
from worker.escalation.card_drawing import Card
from worker.escalation.plain_text import harmless
from worker.escalation.teams import NotDelivered, post_card
from worker.reports import pages
from worker.reports.report import Report

SMTP_S = 20.0
FIRST = 5  # clients named in a summary
SMTP_PORTS = {"smtp": 587, "smtps": 465}
log = structlog.get_logger()


def send_summary(settings: Settings, report: Report) -> Mapping[str, str]:
    """Send the summary wherever an address is set. What became of each channel: `sent`, or why
    it was not; also logged. Raises nothing of the channels'."""
    told: dict[str, str] = {}
    link = report_link(settings.reports_public_url, report.date)
    channel = settings.reports_teams_webhook_url
    if channel.get_secret_value():
        told["teams"] = _tried(lambda: post_card(channel, card(report, link)))
    if settings.smtp_url.get_secret_value() and mail_addresses(settings.reports_mail_to):
        told["mail"] = _tried(lambda: _mail(settings, mail(settings, report, link)))
    for name, became in told.items():
        if became != "sent":
            log.error("summary_not_sent", channel=name, report=report.date, why=became)
    return told


def report_link(public_url: str, date: str) -> str:
    """Where people open the report; empty where that is not known."""
    if not public_url:
        return ""
    base = public_url if public_url.endswith("/reports") else f"{public_url}/reports"
    return f"{base}/{date}/{pages.PAGE}"


def lines_of(report: Report) -> list[str]:
    """The summary in plain lines."""
    night = report.night
    lines = [pages.headline(report)]
    if report.partial:
        lines.append(
            f"The check is still under way: {pages.percent(report.share_done)} of it is done."
        )
    missed = [one for one in report.lacks if one.clients][:3]
    if missed:
        lines.append(
            "Missing most: "
            + ", ".join(f"{one.words} ({pages.number(one.clients)})" for one in missed)
            + "."
        )
    if report.mends:
        lines.append("First to mend: " + ", ".join(m.name for m in report.mends[:FIRST]) + ".")
    if night.routed is not None:
        lines.append(
            f"Tickets in 24 hours: {pages.number(night.routed.total)} routed, "
            f"{pages.number(night.routed.abstained)} to triage, "
            f"{pages.number(night.routed.failed)} failed"
            + (
                f", {pages.number(night.corrected)} corrected"
                if night.corrected is not None
                else ""
            )
            + "."
        )
    if night.undecided is not None and night.undecided.tickets:
        lines.append(
            f"{pages.number(night.undecided.tickets)} wait for a decision, the oldest for "
            f"{pages.duration(night.undecided.oldest_s)}."
        )
    if overdue := sum((night.overdue or {}).values()):
        lines.append(f"{pages.number(overdue)} wait in their queue for too long.")
    if night.set_aside is not None and night.set_aside.tickets:
        lines.append(
            f"{pages.number(night.set_aside.tickets)} are set aside: nobody works on them."
        )
    return lines


def card(report: Report, link: str) -> Card:
    """The summary for Teams (Adaptive Cards 1.4); foreign names stand in text runs alone."""
    title = f"Client records, {pages.day_words(report.date)}"
    body: list[Card] = [
        {"type": "TextBlock", "text": title, "weight": "Bolder", "size": "Large", "wrap": True}
    ]
    body += [
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": harmless(line, 600)}]}
        for line in lines_of(report)
    ]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": title,
        "body": body,
        **(
            {"actions": [{"type": "Action.OpenUrl", "title": "Open the report", "url": link}]}
            if link
            else {}
        ),
    }


def mail(settings: Settings, report: Report, link: str) -> EmailMessage:
    """The summary as a plain message."""
    message = EmailMessage()
    message["Subject"] = (
        f"Client records: {pages.percent(report.share)} complete, "
        f"{pages.number(report.figures.incomplete)} to mend"
    )
    receivers = mail_addresses(settings.reports_mail_to)
    message["From"] = settings.reports_mail_from or receivers[0]
    message["To"] = ", ".join(receivers)
    message["Date"] = formatdate(report.made_at.timestamp())
    message["Message-ID"] = make_msgid(domain="ticket-worker.invalid")
    text = [pages.day_words(report.date), "", *(harmless(one, 600) for one in lines_of(report))]
    message.set_content("\n".join([*text, *(["", link] if link else [])]) + "\n")
    return message


def _tried(send: Callable[[], None]) -> str:
    try:
        send()
    except NotDelivered as error:
        return str(error)
    except (smtplib.SMTPException, OSError) as error:
        # Servers quote what they were told; the sentence alone goes into the log.
        return f"the mail server did not take it ({type(error).__name__})"
    return "sent"


def _mail(settings: Settings, message: EmailMessage) -> None:
    """Hand a message to the mail server; smtps is TLS throughout, smtp is upgraded where the
    server can, and never sends a password in the clear."""
    at = urlsplit(settings.smtp_url.get_secret_value())
    host, port = at.hostname or "", at.port or SMTP_PORTS[at.scheme]
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if at.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, port, timeout=SMTP_S, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SMTP_S)
    with server:
        server.ehlo()
        secure = at.scheme == "smtps"
        if not secure and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            secure = True
        if at.username:
            if not secure:
                raise smtplib.SMTPNotSupportedError("no TLS for the login")
            server.login(unquote(at.username), unquote(at.password or ""))
        server.send_message(message)
