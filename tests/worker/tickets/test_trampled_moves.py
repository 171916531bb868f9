"""A person's move between our read and our write is found by HubSpot's own times."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.worker.tickets.test_state import (
    HUBSPOT,
    IT,
    NEW,
    NOW,
    OCR,
    OTHER_APP,
    OURS,
    PERSON,
    US,
    WAITING,
    WORKFLOW,
    entry,
)
from worker.hubspot.models import Record
from worker.tickets.trampled_moves import Trampled, trampled_move

SEEN = NOW - timedelta(minutes=10)


def after(*moves: tuple[str, str, float]) -> Record:
    """The ticket after our write: stage, who, minutes after what we had seen; newest first."""
    entries = tuple(entry(s, who, SEEN + timedelta(minutes=m)) for s, who, m in moves)
    return Record("1", {}, {"hs_pipeline_stage": entries})


@pytest.mark.parametrize(
    ("moves", "lost"),
    [
        # Nobody in between.
        ([(OCR, OURS, 2), (NEW, HUBSPOT, -5)], None),
        ([(OCR, OURS, 2), (NEW, PERSON, -5)], None),
        ([(OCR, OURS, 2), (NEW, PERSON, 0)], None),
        ([(OCR, OURS, 2), (NEW, PERSON, -1), (OCR, OURS, -3), (NEW, HUBSPOT, -5)], None),
        ([(OCR, OURS, 2), (NEW, PERSON, 0), (OCR, OURS, -3), (NEW, HUBSPOT, -5)], None),
        # A person between our read and our write.
        ([(OCR, OURS, 2), (IT, PERSON, 1), (NEW, HUBSPOT, -5)], IT),
        ([(OCR, OURS, 2), (WAITING, PERSON, 1), (NEW, HUBSPOT, -5)], WAITING),
        ([(OCR, OURS, 2), (IT, PERSON, 1.5), (WAITING, PERSON, 1), (NEW, HUBSPOT, -5)], IT),
        ([(OCR, OURS, 2), (WAITING, WORKFLOW, 1.5), (IT, PERSON, 1), (NEW, HUBSPOT, -5)], IT),
        # A machine between.
        ([(OCR, OURS, 2), (IT, WORKFLOW, 1), (NEW, HUBSPOT, -5)], None),
        ([(OCR, OURS, 2), (IT, OTHER_APP, 1), (NEW, HUBSPOT, -5)], None),
        # A person after us: that stands.
        ([(IT, PERSON, 3), (OCR, OURS, 2), (NEW, HUBSPOT, -5)], None),
        ([(IT, PERSON, 3), (OCR, OURS, 2), (WAITING, PERSON, 1), (NEW, HUBSPOT, -5)], None),
        # A machine after us, a person before us.
        ([(WAITING, HUBSPOT, 3), (OCR, OURS, 2), (IT, PERSON, 1), (NEW, HUBSPOT, -5)], IT),
        # Our write left no entry: the person had put it where we wanted it.
        ([(OCR, PERSON, 1), (NEW, HUBSPOT, -5)], None),
        ([], None),
    ],
)
def test_a_persons_move_that_our_write_went_over_is_found(
    moves: list[tuple[str, str, float]], lost: str | None
) -> None:
    found = trampled_move(SEEN.isoformat(), after(*moves), US)

    assert found == (Trampled(lost, "7") if lost else None)


def test_without_knowing_what_we_saw_or_who_we_are_nothing_is_put_back() -> None:
    moved = after((OCR, OURS, 2), (IT, PERSON, 1), (NEW, HUBSPOT, -5))

    assert trampled_move("", moved, US) is None
    assert trampled_move(SEEN.isoformat(), moved, "") is None


def test_a_ticket_that_a_person_made_is_not_put_back_to_where_it_was_made() -> None:
    """HubSpot may note the creation a moment after the last-modified time that we read."""
    made = after((OCR, OURS, 2), (NEW, PERSON, 0.001))

    assert trampled_move(SEEN.isoformat(), made, US) is None
