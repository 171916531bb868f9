"""Workers that die with tickets in their hands."""

from __future__ import annotations

import redis

from tests.worker.intake.conftest import PassTime
from tests.worker.intake.desk import (
    COMPANY_S,
    LEASE_S,
    SETTLED_S,
    claim,
    expire,
    failed_ids,
    numbered,
    settle,
    sizes,
)
from worker.intake.inbox import (
    ALONE_EXPIRIES,
    MAX_ATTEMPTS,
    Inbox,
    Outcome,
    Source,
    Wait,
)


def test_the_ids_of_a_dead_worker_come_back_together_then_in_smaller_batches_and_at_last_alone(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(numbered(70), Source.WEBHOOK)
    for _ in range(3):
        assert sizes(expire(inbox, forward)) == [70]
    assert sizes(expire(inbox, forward)) == [30, 30, 10]
    assert sizes(expire(inbox, forward)) == [5] * 14
    assert sizes(expire(inbox, forward)) == [1] * 70


def test_a_worker_that_lived_to_postpone_speaks_for_its_tickets(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(numbered(70), Source.WEBHOOK)
    for _ in range(4):
        expire(inbox, forward)
    for _ in range(14):
        settle(inbox, claim(inbox, forward), Outcome.POSTPONED, delay_s=60)
    forward(61)
    assert sizes(expire(inbox, forward)) == [30, 30, 10]


def test_a_process_that_starts_ends_the_leases_of_its_earlier_life_alone(
    redis_client: redis.Redis, forward: PassTime
) -> None:
    dead, other = Inbox(redis_client, "worker1@a"), Inbox(redis_client, "worker10@a")
    dead.announce(["1"], Source.WEBHOOK)
    lost = claim(dead, forward)
    other.announce(["2"], Source.WEBHOOK)
    kept = claim(other, forward)

    born_again = Inbox(redis_client, "worker1@a")
    assert born_again.release() == 1

    own = claim(born_again, forward)
    assert own.ids == ("1",)
    assert born_again.release() == 0, "what it holds itself it keeps"
    assert dead.held(lost, ["1"]) == set()
    assert other.held(kept, ["2"]) == {"2"}
    assert born_again.held(own, ["1"]) == {"1"}


def test_new_ids_are_not_mixed_with_those_of_a_dead_worker(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(numbered(3), Source.WEBHOOK)
    expire(inbox, forward)
    inbox.announce(["7", "8"], Source.WEBHOOK)

    claims = expire(inbox, forward)

    assert sorted(sorted(one.ids) for one in claims) == [["1", "2", "3"], ["7", "8"]]


def test_a_worker_that_lives_takes_its_ids_out_of_suspicion(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(numbered(3), Source.WEBHOOK)
    for _ in range(5):
        expire(inbox, forward)
    for _ in range(3):
        settle(inbox, claim(inbox, forward), Outcome.DONE)

    inbox.announce(numbered(3), Source.WEBHOOK)
    assert len(claim(inbox, forward).ids) == 3


def test_a_ticket_alone_in_too_many_expired_leases_is_set_aside(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    for _ in range(ALONE_EXPIRIES):
        assert sizes(expire(inbox, forward)) == [1]

    found, poisoned = inbox.claim()

    assert isinstance(found, Wait)
    assert poisoned == ["1"]
    assert failed_ids(inbox) == {"1"}
    assert inbox.next_due_s() is None
    forward(SETTLED_S)
    assert inbox.announce(["1"], Source.POLL) == 0


def test_only_leases_of_one_count_as_alone(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(numbered(31), Source.WEBHOOK)
    for _ in range(3):
        assert sizes(expire(inbox, forward)) == [31]
    (thirty, _) = expire(inbox, forward)
    for _ in range(ALONE_EXPIRIES):
        expire(inbox, forward)
    inbox.claim()

    assert failed_ids(inbox).isdisjoint(thirty.ids)


def test_the_one_that_kills_is_found_among_a_hundred_and_the_others_pass(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(numbered(100), Source.WEBHOOK)
    deaths = 0
    for _ in range(400):
        forward(COMPANY_S)
        found, poisoned = inbox.claim()
        for one in poisoned:
            inbox.fail(one, "killed its workers")
        if isinstance(found, Wait):
            if inbox.next_due_s() is None:
                break
            continue
        if "37" in found.ids:
            deaths += 1
            forward(LEASE_S + 1)
        else:
            settle(inbox, found, Outcome.DONE)

    assert failed_ids(inbox) == {"37"}
    assert deaths == 5 + ALONE_EXPIRIES
    assert inbox.counts() == {"due": 0, "waiting": 0, "leased": 0, "failed": 1}


def test_a_death_charges_no_attempt(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    expire(inbox, forward)

    assert inbox.attempts_left("1") == MAX_ATTEMPTS - 1


def test_a_suspect_batch_comes_back_in_smaller_ones(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(numbered(32), Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), Outcome.SUSPECT)
    forward(10)

    assert sizes(expire(inbox, forward)) == [30, 2]


def test_an_id_set_aside_starts_anew_when_a_person_retries_it(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["1"], Source.POLL)
    for _ in range(ALONE_EXPIRIES):
        expire(inbox, forward)
    inbox.claim()

    inbox.announce(["1"], Source.PERSON)

    held = claim(inbox, forward)
    assert held.announced["1"][1] == "person"
    forward(LEASE_S + 1)
    assert inbox.claim()[1] == []
