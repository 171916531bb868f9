"""The figures of a storm are counted right, so that a fault of the worker can't pass unseen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chaos.ledger import STAGE, Ledger, Story
from chaos.requests import Announced, announced, left_open
from chaos.verdict import Breakage, Summary, judge

APP = "4711"
NEW, FIRST, SECOND, CLOSED = "1", "2", "3", "4"
COUNTERS = {"total": 9, "status": {"200": 8, "429": 1}, "max_ten_secondly_in_window": 5}


def entry(second: float, kind: str, stage: str, action: str = "update", **more: str) -> Any:
    """An entry of the simulator's log: somebody sets the stage of ticket 7."""
    changes = {STAGE: [None, stage], **{name: [None, value] for name, value in more.items()}}
    return {
        "at": f"2026-11-23T10:{int(second) // 60:02d}:{second % 60:06.3f}Z",
        "actor": {"kind": kind, "id": APP if kind == "app" else "7001"},
        "action": action,
        "object_type": "tickets",
        "id": "7",
        "changes": changes,
    }


def story(*entries: Any) -> Story:
    ledger = Ledger(APP)
    created = entry(0, "channel", NEW, "create")
    ledger.feed({"entries": [created, *entries], "next": 1 + len(entries)})
    return ledger.of(["7"])[0]


def ours(second: float, stage: str, **more: str) -> Any:
    return entry(second, "app", stage, routing_status="decided", **more)


def test_a_ticket_without_status_is_undecided_unless_a_person_took_it() -> None:
    assert not story().decided
    assert story(ours(1, FIRST)).decided
    assert story(entry(1, "user", SECOND)).decided
    assert not story(entry(1, "user", NEW)).decided
    assert not story(entry(1, "app", NEW, routing_status="failed")).decided


def test_a_second_move_to_the_same_stage_is_doubled_and_a_restoration_is_none() -> None:
    assert story(ours(1, FIRST)).doubled == 0
    assert story(ours(1, FIRST), ours(2, SECOND)).doubled == 0, "a new decision"
    assert story(ours(1, FIRST), ours(2, FIRST)).doubled == 1
    person = entry(1, "user", SECOND)
    assert story(person, ours(2, FIRST), ours(3, SECOND)).doubled == 0
    assert story(person, ours(2, FIRST), ours(3, SECOND), ours(4, FIRST)).doubled == 1


def test_a_persons_move_is_undone_when_it_does_not_stand_after_a_minute() -> None:
    person = entry(1, "user", SECOND)
    assert story(person, ours(2, FIRST)).undone
    assert story(person, ours(2, FIRST)).overwritten
    assert not story(person, ours(2, FIRST), ours(60, SECOND)).undone
    assert story(person, ours(2, FIRST), ours(62, SECOND)).undone, "too late"
    assert not story(ours(1, FIRST), entry(2, "user", CLOSED)).undone
    assert not story(person).undone


def test_a_restoration_is_our_move_back_to_what_the_person_chose() -> None:
    person = entry(1, "user", SECOND)
    assert story(person, ours(2, FIRST), ours(5, SECOND)).restored_after_s == pytest.approx(3.0)
    assert story(person, ours(2, SECOND)).restored_after_s is None
    assert story(person, ours(2, FIRST)).restored_after_s is None
    again = entry(3, "user", CLOSED)
    assert story(person, ours(2, FIRST), again).restored_after_s is None, "by the person"


def card(ticket_id: str) -> Any:
    return {
        "card": {"actions": [{"url": f"https://app.hubspot.com/contacts/1/record/0-5/{ticket_id}"}]}
    }


def noticed(value: str, request: str = "") -> Any:
    return ours(3, SECOND, escalation_notice=value, escalation_request=request)


def test_a_hand_off_is_open_until_it_is_carried_out_and_told() -> None:
    assert left_open([story(entry(2, "user", FIRST, escalation_request="exceeds_level_1"))]) == 1
    assert left_open([story(noticed("due exceeds_level_1 5"))]) == 1
    assert left_open([story(noticed("sent exceeds_level_1 5"))]) == 0


def test_messages_are_counted_where_the_channel_took_them() -> None:
    ledger = Ledger(APP)
    ledger.feed({"entries": [entry(0, "channel", NEW, "create"), noticed("sent x 5")], "next": 2})
    assert announced(["7"], ledger, {"cards": []}) == Announced(1, 0, 0, 1)
    assert announced(["7"], ledger, {"cards": [card("7")]}) == Announced(1, 1, 0, 0)
    assert announced(["7"], ledger, {"cards": [card("7"), card("7")]}) == Announced(1, 2, 1, 0)


TOLD = Announced(1, 1, 0, 0)


def judged(
    one: Story,
    still: Story,
    told: Announced = TOLD,
    calmly: Announced = TOLD,
    **broken: int,
) -> Summary:
    breakage = replace(Breakage(10, 5, 1, 0), **broken)
    return judge(7, [one], [still], breakage, COUNTERS, (told, calmly), (1.0, 1.0))


@pytest.mark.parametrize(
    ("told", "calmly", "missed"),
    [
        (Announced(2, 13, 11, 0), Announced(2, 2, 0, 0), []),
        (Announced(2, 14, 12, 0), Announced(2, 2, 0, 0), ["more notices were repeated"]),
        (Announced(2, 1, 0, 1), Announced(2, 2, 0, 0), ["notices_missing is 1"]),
        (Announced(2, 2, 0, 0), Announced(2, 3, 1, 0), ["calm_notices_repeated is 1"]),
        (Announced(0, 0, 0, 0), Announced(0, 0, 0, 0), ["no hand-off was announced"]),
    ],
)
def test_a_message_may_be_repeated_for_a_kill_or_a_flush_and_must_not_be_missing(
    told: Announced, calmly: Announced, missed: list[str]
) -> None:
    restored = story(entry(1, "user", SECOND), ours(2, FIRST), ours(3, SECOND))
    found = judged(restored, story(ours(1, FIRST)), told, calmly).missed
    assert len(found) == len(missed)
    assert all(said.startswith(begun) for said, begun in zip(found, missed, strict=True))


def test_what_is_missed_is_said() -> None:
    calm = story(ours(1, FIRST))
    restored = story(entry(1, "user", SECOND), ours(2, FIRST), ours(3, SECOND))
    assert judged(restored, calm).missed == []
    assert "nobody met the worker" in judged(calm, calm).missed[0]
    other = story(ours(1, SECOND))
    assert any("unequal_to_calm is 1" in m for m in judged(other, calm).missed)
    assert any("lost is 1" in m for m in judged(story(), calm).missed)
    assert any("without being killed" in m for m in judged(calm, calm, ends_of_their_own=1).missed)
