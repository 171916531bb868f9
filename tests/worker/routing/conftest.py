"""One small policy, learned once: enough to see behaviour, too small to judge quality."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from worker.routing.examples import COLUMNS
from worker.routing.policy import DEFAULT_POLICY, Policy, load_policy

ROWS: list[tuple[str, str, str]] = [
    ("password_reset", "locked out", "I cannot log in to the workflow portal, wrong password"),
    ("password_reset", "", "please reset my password, the portal refuses my login"),
    ("password_reset", "login", "password expired and I am locked out of the portal"),
    ("soc2_report", "SOC 2", "our auditors ask for your current SOC 2 report"),
    ("soc2_report", "audit", "please send the SOC 2 type II report to the auditors"),
    ("soc2_report", "", "may we have the soc 2 report for this year's audit"),
    ("custom_query", "SQL", "write us a SQL query over the invoice tables"),
    ("custom_query", "query", "we need a SQL select statement joining the vendor tables"),
    ("custom_query", "", "could you write the SQL query that lists open invoices"),
    ("unexplained_error_log", "log", "the server log shows a NullPointerException stack trace"),
    ("unexplained_error_log", "trace", "stack trace with exception in the log at night"),
    ("unexplained_error_log", "", "exception and stack trace in the error log, no bad data"),
    ("file_upload", "vendor list", "please load the attached vendor file into the system"),
    ("file_upload", "import", "attached is the GL file, please upload and import it"),
    ("file_upload", "", "please upload this vendor master file for us"),
    ("ocr_training", "samples", "teach the OCR this vendor's new layout, samples attached"),
    ("ocr_training", "", "please train the OCR on the new invoice layout of this vendor"),
    ("ocr_training", "layout", "new layout, the OCR was never trained on it, samples attached"),
]


def write_examples(folder: Path) -> Path:
    """The rows above as an examples folder in three voices."""
    folder.mkdir(parents=True, exist_ok=True)
    for voice in range(3):
        with (folder / f"voice_{voice}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for kind, subject, body in ROWS[voice::3]:
                writer.writerow([kind, subject, body, "email", "false", f"voice_{voice}"])
    return folder


@pytest.fixture(scope="session")
def examples_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_examples(tmp_path_factory.mktemp("examples"))


@pytest.fixture(scope="session")
def policy(examples_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load_policy(DEFAULT_POLICY, examples_dir, tmp_path_factory.mktemp("model"))
