"""What a ticket's state asks for: the whole matrix of stage, status and who moved it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.test_portal import GO_LIVE, portal
from worker.clients.completeness import CLIENT_UNKNOWN
from worker.hubspot.models import HistoryEntry, Record
from worker.tickets.state import (
    MOST_RETURNS,
    SECOND_LOOK_FOR,
    Work,
    asked_again,
    next_step,
    somebody_acted,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PORTAL = portal("New", "OCR", "It", "Waiting on client", "Closed", "Their own", go_live=GO_LIVE)
NEW, OCR, IT, WAITING, CLOSED, OTHER = (f"s{n}" for n in range(6))
US = "4711"
PERSON, WORKFLOW, HUBSPOT, OTHER_APP, OURS = "person", "workflow", "hubspot", "other app", "ours"
MACHINES = [WORKFLOW, HUBSPOT, OTHER_APP]
_SOURCES = {
    PERSON: ("CRM_UI", "userId:7", "7"),
    WORKFLOW: ("AUTOMATION_PLATFORM", "enrollmentId:1", ""),
    HUBSPOT: ("INTERNAL_PROCESSING", "hubspot", ""),
    OTHER_APP: ("INTEGRATION", "999", ""),
    OURS: ("INTEGRATION", US, ""),
}
DECIDED_STATUSES = ["decided", "triage", "suggested", "locked"]


def entry(stage: str, who: str, at: datetime) -> HistoryEntry:
    kind, source, person = _SOURCES[who]
    return HistoryEntry(stage, at, kind, source, person)


def history(*moves: tuple[str, str]) -> tuple[HistoryEntry, ...]:
    """Stage entries, newest first, a minute apart, the newest a minute ago."""
    return tuple(
        entry(stage, who, NOW - timedelta(minutes=n)) for n, (stage, who) in enumerate(moves, 1)
    )


def ticket(
    stage: str = NEW,
    status: str = "",
    queue: str = "",
    moves: tuple[HistoryEntry, ...] | None = None,
    owner_at: datetime | None = None,
    **more: str,
) -> Record:
    """A ticket. `owner_at`: when `routing_queue` was last written."""
    properties = {
        "hs_pipeline": "0",
        "hs_pipeline_stage": stage,
        "createdate": "2026-11-20T00:00:00Z",
        "routing_status": status,
        "routing_queue": queue,
        "routing_decided_at": "2026-11-23T11:00:00Z" if status else "",
        **more,
    }
    entries = {} if moves is None else {"hs_pipeline_stage": moves}
    if owner_at:
        entries["routing_queue"] = (entry(queue, OURS, owner_at),)
    return Record("1", properties, entries)


def work(one: Record) -> Work:
    return next_step(one, PORTAL, NOW).work


# ---- tickets without a decision


@pytest.mark.parametrize("status", ["", "failed"])
def test_a_new_ticket_in_intake_is_decided(status: str) -> None:
    assert work(ticket(NEW, status)) is Work.DECIDE


@pytest.mark.parametrize("status", ["", "failed"])
@pytest.mark.parametrize("stage", [OCR, IT, WAITING, CLOSED, OTHER, "deleted stage"])
def test_a_first_decision_moves_nothing_that_stands_elsewhere(stage: str, status: str) -> None:
    assert work(ticket(stage, status)) is Work.NOTHING


@pytest.mark.parametrize("status", ["", "failed"])
@pytest.mark.parametrize("created", ["2026-10-31T23:59:59.999Z", ""])
def test_a_ticket_from_before_go_live_is_left_alone(created: str, status: str) -> None:
    assert work(ticket(NEW, status, createdate=created)) is Work.NOTHING


def test_a_ticket_made_at_the_moment_of_go_live_is_new() -> None:
    assert work(ticket(NEW, createdate=GO_LIVE.isoformat())) is Work.DECIDE


@pytest.mark.parametrize("status", ["", "failed", *DECIDED_STATUSES])
@pytest.mark.parametrize("stage", [NEW, OCR, IT, WAITING, CLOSED])
def test_another_pipeline_is_none_of_our_business(stage: str, status: str) -> None:
    other = ticket(stage, status, "ocr", history((stage, PERSON)), hs_pipeline="99")

    assert work(other) is Work.NOTHING
    assert asked_again(other, PORTAL).work is Work.NOTHING


# ---- decided tickets where they belong


@pytest.mark.parametrize("status", DECIDED_STATUSES)
def test_a_decided_ticket_in_its_queue_needs_nothing_and_no_history(status: str) -> None:
    assert work(ticket(OCR, status, "ocr")) is Work.NOTHING


def test_a_suggested_ticket_stays_in_intake() -> None:
    assert work(ticket(NEW, "suggested", "ocr")) is Work.NOTHING


@pytest.mark.parametrize("status", DECIDED_STATUSES)
def test_a_closed_ticket_is_left_alone_whatever_came_before(status: str) -> None:
    moves = history((CLOSED, PERSON), (IT, PERSON), (OCR, OURS), (NEW, HUBSPOT))

    assert work(ticket(CLOSED, status, "ocr", moves)) is Work.NOTHING


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(minutes=1), Work.LOOK_AGAIN),
        (SECOND_LOOK_FOR, Work.LOOK_AGAIN),
        (SECOND_LOOK_FOR + timedelta(seconds=1), Work.NOTHING),
    ],
)
@pytest.mark.parametrize(
    ("stage", "status"), [(OCR, "decided"), (OCR, "triage"), (NEW, "suggested")]
)
def test_a_client_that_was_unknown_is_looked_for_within_a_day(
    stage: str, status: str, age: timedelta, expected: Work
) -> None:
    at = (NOW - age).isoformat()
    clientless = ticket(
        stage, status, "ocr", client_record_missing=CLIENT_UNKNOWN, routing_decided_at=at
    )

    assert work(clientless) is expected


def test_a_gap_in_a_known_clients_record_is_no_reason_to_look_again() -> None:
    assert work(ticket(OCR, "decided", "ocr", client_record_missing="ERP system")) is Work.NOTHING


# ---- moved tickets


@pytest.mark.parametrize(
    ("status", "stage"), [*product(["decided", "triage", "locked"], [NEW, IT, WAITING, OTHER])]
)
def test_who_moved_it_is_asked_before_anything_is_done(status: str, stage: str) -> None:
    assert work(ticket(stage, status, "ocr")) is Work.ASK_HISTORY


@pytest.mark.parametrize("status", DECIDED_STATUSES)
def test_a_persons_move_to_another_queue_is_final(status: str) -> None:
    moved = ticket(IT, status, "ocr", history((IT, PERSON), (OCR, OURS), (NEW, HUBSPOT)))

    step = next_step(moved, PORTAL, NOW)

    assert (step.work, step.queue) == (Work.LOCK, "it")
    assert "7" in step.why


@pytest.mark.parametrize("mover", [*MACHINES, OURS])
@pytest.mark.parametrize("status", DECIDED_STATUSES)
def test_a_machines_move_to_another_queue_is_no_override(mover: str, status: str) -> None:
    moved = ticket(IT, status, "ocr", history((IT, mover), (OCR, OURS), (NEW, HUBSPOT)))

    assert work(moved) is Work.NOTHING


@pytest.mark.parametrize("mover", [PERSON, *MACHINES])
@pytest.mark.parametrize("stage", [WAITING, OTHER])
@pytest.mark.parametrize("status", ["decided", "locked"])
def test_a_move_to_waiting_is_no_override_whoever_made_it(
    stage: str, mover: str, status: str
) -> None:
    moved = ticket(stage, status, "ocr", history((stage, mover), (OCR, OURS), (NEW, HUBSPOT)))

    assert work(moved) is Work.NOTHING


def test_a_persons_move_is_seen_behind_a_machines_that_followed() -> None:
    """An agent moves and answers; HubSpot moves the ticket to waiting a second later."""
    moves = history((WAITING, HUBSPOT), (IT, PERSON), (OCR, OURS), (NEW, HUBSPOT))

    step = next_step(ticket(WAITING, "decided", "ocr", moves), PORTAL, NOW)

    assert (step.work, step.queue) == (Work.LOCK, "it")


def test_a_persons_move_that_we_know_of_is_not_followed_again() -> None:
    moves = history((WAITING, HUBSPOT), (IT, PERSON), (OCR, OURS), (NEW, HUBSPOT))
    known = ticket(WAITING, "locked", "it", moves, owner_at=moves[1].at + timedelta(seconds=1))

    assert work(known) is Work.NOTHING


def test_a_move_before_a_request_that_was_handled_is_known_whatever_the_history_says() -> None:
    """Handed from the person's queue back to the one that `routing_queue` named all the time: no
    entry tells of that, and the person's move must not come up again with the next request."""
    moves = history((OCR, OURS), (IT, PERSON), (OCR, OURS), (NEW, HUBSPOT))
    decided_at = moves[2].at
    handled = (moves[1].at + timedelta(seconds=30)).isoformat()
    one = ticket(
        OCR,
        "locked",
        "ocr",
        moves,
        owner_at=decided_at,
        escalation_request="to_it",
        escalation_handled_at=handled,
    )
    wish = HistoryEntry("to_it", NOW, "CRM_UI", "userId:7", "7")

    step = next_step(
        replace(one, history={**one.history, "escalation_request": (wish,)}), PORTAL, NOW
    )

    assert (step.work, step.queue) == (Work.HAND_OFF, "")


