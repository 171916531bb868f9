"""Is a hand-off ready? What Level 1 has gathered is found, and what is not there is named."""

from __future__ import annotations

import time

import pytest

from worker.escalation.gathering import on_ticket
from worker.escalation.readiness import (
    CLIENT,
    ERROR_MESSAGE,
    SCREENSHOTS,
    STEPS,
    Gathered,
    missing,
)
from worker.hubspot.models import Record


def lacks(text: str, attachments: int | None = 1, client: tuple[str, ...] = ()) -> tuple[str, ...]:
    return missing(Gathered(text, attachments, client))


COMPLETE = "When I open the export it says “Access denied to share”. Since Monday."


def test_what_is_there_is_not_asked_for() -> None:
    assert lacks(COMPLETE) == ()
    assert lacks("") == (ERROR_MESSAGE, STEPS)
    assert lacks(COMPLETE, attachments=0) == (SCREENSHOTS,)
    assert lacks(COMPLETE, client=("ERP system",)) == (CLIENT,)


def test_attachments_that_nobody_lets_us_see_are_not_called_missing() -> None:
    assert SCREENSHOTS not in lacks(COMPLETE, attachments=None)


@pytest.mark.parametrize(
    "text",
    ["It says 'Value out of range' then.", "got code 403", "The import was rejected", "Timed out."],
)
def test_an_error_message_is_found(text: str) -> None:
    assert ERROR_MESSAGE not in lacks(text)


@pytest.mark.parametrize(
    "text",
    [
        "It doesn't open and the client can't wait, isn't that odd?",
        "Please help us.",
        "'a'",
        "It doesn't show the two clients' invoices.",
    ],
)
def test_apostrophes_quote_no_error_message(text: str) -> None:
    assert ERROR_MESSAGE in lacks(text)


@pytest.mark.parametrize(
    "text", ["Steps: open, save", "after clicking Save", "1. Open\n2. Save", "we tried another PC"]
)
def test_steps_are_found(text: str) -> None:
    assert STEPS not in lacks(text)


@pytest.mark.parametrize("piece", ['"a', "'a ", "“", "reproduc", "when ", "code ", "\n- ", "«x y"])
def test_a_hostile_text_costs_no_more_than_a_long_one(piece: str) -> None:
    began = time.process_time()
    lacks(piece * 20_000)
    assert time.process_time() - began < 2.0


# ---- what is on a ticket


def email(text: str, at: str, **more: str) -> Record:
    return Record("9", {"hs_email_text": text, "hs_timestamp": at, **more})


def note(body: str, at: str = "2026-11-20T09:00:00Z", **more: str) -> Record:
    return Record("8", {"hs_note_body": body, "hs_timestamp": at, **more})


TICKET = Record("1", {"subject": "Export", "content": "<p>The export &amp; import fail.</p>"})


def test_what_was_written_last_comes_first_without_mark_up_quotes_and_repeats() -> None:
    there = on_ticket(
        TICKET,
        [
            email("The export & import\nfail.", "2026-11-20T08:00:00Z"),  # the ticket's own mail
            email(
                "It is the NetSuite file.\n\nOn Mon, Dana wrote:\n> Which file is it?",
                "2026-11-20T10:00:00Z",
                hs_email_direction="INCOMING_EMAIL",
            ),
            note("<div>Seen on two<br>clients</div>", "2026-11-20T11:00:00Z"),
        ],
    )
    assert there.content == "The export & import fail."
    assert [(one.heading, one.text) for one in there.later] == [
        ("Note, 2026-11-20 11:00 UTC", "Seen on two\nclients"),
        ("E-mail received, 2026-11-20 10:00 UTC", "It is the NetSuite file."),
    ]
    assert "NetSuite" in there.text


def test_files_of_the_ticket_its_mails_and_its_notes_are_counted_once_each() -> None:
    there = on_ticket(
        Record("1", {"hs_file_upload": "77"}),
        [
            email("x", "2026-11-20T08:00:00Z", hs_attachment_ids="5;6"),
            note("y", hs_attachment_ids="6; 7;"),
            note('<p>see <IMG src="https://x/y.png"></p>'),
        ],
    )
    assert there.attachments == 5


def test_without_access_to_mails_the_ticket_itself_still_speaks() -> None:
    assert on_ticket(TICKET, None).attachments is None
    assert on_ticket(Record("1", {"hs_file_upload": "77"}), None).attachments == 1
