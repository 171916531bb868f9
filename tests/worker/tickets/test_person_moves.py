"""Which past tickets say where they belong: only those that a person placed."""

from __future__ import annotations

import pytest

from tests.worker.tickets.test_state import (
    CLOSED,
    IT,
    NEW,
    NOW,
    OCR,
    OURS,
    PERSON,
    PORTAL,
    WAITING,
    WORKFLOW,
    entry,
    history,
    ticket,
)
from worker.hubspot.models import Record
from worker.routing.labelled import Standing
from worker.tickets.person_moves import chosen_queue
from worker.tickets.state import DECIDED_AT


def past(*moves: tuple[str, str], decided: bool = True) -> Record:
    """A ticket with its moves, the newest first."""
    one = ticket(moves=history(*moves))
    if decided:
        one.history[DECIDED_AT] = (entry("1", PERSON, NOW), entry("1", OURS, NOW))
    return one


@pytest.mark.parametrize(
    ("moves", "queue"),
    [
        ([(OCR, PERSON), (NEW, WORKFLOW)], "ocr"),
        ([(IT, PERSON), (OCR, OURS), (NEW, WORKFLOW)], "it"),
        # What came later is a hand-off, by whomever.
        ([(IT, PERSON), (OCR, PERSON), (NEW, WORKFLOW)], "ocr"),
        ([(CLOSED, PERSON), (IT, OURS), (OCR, PERSON)], "ocr"),
        # The last queue before closing, where machines had chosen before.
        ([(CLOSED, WORKFLOW), (IT, PERSON), (WAITING, PERSON), (OCR, WORKFLOW)], "it"),
    ],
)
def test_the_first_queue_that_a_person_chose_is_the_label(
    moves: list[tuple[str, str]], queue: str
) -> None:
    assert chosen_queue(past(*moves), PORTAL) == (queue, Standing.LABELLED)


@pytest.mark.parametrize(
    "moves",
    [
        [(NEW, WORKFLOW)],
        [(CLOSED, PERSON), (WAITING, PERSON), (NEW, WORKFLOW)],
        [(OCR, WORKFLOW), (NEW, WORKFLOW)],
        [(OCR, OURS), (IT, WORKFLOW), (NEW, WORKFLOW)],
        [],
    ],
)
def test_what_no_person_placed_is_unchallenged(moves: list[tuple[str, str]]) -> None:
    assert chosen_queue(past(*moves), PORTAL) == ("", Standing.UNCHALLENGED)


def test_what_the_worker_alone_moved_is_left_out() -> None:
    moves = [(CLOSED, PERSON), (IT, OURS), (OCR, OURS), (NEW, WORKFLOW)]
    assert chosen_queue(past(*moves), PORTAL) == ("", Standing.OURS)
    # Without a decision of ours in its history, another app moved it.
    assert chosen_queue(past(*moves, decided=False), PORTAL) == ("", Standing.UNCHALLENGED)
