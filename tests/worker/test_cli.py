"""Every error that a person can meet at the command line: one clear message, exit status 2."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import TOKEN, provision, settings_for
from tests.worker.running import Said, environment, ticket_worker
from worker.cli import main
from worker.intake.inbox import Inbox
from worker.processes import embedded_redis

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Said]


@pytest.fixture(scope="module")
def portal() -> Iterator[Hub]:
    """A portal that takes one token alone."""
    with running_simulator("--empty", "--token", TOKEN) as base, Hub(base) as hub:
        yield hub


@pytest.fixture
def hub(portal: Hub) -> Hub:
    portal.settings(scopes=None)
    portal.control("PUT", "/faults", {"rules": []})
    portal.control("POST", "/reset", {"portal": "empty", "tier": "professional", "seed": 7})
    return portal


@pytest.fixture
def run(hub: Hub, redis_url: str, folder: Path) -> Run:
    """Runs a command with good settings; `NAME="value"` changes one, None takes it out."""
    env = environment(settings_for(hub.base, redis_url, folder))

    def run(*arguments: str, stdin: str = "", **changes: str | None) -> Said:
        changed = {name: value for name, value in {**env, **changes}.items() if value is not None}
        return ticket_worker(changed, folder, *arguments, stdin=stdin)

    return run


@pytest.fixture
def run_here(redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """As `run`, within this process: for commands that end before they ask anybody."""
    env = environment(settings_for(f"http://{nobody()}", redis_url, folder))
    monkeypatch.chdir(folder)

    def run(*arguments: str, **changes: str | None) -> Said:
        result = CliRunner().invoke(main, arguments, env={**env, **changes})
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


def complained(said: Said, *words: str) -> None:
    """One message on standard error, with these words; no traceback."""
    assert said.status == 2, said
    assert said.errors.strip()
    assert "Traceback" not in said.errors
    for word in words:
        assert word in said.folded, said


def nobody() -> str:
    return f"127.0.0.1:{embedded_redis.free_port()}"


# ---- settings and files


def test_missing_settings_are_named_with_what_they_are_for(run_here: Run) -> None:
    said = run_here("worker", HUBSPOT_ACCESS_TOKEN=None)
    complained(said, "Settings: Nothing was started.", "HUBSPOT_ACCESS_TOKEN", ".env.example")
    complained(run_here("flower"), "FLOWER_BASIC_AUTH (user:password for Flower")
    for command in ("backtest", "overrides"):
        said = run_here(command, HUBSPOT_ACCESS_TOKEN=None)
        complained(said, "Settings: Nothing was started.", "HUBSPOT_ACCESS_TOKEN")


def test_wrong_settings_are_named_together_with_what_would_be_right(run_here: Run) -> None:
    said = run_here("setup", REDIS_URL="localhost", ROUTING_MODE="live", HUBSPOT_API_VERSION="v3")
    complained(said, "REDIS_URL", "redis://", "ROUTING_MODE", "suggest", "2026-09")


def test_a_broken_policy_names_file_line_and_mend(run_here: Run, tmp_path: Path) -> None:
    policy = tmp_path / "policy [draft].yaml"
    lines = (ROOT / "config" / "escalation.yaml").read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.strip().startswith("bar:"))
    lines[number - 1] = lines[number - 1].replace("bar:", "barr:")
    policy.write_text("\n".join(lines))
    for command in (("worker",), ("setup",), ("up",)):
        said = run_here(*command, POLICY_FILE=str(policy))
        complained(said, f"Policy: {policy}, line {number}", "barr", "Did you mean 'bar'?")


def test_a_wrong_portal_yaml_names_file_line_and_mend(run_here: Run, tmp_path: Path) -> None:
    names = tmp_path / "portal.yaml"
    names.write_text("pipeline: ''\nstagess: {}\n")
    said = run_here("setup", PORTAL_FILE=str(names))
    complained(said, f"Names in the portal: {names}, line 2", "Did you mean 'stages'?")
    said = run_here("doctor", PORTAL_FILE=str(tmp_path / "gone.yaml"))
    assert said.status == 1
    assert "gone.yaml: can't be read" in said.folded


def test_a_folder_that_can_not_be_written_is_named(run_here: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    complained(run_here("beat", DATA_DIR=str(tmp_path / "file")), f"File: {tmp_path / 'file'}/beat")


def test_flower_lists_what_became_of_each_batch(
    run_here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("worker.cli._celery", lambda *words: asked.extend(words))
    run_here("flower", FLOWER_BASIC_AUTH="me:long enough")
    (columns,) = [word for word in asked if word.startswith("--tasks_columns=")]
    assert columns.startswith("--tasks_columns=name,result,state,")


# ---- HubSpot


def test_a_wrong_token_is_told_with_the_mend(run: Run) -> None:
    for command in (("setup",), ("explain", "1")):
        said = run(*command, HUBSPOT_ACCESS_TOKEN="another")
        complained(said, "HubSpot: ", "Copy the token again", "HUBSPOT_ACCESS_TOKEN")
        assert "another" not in said.folded
    said = run("doctor", HUBSPOT_ACCESS_TOKEN="another")
    assert said.status == 1
    assert "! token" in said.folded
    assert "1 to mend" in said.last


def test_missing_scopes_are_named(run: Run, hub: Hub) -> None:
    hub.settings(scopes=["oauth", "tickets", "crm.objects.contacts.read"])
    complained(run("setup"), "Missing scopes: ", "crm.objects.companies.read", "hubspot-app/")
    said = run("doctor")
    assert said.status == 1
    assert "! scope crm.objects.companies.read" in said.folded
    assert "ok scope tickets" in said.folded


def test_hubspot_that_is_not_there_is_told_as_such(run: Run) -> None:
    url = f"http://{nobody()}"
    complained(run("setup", HUBSPOT_BASE_URL=url), "HUBSPOT_BASE_URL right and reachable")
    said = run("doctor", HUBSPOT_BASE_URL=url)
    assert said.status == 1
    assert "Is HUBSPOT_BASE_URL right and reachable?" in said.folded


def test_a_portal_that_is_not_ready_is_told_with_what_setup_would_do(run: Run) -> None:
    complained(run("explain", "1"), "The portal: ", "ticket-worker setup")
    said = run("doctor")
    assert said.status == 1
    assert "`ticket-worker setup` would" in said.folded


# ---- Redis


def test_redis_that_is_gone_is_told_as_such(run: Run) -> None:
    gone = f"redis://{nobody()}/0"
    for command in (("failed", "list"), ("reroute", "1")):
        complained(run(*command, REDIS_URL=gone), "Redis: It does not answer", "REDIS_URL")
    said = run("doctor", REDIS_URL=gone)
    assert said.status == 1
    assert "! Redis" in said.folded


def test_redis_that_hangs_is_told_as_such(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        complained(run("failed", "list", REDIS_URL=address), "It does not answer (TimeoutError)")


def test_redis_that_wants_a_password_is_told_as_such(run: Run, tmp_path: Path) -> None:
    process, url = embedded_redis.start(tmp_path / "guarded")
    try:
        with redis.Redis.from_url(url) as client:
            client.config_set("requirepass", "right")
        for address in (url, url.replace("://", "://:wrong@")):
            complained(run("failed", "list", REDIS_URL=address), "Redis: It refuses the login")
    finally:
        process.kill()
        process.wait()


# ---- words that are no command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain", "abc"), "'abc' is no ticket id"),
        (("reroute", "1", "#2"), "'#2' is no ticket id"),
        (("reroute",), "Name tickets"),
        (("backfill",), "--since"),
        (("backfill", "--since", "yesterday"), "yesterday"),
        (("decide", "--input", "gone.jsonl", "--output", "-"), "gone.jsonl"),
        (("decide", "--input", "-", "--output", "gone/x.jsonl"), "gone/x.jsonl"),
        (("backtest", "--input", "gone.jsonl"), "gone.jsonl"),
        (("backtest", "--policy", "gone.yaml"), "gone.yaml"),
        (("backtest", "--write"), "--write goes with --tune. Nothing was done."),
        (("overrides", "--since", "yesterday"), "yesterday"),
        (("lint-policy", "gone.yaml"), "gone.yaml"),
        (("set-up",), "No such command"),
    ],
)
def test_wrong_words_are_told(run_here: Run, words: tuple[str, ...], said: str) -> None:
    result = run_here(*words)
    assert result.status == 2
    assert said in result.folded
    assert "Traceback" not in result.errors


# ---- what works


def test_decide_reads_and_writes_json_lines(run: Run) -> None:
    lines = '{"id": "a", "subject": "Password", "body": "Please reset my password."}\nnonsense\n'
    result = run("decide", "--input", "-", "--output", "-", stdin=lines, REDIS_URL="redis://x:1/0")
    first, second = (json.loads(line) for line in result.out.strip().splitlines())
    assert result.status == 1
    assert (first["id"], first["ticket_type"]) == ("a", "password_reset")
    assert set(second) == {"line", "error"}


def test_backtest_reads_labelled_lines_and_needs_no_network(run: Run, tmp_path: Path) -> None:
    line = '{"id": "a", "subject": "", "body": "reset my password", "ticket_type": "%s"}\n'
    lines = line % "password_reset" + line % "soc2_report"
    output = ("--output", str(tmp_path))
    said = run("backtest", "--input", "-", *output, stdin=lines, HUBSPOT_ACCESS_TOKEN=None)
    assert said.status == 0, said
    assert "type right, best guess 50.0% (1/2)" in said.folded
    assert said.last == f"The page: {tmp_path / 'backtest.html'}"
    said = run("backtest", "--input", "-", *output, stdin=line % "soc")
    assert said.status == 1
    assert "Line 1 was left out" in said.folded


def test_failed_lists_and_tries_again(run: Run, redis_client: redis.Redis) -> None:
    inbox = Inbox(redis_client)
    inbox.fail("5", "The stage [bold]OCR[/bold] is gone\x1b[2J. [/]")
    said = run("failed", "list")
    assert said.status == 0
    assert "The stage [bold]OCR[/bold] is gone�[2J. [/]" in said.folded
    said = run("failed", "retry", "5", "6")
    assert said.status == 1
    assert "6 is not set aside" in said.folded
    assert inbox.failures() == []
    assert inbox.counts()["due"] == 1
    assert run("failed", "retry").last == "0 tickets are tried again"


def test_explain_shows_words_of_others_as_they_are(run: Run, hub: Hub, redis_url: str) -> None:
    provision(settings_for(hub.base, redis_url, Path("var")))
    ticket = hub.ticket(subject="[/red] [b]x\x1b[31m\u202e", content="Please reset my password.")
    said = run("explain", ticket)
    assert said.status == 0, said
    assert f"Ticket {ticket} [/red] [b]x�[31m�" in said.folded
    assert "What would be done now" in said.folded
    gone = run("explain", "999999")
    assert (gone.status, "HubSpot has no ticket 999999" in gone.out) == (1, True)
