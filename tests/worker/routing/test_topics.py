"""Several requests in one ticket, with a policy small enough to see what is told apart."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from tests.worker.routing.conftest import ROWS
from worker.routing.decide import Case, decide, decide_batch
from worker.routing.examples import COLUMNS
from worker.routing.policy import DEFAULT_POLICY, Policy, PolicyDocument, load_policy
from worker.routing.ticket import Ticket

ASKS = {
    "password_reset": "Please reset my password, the portal refuses my login",
    "soc2_report": "Our auditors ask for your current SOC 2 report",
    "custom_query": "Could you write a SQL query that lists open invoices",
    "file_upload": "Please load the attached vendor file into the system",
    "ocr_training": "Please teach the OCR the new layout of this vendor",
    "unexplained_error_log": "The error log shows an exception with a stack trace",
    "ocr_password": "My OCR password has expired, please reset it for the OCR",
}
TOLD = (
    "It is for Friday. Many people are waiting here.",
    "The SOC 2 report came, thanks. We have no trouble with the OCR.",
    "My password works. The vendor file was loaded last week, it is fine.",
)
JOINS = (" Also: ", "\n\nAnother thing. ", " And, apart from this: ")


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("examples")
    for voice in range(3):
        with (folder / f"voice_{voice}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for kind, subject, body in ROWS:
                greeting = ("Hello, ", "hi ", "Dear team, ")[voice]
                thanks = (" Thanks.", " thx", " Kind regards")[voice]
                writer.writerow([kind, subject, f"{greeting}{body}.{thanks}", "", "", ""])
            for kind, ask in ASKS.items():
                for told in TOLD:
                    writer.writerow([kind, "", f"{greeting}{ask}. {told} {thanks}", "", "", ""])
            for one, other in combinations(ASKS, 2):
                body = f"{ASKS[one]}.{JOINS[voice]}{ASKS[other]}."
                writer.writerow([f"{one}; {other}", "", body, "", "", ""])
    return load_policy(DEFAULT_POLICY, folder, tmp_path_factory.mktemp("model"))


def ticket(body: str) -> Ticket:
    return Ticket("1", "", body)


def with_rules(policy: Policy, *rules: Mapping[str, object]) -> Policy:
    data = policy.document.model_dump(mode="json", by_alias=True) | {"rules": rules}
    return replace(policy, document=PolicyDocument.model_validate_json(json.dumps(data)))


TWO = (
    "Our auditors ask for the SOC 2 report. Besides, please teach the OCR this vendor's new layout."
)


def test_two_requests_go_to_level_1_with_the_split_proposed(policy: Policy) -> None:
    decision = decide(ticket(TWO), None, policy)
    assert [(t.ticket_type, t.queue) for t in decision.topics] == [
        ("soc2_report", "level_1"),
        ("ocr_training", "ocr"),
    ]
    assert "SOC 2" in decision.topics[0].excerpt
    assert "layout" in decision.topics[1].excerpt
    assert (decision.ticket_type, decision.queue) == ("general", "level_1")
    assert decision.routed_to == "level_1"
    assert "holds 2 requests for different teams" in decision.reason
    assert "(2) OCR, OCR training" in decision.reason
    assert decision.topics[1].excerpt in decision.reason


def test_what_may_be_two_requests_is_split_at_level_1_beside_its_best_guess(
    policy: Policy,
) -> None:
    classifier = policy.classifier
    bias = classifier.linear.bias.copy()
    bias[classifier.types.index("general")] = -100.0
    doubtful = replace(
        policy,
        classifier=replace(
            classifier,
            linear=replace(classifier.linear, bias=bias),
            splitting=replace(classifier.splitting, middle=float("-inf"), certain=float("inf")),
        ),
    )
    decision = decide(ticket(TWO), None, doubtful)
    assert {topic.queue for topic in decision.topics} == {"ocr", "level_1"}
    assert decision.ticket_type in {"ocr_training", "soc2_report"}
    assert decision.routed_to == "level_1"
    assert "may hold 2 requests for different teams" in decision.reason


def test_three_requests_are_three_topics(policy: Policy) -> None:
    body = f"{TWO} Also, please reset my portal password, I am locked out."
    types = {topic.ticket_type for topic in decide(ticket(body), None, policy).topics}
    assert types == {"soc2_report", "ocr_training", "password_reset"}


@pytest.mark.parametrize("ask", ASKS.values())
def test_one_request_has_no_topics(policy: Policy, ask: str) -> None:
    body = f"Hello,\n{ask}.\nIt is for Friday. Many people are waiting here.\nThank you"
    assert decide(ticket(body), None, policy).topics == ()


def test_requests_for_one_team_go_to_that_team_and_are_listed(policy: Policy) -> None:
    body = f"{ASKS['file_upload']}. Also: {ASKS['ocr_password']}."
    decision = decide(ticket(body), None, policy)
    assert {topic.ticket_type for topic in decision.topics} == {"file_upload", "ocr_password"}
    assert decision.queue == "level_2"
    assert decision.ticket_type in {"file_upload", "ocr_password"}
    assert "all for this team" in decision.reason


def test_rule_holds_for_the_part_that_it_fits(policy: Policy) -> None:
    rule = {
        "name": "Layouts are taught by Level 2",
        "becomes": "solution_ticket",
        "guess": ["ocr_training"],
        "phrases": ["layout"],
    }
    decision = decide(ticket(TWO), None, with_rules(policy, rule))
    assert [t.ticket_type for t in decision.topics] == ["soc2_report", "solution_ticket"]


def test_parts_that_a_rule_makes_alike_are_one_request(policy: Policy) -> None:
    rule = {
        "name": "All of it is for auditors",
        "becomes": "soc2_report",
        "guess": ["ocr_training", "soc2_report"],
    }
    assert decide(ticket(TWO), None, with_rules(policy, rule)).topics == ()


def test_excerpts_and_reason_stay_short(policy: Policy) -> None:
    long = "with every page and every annex that there may be " * 40
    body = " ".join(f"{ask} {long}." for ask in ASKS.values())
    decision = decide(ticket(body), None, policy)
    assert all(len(topic.excerpt) <= 160 for topic in decision.topics)
    assert len(decision.reason) <= 1_500


def test_ticket_that_was_learned_from_is_judged_by_its_held_out_margins(policy: Policy) -> None:
    margins = np.zeros(len(policy.classifier.types), dtype=np.float32)
    margins[policy.classifier.types.index("file_upload")] = 1.0
    (decision,) = decide_batch([Case(ticket(TWO), margins=margins)], policy)
    assert decision.topics == ()
    assert decision.ticket_type == "file_upload"
