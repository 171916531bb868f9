"""`ticket-worker overrides`: corrections come out as rows that the examples would take."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from tests.simulator.hub import Hub
from tests.stack import route_all
from tests.worker.people import PERSON, move
from worker.commands.overrides import as_table, run_overrides
from worker.routing.candidates import Candidate
from worker.routing.examples import read_file
from worker.routing.ticket import Channel, Ticket
from worker.runtime import Runtime

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
EXAMPLE = "I cannot log in to the workflow portal, wrong password"  # and the subject: learned from
RESET = "please reset my password, the portal refuses my login, locked out"


def run(here: Runtime, output: Path) -> tuple[int, str]:
    page = io.StringIO()
    status = run_overrides(here, SINCE, output, Console(file=page, width=250))
    return status, " ".join(page.getvalue().split())


def test_a_correction_becomes_a_candidate_and_a_hand_off_does_not(
    here: Runtime, hub: Hub, tmp_path: Path
) -> None:
    corrected = hub.ticket(subject="=cmd|' /C calc'!A0", content=f"{RESET}, the OCR login too")
    handed_on, followed = hub.ticket(content=RESET), hub.ticket(content=RESET)
    learned = hub.ticket(subject="locked out", content=EXAMPLE)
    route_all(here, [corrected, handed_on, followed, learned])
    note = hub.act(
        "user",
        PERSON,
        "create",
        object_type="notes",
        properties={"hs_timestamp": "2026-01-01T00:00:00Z", "hs_note_body": "called them"},
    )["id"]
    hub.act(
        "user",
        PERSON,
        "associate",
        object_type="notes",
        id=note,
        to_type="tickets",
        to_id=handed_on,
    )
    move(hub, corrected, "Level 2 Support", "user", PERSON)
    move(hub, learned, "Level 2 Support", "user", PERSON)
    move(hub, handed_on, "Level 2 Support", "user", PERSON)
    output = tmp_path / "out" / "corrections.csv"
    status, said = run(here, output)
    assert status == 0
    assert "2 corrections; 1 later moves, which are hand-offs" in said
    assert f"{corrected} level_1 level_2 {PERSON}" in said
    assert "(an example already, or no text)" in said
    policy = here.policy.current()
    (example,) = read_file(output, list(policy.types))
    assert policy.types[example.ticket_type].queue == "level_2"
    assert example.ticket.body == f"{RESET}, the OCR login too"
    assert example.ticket.subject == "'=cmd|' /C calc'!A0"
    assert example.voice == "corrections"


def test_candidates_are_never_written_where_they_would_be_learned_from(here: Runtime) -> None:
    folder = here.settings.examples_dir
    before = sorted(folder.iterdir())
    status, said = run(here, folder / "corrections.csv")
    assert status == 2
    assert "without anybody's yes" in said
    assert "Nothing was written." in said
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("text", ['a "quote', "lines\nand\r\nmore", "x, y; z", "nul\0", "½ \ud83d"])
def test_whatever_a_ticket_says_the_rows_can_be_read_as_examples(text: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    ticket = Ticket("1", text, f"{text} {text}", Channel.FORM, managed_services=True)
    path.write_bytes(as_table([Candidate(ticket, "ocr_usage")] * 2))
    first, second = read_file(path, ["ocr_usage"])
    assert first.ticket.channel == "form"
    assert first.ticket.managed_services is True
    assert first.ticket_type == second.ticket_type == "ocr_usage"
