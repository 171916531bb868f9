"""What is written to HubSpot for a decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import RoutingMode
from tests.worker.test_portal import portal
from worker.clients.record import AdminContact, ClientRecord
from worker.hubspot.models import moment
from worker.routing.decision import Decision, Topic
from worker.tickets import effects
from worker.tickets.effects import (
    MAX_TEXT,
    client_flag,
    client_properties,
    routing_properties,
    stamp,
)

NOW = datetime(2026, 11, 23, 12, 0, 0, 123_000, tzinfo=UTC)
PORTAL = portal("New", "OCR", "Level 1")
DECISION = Decision(
    id="1",
    ticket_type="ocr_training",
    queue="ocr",
    confidence=0.8765,
    decided=True,
    routed_to="ocr",
    guideline="5.3",
    reason="It names a new layout.",
    evidence=(),
    alternatives=(),
    topics=(),
    missing=(),
    policy_version="abc",
)
RECORD = ClientRecord(
    company_id="9",
    name="Harrow",
    domain="harrow.example",
    erp_system="NetSuite",
    customization_summary="Two-step approval",
    managed_services=False,
    admin_contacts=(AdminContact("1", "Ada Quist", "ada@harrow.example"),),
    record_status="complete",
    record_missing="",
)


def test_route_writes_the_decision_and_the_move_in_one_row() -> None:
    assert routing_properties(DECISION, PORTAL, RoutingMode.ROUTE, NOW) == {
        "routing_queue": "ocr",
        "routing_ticket_type": "ocr_training",
        "routing_status": "decided",
        "routing_confidence": "0.88",
        "routing_reason": "It names a new layout.",
        "routing_guideline": "5.3",
        "routing_decided_at": "1795435200123",
        "routing_policy_version": "abc",
        "routing_topics": "",
        "hs_pipeline": "0",
        "hs_pipeline_stage": "s1",
    }


def test_suggest_writes_the_decision_and_moves_nothing() -> None:
    row = routing_properties(DECISION, PORTAL, RoutingMode.SUGGEST, NOW)

    assert row["routing_status"] == "suggested"
    assert row["routing_queue"] == "ocr"
    assert row.keys().isdisjoint({"hs_pipeline", "hs_pipeline_stage"})


def test_an_abstention_goes_to_triage_with_its_best_guess_kept() -> None:
    unsure = replace(DECISION, decided=False, routed_to="level_1")

    row = routing_properties(unsure, PORTAL, RoutingMode.ROUTE, NOW)

    assert (row["routing_status"], row["routing_queue"]) == ("triage", "level_1")
    assert row["routing_ticket_type"] == "ocr_training"
    assert row["hs_pipeline_stage"] == "s2"


def test_topics_have_a_line_each_and_texts_fit_into_a_property() -> None:
    topics = (Topic("ocr_training", "ocr", "teach it"), Topic("soc2_report", "admin", "send it"))
    many = replace(DECISION, topics=topics, reason="x" * 100_000)

    row = routing_properties(many, PORTAL, RoutingMode.ROUTE, NOW)

    assert row["routing_topics"] == "ocr: ocr_training: teach it\nadmin: soc2_report: send it"
    assert len(row["routing_reason"]) == MAX_TEXT


def test_the_client_stands_on_the_ticket() -> None:
    people = (
        AdminContact("1", "Ada Quist", "ada@harrow.example"),
        AdminContact("2", "", "ap@harrow.example"),
        AdminContact("3", "Bo Lund", ""),
    )

    row = client_properties(replace(RECORD, admin_contacts=people), ("ERP system", "summary"))

    assert row == {
        "client_erp": "NetSuite",
        "client_admin_contacts": "Ada Quist <ada@harrow.example>; ap@harrow.example; Bo Lund",
        "client_customizations": "Two-step approval",
        "client_record_missing": "ERP system, summary",
    }


def test_an_unknown_client_clears_what_stood_there() -> None:
    row = client_properties(None, ("client unknown",))

    assert row.pop("client_record_missing") == "client unknown"
    assert set(row.values()) == {""}


@pytest.mark.parametrize("text", ["x" * 70_000, "😀" * 70_000])
def test_a_long_summary_fits_into_a_property(text: str) -> None:
    row = client_properties(replace(RECORD, customization_summary=text, erp_system=text), ())

    assert all(len(value) <= MAX_TEXT for value in row.values())


@pytest.mark.parametrize(
    ("status", "was", "missing", "written"),
    [
        ("complete", "", (), None),
        ("incomplete", "ERP system", ("ERP system",), None),
        ("", "", (), {"client_record_status": "complete", "client_record_missing": ""}),
        (
            "complete",
            "",
            ("ERP system", "x"),
            {"client_record_status": "incomplete", "client_record_missing": "ERP system, x"},
        ),
        (
            "incomplete",
            "ERP system",
            (),
            {"client_record_status": "complete", "client_record_missing": ""},
        ),
    ],
)
def test_a_client_is_flagged_where_its_flag_changes(
    status: str, was: str, missing: tuple[str, ...], written: dict[str, str] | None
) -> None:
    flag = client_flag(replace(RECORD, record_status=status, record_missing=was), missing, NOW)

    if written is None:
        assert flag is None
    else:
        assert flag is not None
        assert flag.id == "9"
        assert flag.properties == {**written, "client_record_status_since": stamp(NOW)}


def test_since_when_a_client_is_incomplete_outlives_another_gap() -> None:
    known = replace(RECORD, record_status="incomplete", record_missing="ERP system")

    flag = client_flag(known, ("ERP system", "customization summary"), NOW)

    assert flag is not None
    assert flag.properties == {
        "client_record_status": "incomplete",
        "client_record_missing": "ERP system, customization summary",
    }


def test_a_failure_says_so_on_the_ticket_and_moves_nothing() -> None:
    row = effects.failed("odd " * 50_000, NOW)

    assert row["routing_status"] == "failed"
    assert len(row["routing_reason"]) == MAX_TEXT
    assert "hs_pipeline_stage" not in row


def test_a_lock_takes_over_the_persons_queue() -> None:
    assert effects.lock("it") == {"routing_queue": "it", "routing_status": "locked"}


def test_a_row_without_its_move_keeps_the_rest() -> None:
    row = routing_properties(DECISION, PORTAL, RoutingMode.ROUTE, NOW)

    assert row.keys() - effects.without_stage(row).keys() == {"hs_pipeline", "hs_pipeline_stage"}


@given(ms=st.integers(0, 4_102_444_800_000))
def test_a_moment_is_written_to_the_millisecond(ms: int) -> None:
    assert stamp(moment(ms)) == str(ms)
