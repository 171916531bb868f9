"""Names for sentences: asked seldom, and never a reason to wait or to fail."""

from __future__ import annotations

from worker.escalation.colleagues import KEPT_S, Colleagues
from worker.hubspot.errors import RateLimited
from worker.hubspot.models import Owner

DANA = Owner("501", "dana@example.com", "Dana Ruiz", True, "7002")
NAMELESS = Owner("502", "bo@example.com", "", True, "7003")


class Portal:
    """Owners of an account, counting how often they are asked for."""

    def __init__(self, *owners: Owner) -> None:
        self.owners = list(owners)
        self.asked = 0
        self.full = False

    def active_owners(self) -> list[Owner]:
        self.asked += 1
        if self.full:
            raise RateLimited("no calls left", 30.0)
        return self.owners


def colleagues(portal: Portal, now: list[float]) -> Colleagues:
    return Colleagues(portal, lambda: now[0])  # type: ignore[arg-type]


def test_people_are_named_by_their_user_id_and_by_mail_where_they_have_no_name() -> None:
    known = colleagues(Portal(DANA, NAMELESS), [0.0])
    assert known.names(["7002", "7003", "501", "9", ""]) == {
        "7002": "Dana Ruiz",
        "7003": "bo@example.com",
    }


def test_hubspot_is_asked_once_in_ten_minutes_and_only_for_whom_nobody_knows() -> None:
    portal, now = Portal(DANA), [0.0]
    known = colleagues(portal, now)
    assert known.names([]) == {}
    assert portal.asked == 0
    for _ in range(3):
        known.names(["7002", "8"])
    assert portal.asked == 1
    now[0] = KEPT_S + 1
    known.names(["7002"])
    assert portal.asked == 1
    known.names(["8"])
    assert portal.asked == 2


def test_without_an_answer_nobody_is_named_and_nothing_fails() -> None:
    portal = Portal(DANA)
    portal.full = True
    assert colleagues(portal, [0.0]).names(["7002"]) == {}