def test_a_move_after_a_request_that_was_handled_is_a_new_wish() -> None:
    moves = history((IT, PERSON), (OCR, OURS), (NEW, HUBSPOT))
    handled = (moves[0].at - timedelta(seconds=1)).isoformat()
    one = ticket(IT, "locked", "ocr", moves, owner_at=moves[1].at, escalation_handled_at=handled)

    step = next_step(one, PORTAL, NOW)

    assert (step.work, step.queue) == (Work.LOCK, "it")


# ---- back in intake


@pytest.mark.parametrize("status", ["decided", "triage", "locked"])
def test_a_person_who_drags_it_to_intake_asks_for_a_new_decision(status: str) -> None:
    moves = history((NEW, PERSON), (OCR, OURS), (NEW, HUBSPOT))

    assert work(ticket(NEW, status, "ocr", moves)) is Work.DECIDE


def test_a_drag_to_intake_is_a_newer_wish_than_the_move_before_it() -> None:
    moves = history((NEW, PERSON), (IT, PERSON), (OCR, OURS), (NEW, HUBSPOT))

    assert work(ticket(NEW, "decided", "ocr", moves)) is Work.DECIDE


@pytest.mark.parametrize("mover", MACHINES)
@pytest.mark.parametrize("status", ["decided", "triage", "locked"])
def test_what_a_machine_puts_back_returns_to_its_queue(mover: str, status: str) -> None:
    moves = history((NEW, mover), (OCR, OURS), (NEW, HUBSPOT))

    step = next_step(ticket(NEW, status, "ocr", moves), PORTAL, NOW)

    assert (step.work, step.queue) == (Work.RETURN, "ocr")


