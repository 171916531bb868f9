"""The table of requests as a matrix: every owning queue, request and readiness."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from worker.escalation.ledger import NOTICE
from worker.escalation.requests import (
    Asked,
    asked,
    hand_off,
    newer_request,
    not_moved,
    owner_of,
    properties,
    suggestion,
    superseded,
)
from worker.hubspot.models import HistoryEntry, Record
from worker.portal import Portal, StageKind
from worker.routing.policy import DEFAULT_POLICY, Policy
from worker.routing.policy_document import PolicyDocument, Readiness
from worker.routing.policy_file import read_document
from worker.routing.portal_view import PortalView
from worker.tickets.state import HANDLED_AT, REQUEST, STAGE

QUEUES = ("admin", "level_1", "level_2", "ocr", "product", "development", "it", "not_supported")
# The guidelines, written out once more by hand: request → (from, to).
TABLE = {
    "needs_analysis": ({"admin"}, "level_1"),
    "exceeds_level_1": ({"level_1"}, "level_2"),
    "new_report": ({"level_1"}, "level_2"),
    "reproduce_bug": ({"level_1"}, "level_2"),
    "not_reproducible": ({"level_2"}, "it"),
    "unexplained_error_log": ({"level_1", "level_2", "ocr", "it"}, "development"),
    "needs_development": ({"level_1", "level_2", "ocr", "it", "development"}, "product"),
    "needs_clarification": ({"level_2"}, "product"),
    "relay_to_client": ({"level_2", "ocr", "product", "development", "it"}, "level_1"),
    "scoping_new_site": ({"level_1", "not_supported"}, "product"),
    "out_of_scope": (set(QUEUES) - {"not_supported"}, "not_supported"),
}
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
DOCUMENT = read_document(DEFAULT_POLICY)


class NoClassifier:
    types: tuple[str, ...] = ()


def policy_of(document: PolicyDocument) -> Policy:
    return Policy(document, NoClassifier(), "test")  # type: ignore[arg-type]


POLICY = policy_of(DOCUMENT)
PORTAL = Portal(
    pipeline_id="0",
    kinds=MappingProxyType(
        {
            **{f"s_{q}": StageKind.QUEUE for q in QUEUES},
            "new": StageKind.INTAKE,
            "end": StageKind.CLOSED,
        }
    ),
    queue_of={f"s_{q}": q for q in QUEUES},
    stage_of={q: f"s_{q}" for q in QUEUES},
    labels={},
    go_live=AT,
    view=PortalView(frozenset(QUEUES), {}),
    has_admin_label=True,
)


def ticket(queue: str, request: str = "", **more: str) -> Record:
    values = {STAGE: f"s_{queue}", "routing_queue": queue, REQUEST: request, **more}
    return Record("1", values)


def test_the_policy_holds_exactly_the_table() -> None:
    assert {
        name: (set(rule.from_) - {rule.to}, rule.to) for name, rule in POLICY.requests.items()
    } == TABLE


@pytest.mark.parametrize("missing", [(), ("the error message",)], ids=["ready", "not ready"])
@pytest.mark.parametrize("request_name", sorted(TABLE))
@pytest.mark.parametrize("owner", QUEUES)
def test_every_owner_request_and_readiness(
    owner: str, request_name: str, missing: tuple[str, ...]
) -> None:
    allowed, to = TABLE[request_name]
    given = ticket(owner, request_name)
    done = hand_off(given, Asked(request_name, AT, "7"), owner, POLICY, PORTAL, missing)
    row = properties(done, given, PORTAL)
    assert row[REQUEST] == "", "the request is cleared, carried out or refused"
    assert row["escalation_note"]
    if owner in allowed:
        assert (done.to, row["routing_queue"], row[STAGE]) == (to, to, f"s_{to}")
        assert row["routing_status"] == "locked"
        assert POLICY.requests[request_name].guideline in row["escalation_note"]
        assert (NOTICE in row) == POLICY.requests[request_name].team_ticketing
        assert ("the error message" in row["escalation_note"]) == bool(
            missing and owner == "level_1"
        )
    else:
        assert done.to == ""
        assert not row.keys() & {STAGE, "hs_pipeline", "routing_queue", "routing_status"}
        assert row["escalation_note"].startswith("Refused")
        assert NOTICE not in row


@pytest.mark.parametrize("request_name", [r for r, (a, _) in TABLE.items() if "level_1" in a])
def test_a_policy_may_block_what_is_not_ready(request_name: str) -> None:
    rule = DOCUMENT.requests[request_name].model_copy(update={"readiness": Readiness.BLOCK})
    requests = {**DOCUMENT.requests, request_name: rule}
    policy = policy_of(DOCUMENT.model_copy(update={"requests": requests}))
    wish = Asked(request_name, AT, "7")
    refused = hand_off(ticket("level_1"), wish, "level_1", policy, PORTAL, ("steps or context",))
    assert refused.to == ""
    assert "steps or context" in refused.sentence
    assert hand_off(ticket("level_1"), wish, "level_1", policy, PORTAL, ()).to


def sentence(owner: str, request_name: str, **more: str) -> str:
    given = ticket(owner, request_name, **more)
    return hand_off(given, Asked(request_name, AT, "7"), owner, POLICY, PORTAL, ()).sentence


def test_a_refusal_says_why_what_was_left_and_what_can_be_asked_instead() -> None:
    assert sentence("level_1", "not_reproducible") == (
        "Refused: “Bug could not be reproduced” can be asked for by Level 2 Support (guidelines "
        "7.4), and the ticket is with Level 1 Support. It was left there. Level 1 Support can ask "
        "for: “Exceeds Level 1”, “New or one-time report”, “Reproduce this bug”, “Unexplained "
        "error log”, “Needs development”, “Scope a new site”, “Out of scope”."
    )
    unknown = sentence("admin", "magic")
    assert "no request 'magic'" in unknown
    assert "left where it is, with Administrative Staff" in unknown
    assert "“Error needs analysis”" in unknown
    closed = sentence("level_1", "new_report", **{STAGE: "end"})
    assert "Reopen" in closed
    assert "“Out of scope” leads to Not Supported" in sentence("not_supported", "out_of_scope")


@pytest.mark.parametrize(
    ("person", "source", "said"),
    [
        ("7", "CRM_UI", "asked for by Dana Ruiz at"),
        ("8", "CRM_UI", "asked for by user 8 at"),
        ("", "AUTOMATION_PLATFORM", "asked for by a workflow at"),
        ("", "INTEGRATION", "asked for by another app at"),
        ("", "", "asked for by an agent at"),
    ],
)
def test_who_asked_is_named(person: str, source: str, said: str) -> None:
    wish = Asked("new_report", AT, person, source)
    done = hand_off(
        ticket("level_1"), wish, "level_1", POLICY, PORTAL, (), names={"7": "Dana Ruiz"}
    )
    assert said in done.sentence


def test_who_moved_the_ticket_and_then_asked_in_vain_still_has_moved_it() -> None:
    given = ticket("level_1", "new_report")
    wish = Asked("new_report", AT, "7")
    row = properties(hand_off(given, wish, "ocr", POLICY, PORTAL, (), moved=True), given, PORTAL)
    assert (row["routing_queue"], row["routing_status"]) == ("ocr", "locked")
    assert STAGE not in row


def test_where_the_worker_only_suggests_it_says_what_it_would_do_and_moves_nothing() -> None:
    given = ticket("level_1", "exceeds_level_1")
    wish = Asked("exceeds_level_1", AT, "7")
    row = suggestion(hand_off(given, wish, "level_1", POLICY, PORTAL, ("the error message",)))
    assert row["escalation_note"].startswith("Suggested, not carried out: Exceeds Level 1: handed")
    assert row["escalation_note"].endswith("move it by hand.")
    assert row[REQUEST] == ""
    assert row["escalation_missing_info"] == "the error message"
    assert not row.keys() & {STAGE, "routing_queue", "routing_status", NOTICE}


def test_a_move_that_hubspot_refuses_is_no_hand_off_and_nobody_is_told_of_one() -> None:
    given = ticket("level_1", "exceeds_level_1")
    done = hand_off(given, Asked("exceeds_level_1", AT, "7"), "level_1", POLICY, PORTAL, ())
    row = not_moved(properties(done, given, PORTAL), given, PORTAL, "Category is required.")
    assert not row.keys() & {STAGE, "routing_queue", "routing_status", NOTICE}
    assert row[REQUEST] == ""
    assert "Category is required." in row["escalation_note"]
    assert "ask again" in row["escalation_note"]


def test_who_moved_the_ticket_before_a_hand_off_that_hubspot_refuses_still_has_moved_it() -> None:
    dragged = HistoryEntry("s_level_1", AT, "CRM_UI", "userId:7", "7")
    given = replace(ticket("ocr", "exceeds_level_1"), history={STAGE: (dragged,)})
    wish = Asked("exceeds_level_1", AT, "7")
    done = hand_off(given, wish, "level_1", POLICY, PORTAL, (), moved=True)
    row = not_moved(properties(done, given, PORTAL), given, PORTAL, "Category is required.")
    assert (row["routing_queue"], row["routing_status"]) == ("level_1", "locked")
    assert STAGE not in row


def test_a_move_after_the_request_is_the_newer_wish_and_the_ticket_says_so() -> None:
    row = superseded(ticket("level_1", "new_report"), POLICY)
    assert row[REQUEST] == ""
    assert "“New or one-time report”" in row["escalation_note"]


def test_only_the_team_ticketing_request_is_announced() -> None:
    told = {
        name: NOTICE
        in properties(
            hand_off(ticket(""), Asked(name, AT, ""), sorted(allowed)[0], POLICY, PORTAL, ()),
            ticket(""),
            PORTAL,
        )
        for name, (allowed, _) in TABLE.items()
    }
    assert told["exceeds_level_1"]
    assert not told["relay_to_client"]


def test_an_undecided_ticket_is_with_level_1() -> None:
    assert owner_of(Record("1", {STAGE: "new"}), PORTAL) == "level_1"
    assert owner_of(Record("1", {STAGE: "s_ocr"}), PORTAL) == "ocr"


OURS = "4711"


def entry(value: str, minute: int, person: str = "", source_id: str = OURS) -> HistoryEntry:
    kind = "CRM_UI" if person else "INTEGRATION"
    return HistoryEntry(
        value, AT.replace(minute=minute), kind, f"userId:{person}" if person else source_id, person
    )


def requested(*entries: HistoryEntry, handled_minute: int = 0) -> Record:
    at = str(int(AT.replace(minute=handled_minute).timestamp() * 1000)) if handled_minute else ""
    return Record("1", {REQUEST: entries[0].value, HANDLED_AT: at}, {REQUEST: entries})


def test_a_request_is_dated_by_its_history() -> None:
    wish = asked(requested(entry("new_report", 40, "7"), entry("", 31), entry("new_report", 30)))
    assert wish == Asked("new_report", AT.replace(minute=40), "7", "CRM_UI")


def test_a_request_that_we_put_back_is_still_its_authors() -> None:
    put_back = requested(
        entry("out_of_scope", 33),
        entry("", 32),
        entry("out_of_scope", 31, "8"),
        entry("new_report", 30, "7"),
        handled_minute=30,
    )
    assert asked(put_back) == Asked("out_of_scope", AT.replace(minute=31), "8", "CRM_UI")


@pytest.mark.parametrize(
    ("entries", "newer"),
    [
        ([entry("", 32), entry("new_report", 30, "7")], ""),
        (
            [entry("", 32), entry("reproduce_bug", 31, "7"), entry("new_report", 30, "7")],
            "reproduce_bug",
        ),
        (
            [
                entry("", 32),
                entry("reproduce_bug", 31, source_id="workflow 9"),
                entry("new_report", 30, "7"),
            ],
            "reproduce_bug",
        ),
        ([entry("", 33, "7"), entry("reproduce_bug", 31, "7"), entry("new_report", 30, "7")], ""),
        (
            [
                entry("", 34),
                entry("new_report", 33),
                entry("", 32),
                entry("new_report", 30, "7"),
            ],
            "",
        ),
    ],
    ids=[
        "the one handled",
        "a newer one cleared by us",
        "a newer one of a workflow cleared by us",
        "a newer one its author took back",
        "one that we put back ourselves and have handled",
    ],
)
def test_a_newer_request_that_our_clearing_went_over(
    entries: list[HistoryEntry], newer: str
) -> None:
    assert newer_request(requested(*entries, handled_minute=30), OURS) == newer


def test_while_nobody_knows_who_we_are_only_a_persons_request_counts_as_newer() -> None:
    by_machine = requested(
        entry("", 32), entry("new_report", 31), entry("x", 30, "7"), handled_minute=30
    )
    assert newer_request(by_machine, "") == ""
