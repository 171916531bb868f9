"""The ledger of notices on a ticket: nothing that is due is lost, whatever comes after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.escalation.ledger import MOST_DUE, Entry, entries_due, with_due, with_told

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
FIRST = Entry("exceeds_level_1", AT, "level_1")
SECOND = Entry("not_reproducible", AT + timedelta(minutes=5), "level_2")


def test_it_reads_as_it_was_written_and_a_person_can_read_it() -> None:
    value = with_due("", FIRST)
    assert value == "due exceeds_level_1 1795167000000 from=level_1"
    assert entries_due(value) == [FIRST]


def test_a_second_hand_off_does_not_take_the_place_of_one_that_nobody_was_told_of() -> None:
    both = with_due(with_due("", FIRST), SECOND)
    assert entries_due(both) == [FIRST, SECOND]
    assert entries_due(with_due(both, SECOND)) == [FIRST, SECOND]
    assert entries_due(with_due("sent relay_to_client 1795253400000", FIRST)) == [FIRST]


def test_who_was_told_is_noted_until_all_were() -> None:
    both = with_due(with_due("", FIRST), SECOND)
    some = with_told(both, {FIRST.key: (("TEAMS",), False), SECOND.key: (("TEAMS", "LEAD"), True)})
    (left,) = entries_due(some)
    assert (left.key, left.told) == (FIRST.key, ("TEAMS",))
    assert with_told(some, {FIRST.key: (("TEAMS", "LEAD"), True)}) == f"sent {FIRST.key}"
    assert with_told(both, {}) == both


@pytest.mark.parametrize(
    "value", ["", "sent x 1", "due", "due x", "due x soon", "; ;", "overdue x 1", "due  5"]
)
def test_what_is_not_due_or_not_readable_is_nothing(value: str) -> None:
    assert entries_due(value) == []
    assert with_told(value, {}) in {value, ""} or not entries_due(value)


@given(
    st.lists(
        st.builds(
            Entry,
            request=st.from_regex(r"[a-z][a-z_0-9]{0,30}", fullmatch=True),
            asked_at=st.integers(0, 4_000_000_000_000).map(
                lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
            ),
            from_queue=st.sampled_from(["", "level_1", "it"]),
            told=st.lists(st.sampled_from(["TEAMS_WEBHOOK_URL", "LEAD"]), unique=True).map(tuple),
        ),
        max_size=30,
        unique_by=lambda entry: entry.key,
    )
)
def test_whatever_is_due_is_read_back_and_the_text_stays_short(entries: list[Entry]) -> None:
    value = ""
    for entry in entries:
        value = with_due(value, entry)
    assert entries_due(value) == entries[-MOST_DUE:]
    assert len(value) < 5_000
