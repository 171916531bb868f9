"""When notices go out: at once, in working hours, or together in the morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.worker.escalation.test_cards import ONE
from worker.escalation.card_drawing import as_text
from worker.escalation.cards import MOST_IN_CARD
from worker.escalation.hours import WorkingHours
from worker.escalation.ledger import Entry
from worker.escalation.notices import Due, due_at, postings
from worker.routing.escalation_rules import NoticeRules, Notices, When, WorkingHoursRules

HOURS = WorkingHours(WorkingHoursRules())  # Monday to Friday, 9 to 17 UTC
NOTICES = Notices(
    default=NoticeRules(),
    queues={
        "product": NoticeRules(when=When.WORKING_HOURS),
        "it": NoticeRules(when=When.WORKING_HOURS),
        "development": NoticeRules(channel="TEAMS_DEV", when=When.WORKING_HOURS, also=("LEAD",)),
    },
)
FRIDAY_NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def due(queue: str, at: datetime, ticket_id: str = "1", told: tuple[str, ...] = ()) -> Due:
    announcement = replace(ONE, ticket_id=ticket_id, asked_at=at, subject=f"ticket {ticket_id}")
    return Due(Entry("exceeds_level_1", at, told=told), queue, announcement)


def test_a_notice_is_due_at_once_or_when_somebody_is_there() -> None:
    assert due_at("level_2", FRIDAY_NIGHT, NOTICES, HOURS) == FRIDAY_NIGHT
    assert due_at("product", FRIDAY_NIGHT, NOTICES, HOURS) == MONDAY
    assert due_at("product", NOON, NOTICES, HOURS) == NOON


def test_at_once_goes_out_by_night_one_message_each() -> None:
    sent = postings(
        [due("level_2", FRIDAY_NIGHT, "1"), due("ocr", FRIDAY_NIGHT, "2")],
        FRIDAY_NIGHT,
        NOTICES,
        HOURS,
    )
    assert [[n.announcement.ticket_id for n in p.notices] for p in sent] == [["1"], ["2"]]
    assert {p.rules.channel for p in sent} == {"TEAMS_WEBHOOK_URL"}


def test_what_waits_for_the_morning_is_sent_to_nobody_before() -> None:
    held = [due("product", FRIDAY_NIGHT)]
    assert postings(held, SATURDAY, NOTICES, HOURS) == []
    assert len(postings(held, MONDAY, NOTICES, HOURS)) == 1


def test_the_morning_has_one_message_for_each_channel() -> None:
    held = [
        due("product", SATURDAY, "2"),
        due("it", FRIDAY_NIGHT, "1"),
        due("development", SATURDAY, "3"),
        due("development", SATURDAY, "4"),
        due("product", MONDAY, "5"),
    ]
    sent = postings(held, MONDAY, NOTICES, HOURS)
    by_channel = [
        (p.rules.channel, p.rules.also, [n.announcement.ticket_id for n in p.notices]) for p in sent
    ]
    assert by_channel == [
        ("TEAMS_WEBHOOK_URL", (), ["1", "2"]),  # the oldest first
        ("TEAMS_DEV", ("LEAD",), ["3", "4"]),
        ("TEAMS_WEBHOOK_URL", (), ["5"]),  # came while somebody was there
    ]
    title, text = as_text(sent[0].card)
    assert title == "2 tickets were handed off outside working hours"
    assert text.index("ticket 1") < text.index("ticket 2")


def test_a_single_notice_of_the_night_is_shown_in_full() -> None:
    (sent,) = postings([due("product", FRIDAY_NIGHT)], MONDAY, NOTICES, HOURS)
    assert as_text(sent.card)[0] == "A ticket was handed off"


def test_a_long_night_makes_several_messages_and_loses_nothing() -> None:
    held = [due("product", FRIDAY_NIGHT, str(n)) for n in range(2 * MOST_IN_CARD + 3)]
    sent = postings(held, MONDAY, NOTICES, HOURS)
    assert [len(p.notices) for p in sent] == [MOST_IN_CARD, MOST_IN_CARD, 3]
    told = [n.announcement.ticket_id for p in sent for n in p.notices]
    assert sorted(told) == sorted(one.announcement.ticket_id for one in held)


def test_what_teams_did_not_take_by_day_is_sent_at_the_next_opening() -> None:
    # Due since noon, Teams was away, and it is night by now.
    late = [due("product", NOON)]
    assert postings(late, datetime(2026, 11, 23, 20, 0, tzinfo=UTC), NOTICES, HOURS) == []
    (sent,) = postings(late, datetime(2026, 11, 24, 9, 0, tzinfo=UTC), NOTICES, HOURS)
    assert as_text(sent.card)[0] == "A ticket was handed off"


def test_who_has_been_told_of_one_is_not_told_again_with_the_others() -> None:
    held = [
        due("development", SATURDAY, "1", ("TEAMS_DEV",)),
        due("development", SATURDAY, "2"),
        due("development", SATURDAY, "3", ("TEAMS_DEV",)),
    ]
    sent = postings(held, MONDAY, NOTICES, HOURS)
    assert [(p.told, [n.announcement.ticket_id for n in p.notices]) for p in sent] == [
        (("TEAMS_DEV",), ["1", "3"]),
        ((), ["2"]),
    ]
