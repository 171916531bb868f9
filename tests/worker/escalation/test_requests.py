"""The table of requests as a matrix: every owning queue, request and readiness."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from worker.escalation.requests import (
    HANDLED_AT,
    NOTICE,
    Asked,
    asked,
    hand_off,
    newer_request,
    owner_of,
    properties,
)
from worker.hubspot.models import HistoryEntry, Record
from worker.portal import Portal, StageKind
from worker.routing.policy import DEFAULT_POLICY, Policy
from worker.routing.policy_document import PolicyDocument, Readiness
from worker.routing.policy_file import read_document
from worker.routing.portal_view import PortalView
from worker.ticket_state import REQUEST, STAGE

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
    done = hand_off(ticket(owner), Asked(request_name, AT, "7"), owner, POLICY, PORTAL, missing)
    row = properties(done, PORTAL)
    assert row[REQUEST] == "", "the request is cleared, carried out or refused"
    assert row["escalation_note"]
    if owner in allowed:
        assert (done.to, row["routing_queue"], row[STAGE]) == (to, to, f"s_{to}")
        assert row["routing_status"] == "locked"
        assert POLICY.requests[request_name].guideline in row["escalation_note"]
        assert ("the error message" in row["escalation_note"]) == bool(
            missing and owner == "level_1"
        )
    else:
        assert done.to == ""
        assert STAGE not in row
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


def test_an_unknown_request_and_a_closed_ticket_are_refused_with_the_mend() -> None:
    unknown = hand_off(ticket("level_1"), Asked("magic", AT, "7"), "level_1", POLICY, PORTAL, ())
    assert "exceeds_level_1" in unknown.sentence
    closed = hand_off(
        ticket("level_1", **{STAGE: "end"}),
        Asked("new_report", AT, "7"),
        "level_1",
        POLICY,
        PORTAL,
        (),
    )
    assert "Reopen" in closed.sentence


def test_only_the_team_ticketing_request_is_announced() -> None:
    told = {
        name: NOTICE
        in properties(
            hand_off(ticket(""), Asked(name, AT, ""), sorted(allowed)[0], POLICY, PORTAL, ()),
            PORTAL,
        )
        for name, (allowed, _) in TABLE.items()
    }
    assert told["exceeds_level_1"]
    assert not told["relay_to_client"]


def test_an_undecided_ticket_is_with_level_1() -> None:
    assert owner_of(Record("1", {STAGE: "new"}), PORTAL) == "level_1"
    assert owner_of(Record("1", {STAGE: "s_ocr"}), PORTAL) == "ocr"


def entry(value: str, minute: int, person: str = "") -> HistoryEntry:
    return HistoryEntry(value, AT.replace(minute=minute), "CRM_UI", "", person)


def test_a_request_is_dated_by_its_history() -> None:
    history: dict[str, tuple[HistoryEntry, ...]] = {
        REQUEST: (entry("new_report", 40, "7"), entry("", 31), entry("new_report", 30, "8"))
    }
    wish = asked(Record("1", {REQUEST: "new_report"}, history))
    assert wish == Asked("new_report", AT.replace(minute=40), "7")


@pytest.mark.parametrize(
    ("entries", "newer"),
    [
        ([entry("", 32), entry("new_report", 30, "7")], ""),
        (
            [entry("", 32), entry("reproduce_bug", 31, "7"), entry("new_report", 30, "7")],
            "reproduce_bug",
        ),
        ([entry("", 33, "7"), entry("reproduce_bug", 31, "7"), entry("new_report", 30, "7")], ""),
    ],
    ids=["the one handled", "a newer one cleared by us", "a newer one its author took back"],
)
def test_a_newer_request_that_our_clearing_went_over(
    entries: list[HistoryEntry], newer: str
) -> None:
    handled = str(int(AT.replace(minute=30).timestamp() * 1000))
    after = Record("1", {REQUEST: "", HANDLED_AT: handled}, {REQUEST: tuple(entries)})
    assert newer_request(after) == newer