@pytest.mark.parametrize(
    ("times", "expected"),
    [(1, Work.RETURN), (MOST_RETURNS, Work.RETURN), (MOST_RETURNS + 1, Work.NOTHING)],
)
def test_it_returns_five_times_at_most(times: int, expected: Work) -> None:
    moves = history(*[(NEW, WORKFLOW), (OCR, OURS)] * times, (NEW, HUBSPOT))

    assert MOST_RETURNS == 5
    assert work(ticket(NEW, "decided", "ocr", moves)) is expected


def test_a_persons_drags_do_not_count_as_returns() -> None:
    moves = history((NEW, WORKFLOW), *[(OCR, OURS), (NEW, PERSON)] * 9, (NEW, HUBSPOT))

    assert work(ticket(NEW, "decided", "ocr", moves)) is Work.RETURN


@pytest.mark.parametrize(("status", "expected"), [("decided", Work.LOCK), ("locked", Work.RETURN)])
def test_a_persons_move_into_the_queue_that_owns_it_anyway_is_noted_once(
    status: str, expected: Work
) -> None:
    """Such a move never gets older than the history of `routing_queue`: it does not change it."""
    moves = history((NEW, HUBSPOT), (OCR, PERSON), (WAITING, HUBSPOT), (OCR, OURS), (NEW, HUBSPOT))

    assert work(ticket(NEW, status, "ocr", moves)) is expected


@pytest.mark.parametrize("queue", ["", "sales"])
def test_what_no_queue_owns_is_decided_anew(queue: str) -> None:
    moves = history((NEW, WORKFLOW), (OCR, OURS), (NEW, HUBSPOT))

    assert work(ticket(NEW, "decided", queue, moves)) is Work.DECIDE


# ---- requests


