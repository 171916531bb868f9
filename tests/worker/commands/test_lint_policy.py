"""`ticket-worker lint-policy`: on the shipped policy, on broken ones, and against a portal."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from config.settings import Settings, load_settings
from tests.simulator.hub import Hub
from tests.stack import settings_for
from tests.worker.people import stage_id
from worker.commands.lint_policy import run_lint
from worker.routing.examples import COLUMNS, read_examples
from worker.routing.held_out import kept
from worker.routing.lint.finding import Weight
from worker.routing.lint.policy import lint_policy
from worker.routing.policy import (
    DEFAULT_CACHE,
    DEFAULT_EXAMPLES,
    DEFAULT_MEANINGS,
    DEFAULT_POLICY,
)
from worker.routing.policy_file import read_document_and_lines
from worker.routing.train import Sources

NOBODY = "http://127.0.0.1:1"


def lint(settings: Settings, path: Path = DEFAULT_POLICY) -> tuple[int, str]:
    page = io.StringIO()
    status = run_lint(settings, path, Console(file=page, width=250))
    return status, " ".join(page.getvalue().split())


def test_the_shipped_policy_has_no_fault() -> None:
    document, lines = read_document_and_lines(DEFAULT_POLICY)
    examples = read_examples(DEFAULT_EXAMPLES, document.types)
    sources = Sources(DEFAULT_POLICY, DEFAULT_EXAMPLES, DEFAULT_MEANINGS, DEFAULT_CACHE)
    found, _ = lint_policy(DEFAULT_POLICY, document, lines, examples, kept(sources.model()))
    assert [str(one) for one in found if one.weight is Weight.ERROR] == []


@pytest.fixture
def offline(folder: Path) -> Settings:
    return load_settings(
        _env_file=None,
        hubspot_access_token=SecretStr(""),
        data_dir=folder,
        examples_dir=folder / "examples",
    )


def test_faults_are_told_with_line_and_mend(offline: Settings, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    rules = (
        'rules:\n  - {name: "SOC [2]", becomes: soc2_report, phrases: [soc 2]}\n'
        "  - {name: later, becomes: general, phrases: [soc 2 report]}\n"
    )
    policy.write_text(DEFAULT_POLICY.read_text().replace("rules:\n", rules))
    line = policy.read_text().splitlines().index(rules.splitlines()[2]) + 1
    status, said = lint(offline, policy)
    assert status == 1
    assert f"error {policy}, line {line}: the rule 'later' is never reached" in said
    assert "fits 'SOC [2]' before it" in said
    assert "Put it before that one, or delete it." in said
    assert "the type error_ticket has no example" in said
    assert "Not checked: whether each queue has a stage in the portal" in said
    assert "HUBSPOT_ACCESS_TOKEN is not set" in said


def test_warnings_alone_are_no_failure(offline: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    folder.mkdir()
    document, _ = read_document_and_lines(DEFAULT_POLICY)
    for voice in ("a", "b"):
        with (folder / f"{voice}.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for code in document.types:
                rows.writerow([code, "", f"{voice} about {code}", "", "", voice])
    status, said = lint(offline.model_copy(update={"examples_dir": folder}))
    assert status == 0
    assert f"0 errors, {len(document.types)} warnings" in said
    assert "Not checked: which types take each other's tickets" in said
    assert "ticket-worker train" in said


def test_a_queue_without_a_stage_in_the_portal_is_an_error(
    fresh_hub: Hub, redis_url: str, folder: Path, tmp_path: Path
) -> None:
    names = tmp_path / "portal.yaml"
    settings = settings_for(fresh_hub.base, redis_url, folder, portal_file=names)
    shutil.copy(Path("config/portal.yaml"), names)
    status, said = lint(settings)
    assert status == 1
    assert "the queue ocr (OCR) has no stage in the portal" in said
    assert "`ticket-worker setup` would add the stage" in said
    assert stage_id(fresh_hub, "New")


def test_a_portal_that_does_not_answer_is_told_as_not_checked(redis_url: str, folder: Path) -> None:
    _, said = lint(settings_for(NOBODY, redis_url, folder))
    assert "Not checked: whether each queue has a stage in the portal (" in said
    assert "has no stage" not in said
