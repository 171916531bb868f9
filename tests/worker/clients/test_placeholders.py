"""Values that say nothing, and addresses that mail could reach."""

from __future__ import annotations

import time

import pytest

from config.settings import CONFIG_DIR
from worker.clients.completeness import (
    CLIENT_UNKNOWN,
    is_deliverable,
    is_placeholder,
    missing,
)
from worker.clients.record import AdminContact, ClientRecord
from worker.routing.policy_file import read_document

RULES = read_document(CONFIG_DIR / "escalation.yaml").client_record
PLACEHOLDERS = {one.casefold() for one in RULES.placeholders}


def record(erp: str = "NetSuite", summary: str = "Two-step", *emails: str) -> ClientRecord:
    people = tuple(AdminContact(str(n), "Ada", email) for n, email in enumerate(emails))
    return ClientRecord("1", "Harrow", "harrow.example", erp, summary, False, people)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "\n\t",
        "n/a",
        "N/A",
        " n/a. ",
        "None",
        "none!",
        "TBD",
        "tbd ?",
        "-",
        "---",
        "—",
        "?",
        "?????",
        "...",
        "_",
        "\u200b",
        "n.a.",
    ],
)
def test_what_says_nothing_counts_as_missing(value: str) -> None:
    assert is_placeholder(value, PLACEHOLDERS)


@pytest.mark.parametrize(
    "value", ["SAP", "Sage 100", "none of the standard steps", "X3", "7", "日本語", "n/a until May"]
)
def test_what_says_something_counts(value: str) -> None:
    assert not is_placeholder(value, PLACEHOLDERS)


@pytest.mark.parametrize(
    "email", ["ap@client.example", " ap+x@mail.client.co.uk ", "o'neil@client.example", "a@b.co"]
)
def test_an_address_that_mail_could_reach(email: str) -> None:
    assert is_deliverable(email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ap",
        "ap@",
        "@client.example",
        "ap@client",
        "ap@client..example",
        "ap@@client.example",
        "a b@client.example",
        "Ada <ap@client.example>",
        "ap@client.example, bo@client.example",
        "n/a",
        "x" * 65 + "@client.example",
        "ap@" + "x" * 250 + ".example",
    ],
)
def test_an_address_that_it_could_not(email: str) -> None:
    assert not is_deliverable(email)


def test_a_hostile_address_costs_nothing() -> None:
    started = time.perf_counter()
    for hostile in ("a@" + "a." * 100_000, "a" * 1_000_000, "a@" + "a-" * 126 + "!"):
        assert not is_deliverable(hostile)
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    ("client", "lacks"),
    [
        (record("NetSuite", "Two-step", "ap@client.example"), ()),
        (record("n/a", "Two-step", "ap@client.example"), ("ERP system",)),
        (record("NetSuite", "tbd", "ap@client.example"), ("customization summary",)),
        (record("NetSuite", "Two-step"), ("administrative contact",)),
        (
            record("", "-"),
            ("administrative contact", "ERP system", "customization summary"),
        ),
        (record("NetSuite", "Two-step", "n/a", "ap@client.example"), ()),
        (None, (CLIENT_UNKNOWN,)),
    ],
)
def test_what_a_record_lacks_by_the_guidelines(
    client: ClientRecord | None, lacks: tuple[str, ...]
) -> None:
    assert missing(client, RULES) == lacks


def test_an_address_that_nobody_can_reach_is_no_contact() -> None:
    (said,) = missing(record("NetSuite", "Two-step", "n/a"), RULES)

    assert said.startswith("administrative contact")
