"""Who becomes the owner: active, listed, not away; otherwise nobody, with the reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from worker.escalation.owners import OWNER, choose, may_assign, trampled_owner
from worker.hubspot.models import HistoryEntry, Owner, Record
from worker.routing.escalation_rules import Absence, Assign, QueueOwners

ANA = Owner("101", "ana@desk.example", "Ana", True)
BO = Owner("102", "Bo@desk.example", "Bo", True)
CY = Owner("103", "cy@desk.example", "Cy", True)
GONE = Owner("104", "gone@desk.example", "Gone", False)
EVERYBODY = (ANA, BO, CY, GONE)
TODAY = date(2026, 11, 23)
LISTED = ("ana@desk.example", "bo@desk.example", "103", "gone@desk.example", "nobody@desk.example")


def rules(assign: Assign, owners: tuple[str, ...] = LISTED) -> QueueOwners:
    return QueueOwners(assign=assign, owners=owners)


def away(owner: str, first: int, last: int) -> Absence:
    return Absence.model_validate(
        {"owner": owner, "from": TODAY.replace(day=first), "until": TODAY.replace(day=last)}
    )


def test_the_default_is_nobody() -> None:
    assert choose(QueueOwners(), EVERYBODY, (), {}, "", TODAY).owner_id is None


def test_fixed_is_the_first_who_is_there() -> None:
    fixed = rules(Assign.FIXED)
    assert choose(fixed, EVERYBODY, (), {"101": 99}, "101", TODAY).owner_id == "101"
    assert choose(fixed, EVERYBODY, [away("101", 23, 23)], {}, "", TODAY).owner_id == "102"
    assert choose(fixed, (BO, CY), (), {}, "", TODAY).owner_id == "102"


@pytest.mark.parametrize(
    ("last", "wanted"), [("", "101"), ("101", "102"), ("102", "103"), ("103", "101"), ("9", "101")]
)
def test_round_robin_goes_on_where_it_stopped(last: str, wanted: str) -> None:
    assert choose(rules(Assign.ROUND_ROBIN), EVERYBODY, (), {}, last, TODAY).owner_id == wanted


def test_round_robin_goes_on_after_one_who_is_away() -> None:
    absences = [away("bo@desk.example", 20, 25)]
    robin = rules(Assign.ROUND_ROBIN)
    assert choose(robin, EVERYBODY, absences, {}, "101", TODAY).owner_id == "103"
    assert choose(robin, EVERYBODY, absences, {}, "102", TODAY).owner_id == "103"


def test_least_open_takes_who_has_the_fewest_and_the_first_of_equals() -> None:
    least = rules(Assign.LEAST_OPEN)
    load = {"101": 3, "102": 1, "103": 1}
    assert choose(least, EVERYBODY, (), load, "", TODAY).owner_id == "102"
    assert choose(least, EVERYBODY, (), {"101": 3, "102": 1}, "", TODAY).owner_id == "103"


@pytest.mark.parametrize(
    ("first", "last", "there"), [(23, 24, False), (21, 23, False), (24, 25, True), (20, 22, True)]
)
def test_first_and_last_day_of_an_absence_are_days_away(first: int, last: int, there: bool) -> None:
    only_ana = rules(Assign.FIXED, ("ANA@desk.example",))
    choice = choose(only_ana, EVERYBODY, [away("ana@desk.example", first, last)], {}, "", TODAY)
    assert (choice.owner_id == "101") is there


def test_nobody_eligible_is_said_with_each_reason() -> None:
    nobody = rules(Assign.ROUND_ROBIN, ("ana@desk.example", "gone@desk.example", "x@desk.example"))
    choice = choose(nobody, EVERYBODY, [away("ana@desk.example", 1, 30)], {}, "", TODAY)
    assert choice.owner_id is None
    assert choice.why == (
        "nobody is eligible: ana@desk.example is away; gone@desk.example is no active owner in "
        "HubSpot; x@desk.example is no active owner in HubSpot"
    )


@given(
    st.sampled_from([Assign.FIXED, Assign.ROUND_ROBIN, Assign.LEAST_OPEN]),
    st.permutations(LISTED),
    st.sets(st.sampled_from(["101", "102", "103"])),
    st.sampled_from(["", "101", "102", "103", "104"]),
)
def test_who_is_chosen_is_active_listed_and_there(
    assign: Assign, order: list[str], away_ids: set[str], last: str
) -> None:
    absences = [away(id_, 1, 30) for id_ in away_ids]
    choice = choose(rules(assign, tuple(order)), EVERYBODY, absences, {}, last, TODAY)
    there = {"101", "102", "103"} - away_ids
    assert (choice.owner_id in there) if there else choice.owner_id is None


@given(st.integers(1, 30))
def test_round_robin_gives_everybody_the_same(rounds: int) -> None:
    last, given_to = "", []
    for _ in range(rounds * 3):
        last = choose(rules(Assign.ROUND_ROBIN), EVERYBODY, (), {}, last, TODAY).owner_id or ""
        given_to.append(last)
    assert {given_to.count(id_) for id_ in ("101", "102", "103")} == {rounds}


def test_a_policy_that_assigns_names_somebody() -> None:
    with pytest.raises(ValidationError, match="needs `owners`"):
        QueueOwners(assign=Assign.FIXED)
    with pytest.raises(ValidationError, match="before"):
        away("ana@desk.example", 5, 4)


# ---- beside HubSpot's own assignment

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def entry(value: str, second: int, person: str = "") -> HistoryEntry:
    return HistoryEntry(value, AT + timedelta(seconds=second), "", "", person)


def ticket(owner: str, *entries: HistoryEntry) -> Record:
    return Record("1", {OWNER: owner}, {OWNER: entries})


def test_a_ticket_that_has_an_owner_keeps_it() -> None:
    assert not may_assign(ticket("101", entry("101", 0)))
    assert may_assign(ticket(""))


def test_a_person_who_took_the_owner_away_has_the_say() -> None:
    assert not may_assign(ticket("", entry("", 5, person="7"), entry("101", 0)))
    assert may_assign(ticket("", entry("", 5), entry("101", 0)))


def test_an_owner_set_between_our_read_and_our_write_is_found() -> None:
    seen = str(int(AT.timestamp() * 1000))
    ours = entry("101", 9)
    assert trampled_owner(seen, ticket("101", ours, entry("102", 5)), "101") == "102"
    assert trampled_owner(seen, ticket("101", ours, entry("102", -5)), "101") == ""
    assert trampled_owner(seen, ticket("101", ours), "101") == ""
    # Somebody chose after us: that stands, and nothing is to be mended.
    assert trampled_owner(seen, ticket("103", entry("103", 12), ours), "101") == ""