def test_a_request_is_carried_out_whatever_the_lock() -> None:
    moves = history((OCR, PERSON), (NEW, HUBSPOT))
    asked = ticket(OCR, "locked", "ocr", moves, owner_at=NOW, escalation_request="to_it")

    assert work(ticket(OCR, "locked", "ocr", escalation_request="to_it")) is Work.ASK_HISTORY
    assert work(asked) is Work.HAND_OFF


@pytest.mark.parametrize(
    ("asked_minutes_ago", "expected"), [(5.0, Work.LOCK), (0.5, Work.HAND_OFF)]
)
def test_of_a_move_and_a_request_the_later_one_is_followed(
    asked_minutes_ago: float, expected: Work
) -> None:
    moves = history((IT, PERSON), (OCR, OURS), (NEW, HUBSPOT))
    one = ticket(IT, "decided", "ocr", moves, escalation_request="to_it")
    at = NOW - timedelta(minutes=asked_minutes_ago)
    wish = HistoryEntry("to_it", at, "CRM_UI", "userId:7", "7")

    step = next_step(
        replace(one, history={**one.history, "escalation_request": (wish,)}), PORTAL, NOW
    )

    assert (step.work, step.queue) == (expected, "it")


# ---- asked for by name


@pytest.mark.parametrize("status", ["", "failed", *DECIDED_STATUSES])
@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (NEW, Work.DECIDE),
        (OCR, Work.DECIDE),
        (IT, Work.DECIDE),
        (WAITING, Work.NOTHING),
        (CLOSED, Work.NOTHING),
        (OTHER, Work.NOTHING),
    ],
)
def test_a_reroute_is_a_newer_wish_than_any_lock(stage: str, status: str, expected: Work) -> None:
    assert asked_again(ticket(stage, status, "ocr"), PORTAL).work is expected


def test_an_older_ticket_that_a_person_names_is_decided() -> None:
    assert asked_again(ticket(NEW, createdate="2020-01-01"), PORTAL).work is Work.DECIDE


# ---- every state


@given(
    stage=st.sampled_from([NEW, OCR, IT, WAITING, CLOSED, OTHER, "gone"]),
    status=st.sampled_from(["", "failed", *DECIDED_STATUSES, "odd"]),
    queue=st.sampled_from(["", "ocr", "it", "sales"]),
    moves=st.lists(
        st.tuples(st.sampled_from([NEW, OCR, IT, WAITING]), st.sampled_from(list(_SOURCES))),
        max_size=6,
    ),
    asked=st.booleans(),
    missing=st.sampled_from(["", CLIENT_UNKNOWN]),
)
def test_with_its_history_every_state_leads_to_one_thing_to_do(
    stage: str,
    status: str,
    queue: str,
    moves: list[tuple[str, str]],
    asked: bool,
    missing: str,
) -> None:
    request = "to_it" if asked else ""
    entries = history(*[(stage, moves[0][1]), *moves[1:]] if moves else [])

    step = next_step(
        ticket(
            stage,
            status,
            queue,
            entries,
            client_record_missing=missing,
            escalation_request=request,
        ),
        PORTAL,
        NOW,
    )

    assert step.why
    assert step.work is not Work.ASK_HISTORY
    if step.work in {Work.RETURN, Work.LOCK}:
        assert step.queue in PORTAL.stage_of
    if step.work is Work.LOCK:
        assert any(e.person for e in entries)
    if step.work is Work.DECIDE:
        assert stage == NEW


# ---- who has taken it up


@pytest.mark.parametrize(
    ("status", "owner", "acted"),
    [
        ("decided", "", False),
        ("suggested", "", False),
        ("decided", "55", True),
        ("locked", "", True),
    ],
)
def test_an_owner_or_a_lock_means_that_somebody_acted(status: str, owner: str, acted: bool) -> None:
    assert somebody_acted(ticket(OCR, status, "ocr", hubspot_owner_id=owner)) is acted


@pytest.mark.parametrize(("stage", "acted"), [(NEW, False), (OCR, True), (IT, True)])
def test_a_suggestion_that_stands_in_a_queue_was_taken_up_by_somebody(
    stage: str, acted: bool
) -> None:
    assert somebody_acted(ticket(stage, "suggested", "ocr"), PORTAL) is acted
    assert not somebody_acted(ticket(OCR, "decided", "ocr"), PORTAL)
