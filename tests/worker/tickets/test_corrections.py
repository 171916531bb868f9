"""What is a correction, and what hands a ticket on: by who moved it, when, and what came before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.worker.tickets.test_state import (
    CLOSED,
    IT,
    NEW,
    OCR,
    OURS,
    PERSON,
    PORTAL,
    WAITING,
    WORKFLOW,
    entry,
)
from worker.escalation.hours import WorkingHours
from worker.hubspot.models import HistoryEntry, Record
from worker.routing.escalation_rules import Day, WorkingHoursRules
from worker.tickets.corrections import Override, acts_of_agents, is_correction, override_of
from worker.tickets.state import OWNER, REQUEST, STAGE

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
OFFICE = WorkingHours(WorkingHoursRules(other_hours={Day.FRI: ("09:00-13:00",)}))  # 9 to 17


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def ticket(
    *moves: tuple[str, str, float],
    owners: tuple[tuple[str, str, float], ...] = (("ocr", OURS, 0),),
    asks: tuple[tuple[str, str, float], ...] = (),
) -> Record:
    """Histories as (value, by whom, minutes after noon), the oldest first."""

    def entries(some: tuple[tuple[str, str, float], ...]) -> tuple[HistoryEntry, ...]:
        return tuple(entry(value, who, minutes(at)) for value, who, at in reversed(some))

    histories = {STAGE: entries(moves), OWNER: entries(owners), REQUEST: entries(asks)}
    return Record("1", {}, histories)


def override(*moves: tuple[str, str, float], **more: Any) -> Override | None:
    return override_of(ticket((NEW, WORKFLOW, -5), *moves, **more), PORTAL)


def test_a_persons_first_move_after_the_decision_overrides_it() -> None:
    found = override((OCR, OURS, 0), (WAITING, PERSON, 2), (IT, PERSON, 3), (OCR, PERSON, 4))
    assert found == Override("1", "ocr", "it", "7", minutes(0), minutes(3), asked=False)


def test_a_suggestion_dragged_elsewhere_is_overridden_and_one_followed_is_not() -> None:
    assert override((IT, PERSON, 3)) is not None
    assert override((OCR, PERSON, 3), (IT, PERSON, 4)) is None


@pytest.mark.parametrize(
    "moves",
    [
        [(OCR, OURS, 0)],
        [(OCR, OURS, 0), (IT, WORKFLOW, 1)],
        [(OCR, OURS, 0), (CLOSED, PERSON, 1)],
        [(IT, PERSON, -1)],  # before any decision
    ],
)
def test_other_moves_override_nothing(moves: list[tuple[str, str, float]]) -> None:
    assert override(*moves) is None


def test_the_decision_is_the_newest_before_the_move() -> None:
    owners = (("ocr", OURS, 0), ("it", OURS, 2), ("ocr", OURS, 9))
    found = override((OCR, OURS, 0), (OCR, PERSON, 5), owners=owners)
    assert found is not None
    assert (found.decided, found.decided_at) == ("it", minutes(2))
    # A queue that a person wrote there is no decision of ours.
    assert override((IT, PERSON, 5), owners=(("ocr", PERSON, 0),)) is None


def correction(
    found: Override | None, *acts: float, at: datetime | None = None, hours: WorkingHours = OFFICE
) -> bool:
    assert found is not None
    return is_correction(found, [at] if at else [minutes(n) for n in acts], hours)


def test_before_any_answer_and_within_a_working_day_it_is_a_correction() -> None:
    assert correction(override((IT, PERSON, 30)))
    assert correction(override((IT, PERSON, 30)), 31)
    assert not correction(override((IT, PERSON, 30)), 29)


@pytest.mark.parametrize(
    ("days", "minute", "corrects"),
    [
        (0, 0, True),
        (1, 0, True),  # the same time on the next day
        (1, 1, False),
        (6, 0, False),
    ],
)
def test_a_working_day_is_the_longest_of_the_week(days: int, minute: int, corrects: bool) -> None:
    assert OFFICE.longest_day == timedelta(hours=8)
    found = override((IT, PERSON, days * 24 * 60 + minute))
    assert correction(found) is corrects


def test_a_night_and_a_weekend_do_not_count() -> None:
    friday = datetime(2026, 11, 27, 12, tzinfo=UTC)
    monday = datetime(2026, 11, 30, 15, tzinfo=UTC)
    found = Override("1", "ocr", "it", "7", friday, monday, asked=False)
    assert correction(found)  # one hour on Friday, six on Monday


def test_after_an_agents_request_it_is_a_hand_off() -> None:
    asked = (("exceeds_level_1", PERSON, 10), ("", OURS, 11))
    assert not correction(override((IT, PERSON, 30), asks=asked))
    later = (("exceeds_level_1", PERSON, 40),)
    assert correction(override((IT, PERSON, 30), asks=later))
    cleared = (("", OURS, 1),)
    assert correction(override((IT, PERSON, 30), asks=cleared))


def test_answers_and_notes_of_agents_count_and_nothing_else() -> None:
    at = {"hs_timestamp": "2026-11-23T12:00:00Z"}
    agents = [
        {**at, "hs_email_direction": "EMAIL", "hs_object_source": "CRM_UI"},
        {**at, "hs_note_body": "x"},
    ]
    others = [
        {**at, "hs_email_direction": "INCOMING_EMAIL"},
        {**at, "hs_email_direction": "FORWARDED_EMAIL"},
        {**at, "hs_email_direction": "EMAIL", "hs_object_source": "AUTOMATION_PLATFORM"},
        {**at, "hs_note_body": "x", "hs_object_source": "INTEGRATION"},
        {"hs_note_body": "without a time"},
    ]
    records = [Record(str(n), one) for n, one in enumerate([*agents, *others])]
    assert acts_of_agents(records) == [NOON, NOON]
