"""When a hand-off's notice goes out, where to, and what waits for one message in the morning
(pure).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.escalation.card_drawing import Card
from worker.escalation.cards import MOST_IN_CARD, Announcement, digest_card, hand_off_card
from worker.escalation.hours import WorkingHours
from worker.escalation.ledger import Entry
from worker.routing.escalation_rules import NoticeRules, Notices, When


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that the ledger on a ticket calls due. `queue` is the one the ticket went to,
    `entry` what the ledger says of it.
    """

    entry: Entry
    queue: str
    announcement: Announcement


@dataclass(frozen=True, slots=True)
class Posting:
    """One message: to whom the rules say, but for those who are `told` already; all of `notices`
    are sent with it.
    """

    rules: NoticeRules
    told: tuple[str, ...]
    notices: tuple[Due, ...]
    card: Card


def due_at(queue: str, asked_at: datetime, notices: Notices, hours: WorkingHours) -> datetime:
    """The moment from which the notice of a hand-off may be sent."""
    if notices.of(queue).when is When.AT_ONCE:
        return asked_at
    return hours.next_opening(asked_at)


def postings(
    due: Sequence[Due], now: datetime, notices: Notices, hours: WorkingHours
) -> list[Posting]:
    """The messages to send now. What came while nobody was there goes out together, by channel,
    oldest first and `MOST_IN_CARD` to a message; everything else by itself. What has to wait is
    in none of them.
    """
    alone: list[Posting] = []
    waited: dict[tuple[NoticeRules, tuple[str, ...]], list[Due]] = {}
    for one in sorted(due, key=lambda d: (d.announcement.asked_at, d.announcement.ticket_id)):
        rules = notices.of(one.queue)
        if not may_send(rules, now, hours):
            continue
        if rules.when is When.WORKING_HOURS and not hours.is_open(one.announcement.asked_at):
            waited.setdefault((rules, one.entry.told), []).append(one)
        else:
            alone.append(_posting(rules, one.entry.told, [one]))
    together = [
        _posting(rules, told, held[start : start + MOST_IN_CARD])
        for (rules, told), held in waited.items()
        for start in range(0, len(held), MOST_IN_CARD)
    ]
    return together + alone


def may_send(rules: NoticeRules, now: datetime, hours: WorkingHours) -> bool:
    """Whether the policy lets a message go out at this moment."""
    return rules.when is When.AT_ONCE or hours.is_open(now)


def _posting(rules: NoticeRules, told: tuple[str, ...], notices: Sequence[Due]) -> Posting:
    card = (
        hand_off_card(notices[0].announcement)
        if len(notices) == 1
        else digest_card([one.announcement for one in notices])
    )
    return Posting(rules, told, tuple(notices), card)
