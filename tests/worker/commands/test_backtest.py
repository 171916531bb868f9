"""`ticket-worker backtest`: files, a draft, bars, and the portal's own tickets."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from config.settings import Settings
from tests.simulator.hub import Hub
from tests.stack import route_all, settings_for
from tests.worker.people import PERSON, move
from worker.commands.backtest import Asked, run_backtest
from worker.reports.backtest_page import PAGE
from worker.routing.policy import DEFAULT_POLICY
from worker.routing.policy_bars import write_bars
from worker.routing.policy_file import read_document
from worker.runtime import Runtime

RESET = "please reset my password, the portal refuses my login, locked out"
SQL = "please write the SQL query that lists open invoices"
NOBODY = "http://127.0.0.1:1"


class Lead:
    """A support lead at the command line."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.said = ""

    def backtest(self, input_: Path | None = None, **more: object) -> int:
        page = io.StringIO()
        asked = {
            "input_": input_,
            "draft": None,
            "tune": False,
            "write": False,
            "output": self.folder,
            "since": datetime(2020, 1, 1, tzinfo=UTC),
            "limit": 10_000,
            **more,
        }
        console = Console(file=page, width=200)
        status = run_backtest(self.settings, Asked(**asked), console)  # type: ignore[arg-type]
        self.said = " ".join(page.getvalue().split())
        return status

    @property
    def page(self) -> str:
        return (self.folder / PAGE).read_text()


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_bytes(DEFAULT_POLICY.read_bytes())
    return path


@pytest.fixture
def lead(folder: Path, policy_file: Path, tmp_path: Path) -> Lead:
    settings = settings_for(NOBODY, "redis://127.0.0.1:1", folder, policy_file=policy_file)
    return Lead(settings, tmp_path / "page")


def lines(folder: Path, *rows: tuple[str, str], subject: str = "") -> Path:
    """Labelled lines of (text, type); of a plain text, a line that is no JSON."""
    path = folder / "tickets.jsonl"
    with path.open("w") as file:
        for number, (text, kind) in enumerate(rows):
            row = {"id": str(number), "subject": subject, "body": text, "ticket_type": kind}
            file.write((json.dumps(row) if kind else text) + "\n")
    return path


def test_labelled_lines_are_judged_without_any_network(lead: Lead, tmp_path: Path) -> None:
    path = lines(tmp_path, (RESET, "password_reset"), (SQL, "custom_query"), (SQL, "custom_report"))
    assert lead.backtest(path) == 0
    assert "3 tickets with a known queue" in lead.said
    assert "queue right, best guess 66.7% (2/3)" in lead.said
    assert "not_supported 1 100.0% (1/1) 50.0% (1/2) 100.0% (1/1) 4" in lead.said
    assert "66.7%" in lead.page
    assert "2/3" in lead.page


def test_a_line_that_can_not_be_read_is_told_and_costs_the_others_nothing(
    lead: Lead, tmp_path: Path
) -> None:
    path = lines(tmp_path, ("[bold]nonsense", ""), (RESET, "password_reset"), (SQL, "sql"))
    assert lead.backtest(path) == 1
    assert "1 ticket with a known queue" in lead.said
    assert "Line 1 was left out: not JSON" in lead.said
    assert "Line 3 was left out: the ticket_type 'sql' is not in the policy." in lead.said


def test_the_examples_are_judged_by_voices_held_out(lead: Lead) -> None:
    assert lead.backtest(lead.settings.examples_dir) == 0
    assert "18 of them were learned from" in lead.said
    assert lead.backtest(lead.settings.examples_dir / "voice_1.csv") == 0
    assert "6 of them were learned from" in lead.said


def test_a_draft_shows_which_tickets_would_move_and_fails_when_it_makes_it_worse(
    lead: Lead, tmp_path: Path, policy_file: Path
) -> None:
    hostile = "<script>[/]\x1b[2J"
    path = lines(tmp_path, (RESET, "password_reset"), (SQL, "custom_query"), subject=hostile)
    draft = tmp_path / "draft.yaml"
    text = policy_file.read_text()
    draft.write_text(text)
    write_bars(draft, {"not_supported": 1.0})
    assert lead.backtest(path, draft=draft) == 1
    assert "1 of 2 tickets would move; 1 left to triage" in lead.said
    assert "The draft costs more than the policy in force." in lead.said
    assert "1 <script>[/]�[2J not_supported → level_1 left to triage" in lead.said
    assert "&lt;script&gt;[/]" in lead.page
    assert "<script" not in lead.page
    assert "http" not in lead.page.replace("http://www.w3.org/", "")
    # The other way round it is an improvement.
    policy_file.write_bytes(draft.read_bytes())
    draft.write_text(text)
    assert lead.backtest(path, draft=draft) == 0
    assert "1 turns right" in lead.said


def test_bars_are_chosen_from_the_examples_and_written_only_when_asked(
    lead: Lead, policy_file: Path, tmp_path: Path
) -> None:
    shipped = policy_file.read_text()
    start = shipped.index("bar: ", shipped.index("  level_1:"))
    policy_file.write_text(f"{shipped[:start]}bar: 0.73{shipped[shipped.index(chr(10), start) :]}")
    before = policy_file.read_bytes()
    assert lead.backtest(tune=True) == 0
    assert "18 of them were learned from" in lead.said
    many = lines(tmp_path, *[(f"{RESET} {n}", "password_reset") for n in range(20)])
    assert lead.backtest(many, tune=True) == 0
    assert "Nothing was written; --write" in lead.said
    assert policy_file.read_bytes() == before
    assert lead.backtest(many, tune=True, write=True) == 0
    assert "the bars of level_1 were written" in lead.said
    assert read_document(policy_file).queues["level_1"].bar == 0.30
    assert lead.backtest(many, tune=True, write=True) == 0
    assert "The policy has these bars already." in lead.said


def test_without_a_label_nothing_is_said_of_right_and_wrong(lead: Lead, tmp_path: Path) -> None:
    path = tmp_path / "plain.jsonl"
    path.write_text('{"id": "1", "subject": "", "body": "please reset my password"}\n')
    assert lead.backtest(path) == 1
    assert "1 without `ticket_type`: in no figure." in lead.said
    assert "No ticket here has a label" in lead.said


def test_the_portals_tickets_are_labelled_by_persons_alone(
    hub: Hub, here: Runtime, lead: Lead, redis_url: str, folder: Path
) -> None:
    since = datetime(2025, 3, 1, tzinfo=UTC)
    created = {"created_at": "2025-03-02T00:00:00Z", "attach_after_s": 0}
    hub.ticket(content=RESET, created_at="2025-02-27T00:00:00Z")
    placed, corrected, ours, untouched = (hub.ticket(content=RESET, **created) for _ in range(4))
    route_all(here, [corrected, ours])
    move(hub, placed, "Level 1 Support", "user", PERSON)
    move(hub, corrected, "OCR", "user", PERSON)
    move(hub, untouched, "Closed", "user", PERSON)
    lead.settings = settings_for(hub.base, redis_url, folder)
    until = len(hub.control("GET", "/log?after=0")["entries"])
    assert lead.backtest(None, since=since, limit=10) == 0
    assert "2 tickets with a known queue." in lead.said
    assert "1 unchallenged: nobody moved them" in lead.said
    assert "1 moved by the worker alone: left out." in lead.said
    assert "queue right, best guess 50.0% (1/2)" in lead.said
    assert len(hub.control("GET", "/log?after=0")["entries"]) == until
