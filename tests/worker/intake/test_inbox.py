"""The inbox, one promise at a time, in a real Redis."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import redis

from tests.worker.intake.conftest import PassTime
from worker.intake.inbox import (
    ALONE_EXPIRIES,
    BATCH,
    COMPANY_MS,
    KEYS,
    LEASE_MS,
    MAX_ATTEMPTS,
    SETTLED_MS,
    Claim,
    Inbox,
    Outcome,
    Settlement,
    Source,
    Wait,
)

COMPANY_S, LEASE_S, SETTLED_S = COMPANY_MS / 1000, LEASE_MS / 1000, SETTLED_MS / 1000
NEWS = [Source.WEBHOOK, Source.PERSON]


def numbered(count: int) -> list[str]:
    return [str(n) for n in range(1, count + 1)]


def claim(inbox: Inbox, forward: PassTime, most: int = BATCH) -> Claim:
    """Claim what is due, the wait for company being over."""
    forward(COMPANY_S)
    found, _ = inbox.claim(most)
    assert isinstance(found, Claim)
    return found


def settle(inbox: Inbox, held: Claim, outcome: Outcome, delay_s: float | None = None) -> set[str]:
    return inbox.settle(held, [Settlement(one, outcome, delay_s, "odd") for one in held.ids])


def nothing_due(inbox: Inbox) -> bool:
    found, _ = inbox.claim()
    return isinstance(found, Wait)


def failed_ids(inbox: Inbox) -> set[str]:
    return {failure.id for failure in inbox.failures()}


# ---- announcing and claiming


def test_an_announced_id_is_claimed_once(inbox: Inbox, forward: PassTime) -> None:
    assert inbox.announce(["1", "2"], Source.WEBHOOK) == 2

    held = claim(inbox, forward)

    assert set(held.ids) == {"1", "2"}
    assert nothing_due(inbox)
    assert inbox.counts() == {"due": 0, "waiting": 0, "leased": 2, "failed": 0}


def test_announcing_again_is_free(inbox: Inbox, forward: PassTime) -> None:
    for _ in range(5):
        inbox.announce(["1"], Source.WEBHOOK)

    assert claim(inbox, forward).ids == ("1",)
    assert nothing_due(inbox)


def test_nothing_to_announce_or_settle_is_nothing(inbox: Inbox) -> None:
    assert inbox.announce([], Source.POLL) == 0
    assert inbox.settle(Claim("x", (), {}), []) == set()
    assert inbox.reroutes([]) == set()
    inbox.reroute([])
    assert inbox.next_due_s() is None


def test_a_claim_takes_at_most_a_batch_and_the_oldest_first(
    inbox: Inbox, forward: PassTime
) -> None:
    for one in numbered(3):
        inbox.announce([one], Source.WEBHOOK)
        forward(1)
    inbox.announce([f"9{n}" for n in range(200)], Source.WEBHOOK)

    held = claim(inbox, forward)

    assert len(held.ids) == BATCH
    assert held.ids[:3] == ("1", "2", "3")


def test_a_small_batch_waits_a_moment_for_company_and_a_full_one_does_not(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(numbered(99), Source.WEBHOOK)
    found, _ = inbox.claim()
    assert isinstance(found, Wait)
    assert found.seconds is not None
    assert 0 < found.seconds <= COMPANY_S

    inbox.announce(["100"], Source.WEBHOOK)
    found, _ = inbox.claim()
    assert isinstance(found, Claim)
    assert len(found.ids) == 100


def test_an_announcement_may_be_for_later(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK, delay_s=30)
    forward(29)
    assert nothing_due(inbox)
    assert inbox.counts()["waiting"] == 1
    assert inbox.next_due_s() == pytest.approx(1, abs=0.2)

    forward(1)
    assert claim(inbox, forward).ids == ("1",)


@pytest.mark.parametrize("source", [*NEWS, Source.ASSOCIATION])
def test_news_brings_a_waiting_id_forward_and_never_back(
    inbox: Inbox, forward: PassTime, source: Source
) -> None:
    inbox.announce(["1"], Source.WEBHOOK, delay_s=3600)
    assert inbox.announce(["1"], source) == 1
    assert inbox.announce(["1"], source, delay_s=3600) == 1

    assert claim(inbox, forward).ids == ("1",)


def test_a_claim_tells_when_and_by_whom_each_id_was_first_announced(
    inbox: Inbox, forward: PassTime
) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    inbox.announce(["1"], Source.POLL)
    inbox.announce(["1"], Source.WEBHOOK)
    inbox.announce(["2"], Source.WEBHOOK)

    held = claim(inbox, forward)

    assert {one: source for one, (_, source) in held.announced.items()} == {
        "1": "poll",
        "2": "webhook",
    }
    assert all(before < at <= datetime.now(UTC) for at, _ in held.announced.values())


def test_the_first_announcement_outlives_postponing_and_ends_with_the_work(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["1"], Source.POLL)
    first = claim(inbox, forward)
    settle(inbox, first, Outcome.POSTPONED, 0)
    second = claim(inbox, forward)
    assert second.announced == first.announced

    settle(inbox, second, Outcome.DONE)
    inbox.announce(["1"], Source.PERSON)
    assert claim(inbox, forward).announced["1"][1] == "person"


# ---- leases


def test_two_claims_never_hold_the_same_id(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(numbered(150), Source.WEBHOOK)
    one, two = claim(inbox, forward), claim(inbox, forward)

    assert len(one.ids) == 100
    assert set(one.ids).isdisjoint(two.ids)
    assert inbox.held(one, two.ids) == set()
    assert inbox.held(one, one.ids) == set(one.ids)


def test_a_lease_ends_and_its_holder_is_told(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    held = claim(inbox, forward)
    forward(LEASE_S - 1)
    assert inbox.held(held, ["1"]) == {"1"}

    forward(1.1)

    assert inbox.held(held, ["1"]) == set()
    assert inbox.renew(held) == set()


def test_renewing_extends_a_lease(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    held = claim(inbox, forward)
    for _ in range(5):
        forward(LEASE_S - 1)
        assert inbox.renew(held) == {"1"}

    assert inbox.next_due_s() == pytest.approx(LEASE_S, abs=0.5)


def test_looking_whether_an_id_is_held_does_not_change_its_lease(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    held = claim(inbox, forward)
    for _ in range(3):
        assert inbox.held(held, ["1"]) == {"1"}
        forward((LEASE_S - 1) / 3)
    assert inbox.held(held, ["1"]) == {"1"}
    forward(1.1)

    assert inbox.held(held, ["1"]) == set()


def test_an_expired_lease_passes_to_the_next_claim_and_its_old_holder_changes_nothing(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    dead = claim(inbox, forward)
    forward(LEASE_S + 1)
    alive = claim(inbox, forward)

    assert settle(inbox, dead, Outcome.FAILED) == set()
    assert inbox.held(alive, ["1"]) == {"1"}
    assert inbox.failures() == []
    assert settle(inbox, alive, Outcome.DONE) == {"1"}


def test_a_wrong_token_changes_nothing(
    inbox: Inbox, forward: PassTime, redis_client: redis.Redis
) -> None:
    inbox.announce(numbered(3), Source.WEBHOOK)
    held = claim(inbox, forward, most=2)
    before = {name: redis_client.dump(key) for name, key in KEYS.items()}
    stranger = Claim("f" * 16, ("1", "2", "3", "4"), {})

    for outcome in Outcome:
        assert settle(inbox, stranger, outcome, 5) == set()
    assert inbox.renew(stranger) == set()

    after = {name: redis_client.dump(key) for name, key in KEYS.items()}
    assert {n for n in before if before[n] != after[n]} <= {"bell"}
    assert inbox.held(held, held.ids) == set(held.ids)


def test_after_a_flush_nobody_holds_anything(
    inbox: Inbox, forward: PassTime, redis_client: redis.Redis
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    held = claim(inbox, forward)
    redis_client.flushall()

    assert inbox.held(held, ["1"]) == set()
    assert settle(inbox, held, Outcome.DONE) == set()
    assert inbox.announce(["1"], Source.POLL) == 1


# ---- announced while leased


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("source", NEWS)
def test_an_id_announced_while_leased_runs_again_however_it_ended(
    inbox: Inbox, forward: PassTime, outcome: Outcome, source: Source
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    held = claim(inbox, forward)
    assert inbox.announce(["1"], source) == 1
    assert nothing_due(inbox)

    settle(inbox, held, outcome, 3600)

    assert claim(inbox, forward).ids == ("1",)
    assert inbox.failures() == []


def test_an_announcement_during_a_lease_that_expires_is_met_by_the_next_claim(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    claim(inbox, forward)
    inbox.announce(["1"], Source.WEBHOOK)
    forward(LEASE_S + 1)

    settle(inbox, claim(inbox, forward), Outcome.DONE)

    forward(1)
    assert nothing_due(inbox)
    assert inbox.next_due_s() is None


@pytest.mark.parametrize("source", [Source.POLL, Source.ASSOCIATION])
def test_a_hint_about_a_leased_id_does_not_make_it_run_again(
    inbox: Inbox, forward: PassTime, source: Source
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    held = claim(inbox, forward)

    assert inbox.announce(["1"], source) == 0
    settle(inbox, held, Outcome.DONE)

    forward(1)
    assert nothing_due(inbox)


# ---- hints


def test_a_poll_does_not_disturb_an_id_that_waits(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK, delay_s=100)

    assert inbox.announce(["1"], Source.POLL) == 0
    forward(99)
    assert nothing_due(inbox)


@pytest.mark.parametrize("source", [Source.POLL, Source.ASSOCIATION])
def test_a_hint_about_an_id_just_settled_is_taken_for_the_indexs_lag(
    inbox: Inbox, forward: PassTime, source: Source
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), Outcome.DONE)

    forward(SETTLED_S - 1)
    assert inbox.announce(["1"], source) == 0
    forward(2)
    assert inbox.announce(["1"], source) == 1


@pytest.mark.parametrize("source", NEWS)
def test_news_about_an_id_just_settled_is_news(
    inbox: Inbox, forward: PassTime, source: Source
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), Outcome.DONE)

    assert inbox.announce(["1"], source) == 1
    assert claim(inbox, forward).ids == ("1",)


def test_an_association_brings_a_second_look_forward(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), Outcome.LATER, 300)

    assert inbox.announce(["1"], Source.POLL) == 0
    assert inbox.announce(["1"], Source.ASSOCIATION) == 1
    assert claim(inbox, forward).ids == ("1",)


@pytest.mark.parametrize("source", [Source.POLL, Source.ASSOCIATION])
def test_a_hint_does_not_free_what_was_set_aside_and_news_does(
    inbox: Inbox, forward: PassTime, source: Source
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), Outcome.FAILED)
    forward(SETTLED_S + 1)

    assert inbox.announce(["1"], source) == 0
    assert failed_ids(inbox) == {"1"}

    assert inbox.announce(["1"], Source.WEBHOOK) == 1
    assert inbox.failures() == []
    assert claim(inbox, forward).ids == ("1",)


# ---- how work ends


def test_done_is_done(inbox: Inbox, forward: PassTime, redis_client: redis.Redis) -> None:
    inbox.announce(["1"], Source.WEBHOOK)

    assert settle(inbox, claim(inbox, forward), Outcome.DONE) == {"1"}

    forward(10)
    assert nothing_due(inbox)
    assert {k for n, k in KEYS.items() if redis_client.exists(k)} == {KEYS["settled"], KEYS["bell"]}


@pytest.mark.parametrize("outcome", [Outcome.LATER, Outcome.POSTPONED, Outcome.RETRY])
def test_what_is_to_come_back_comes_back_at_its_time(
    inbox: Inbox, forward: PassTime, outcome: Outcome
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), outcome, 30)

    forward(29)
    assert nothing_due(inbox)
    forward(1)
    assert claim(inbox, forward).ids == ("1",)


@pytest.mark.parametrize("delay_s", [None, -5.0])
def test_what_is_postponed_without_a_time_is_not_lost(
    inbox: Inbox, forward: PassTime, delay_s: float | None
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), Outcome.POSTPONED, delay_s)

    forward(2)
    assert claim(inbox, forward).ids == ("1",)


def test_postponing_charges_nobody(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    for _ in range(3 * MAX_ATTEMPTS):
        settle(inbox, claim(inbox, forward), Outcome.POSTPONED, 0)

    assert inbox.attempts_left("1") == MAX_ATTEMPTS - 1
    assert inbox.failures() == []


def test_a_retry_backs_off_longer_each_time_and_ends_set_aside(
    inbox: Inbox, forward: PassTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redis.backoff.random.uniform", lambda _low, high: high)
    inbox.announce(["1"], Source.WEBHOOK)
    waits = []
    for attempt in range(1, MAX_ATTEMPTS):
        assert inbox.attempts_left("1") == MAX_ATTEMPTS - attempt
        settle(inbox, claim(inbox, forward), Outcome.RETRY)
        wait = inbox.next_due_s()
        assert wait is not None
        waits.append(wait)
        forward(wait)
    assert inbox.attempts_left("1") == 0

    settle(inbox, claim(inbox, forward), Outcome.RETRY)

    assert waits == sorted(waits)
    assert 0.4 < waits[0] < 20
    assert all(later > 1.5 * sooner for sooner, later in pairwise(waits))
    assert failed_ids(inbox) == {"1"}
    assert inbox.failures()[0].why == "odd"
    assert inbox.next_due_s() is None


def test_success_forgets_earlier_attempts(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    for _ in range(MAX_ATTEMPTS - 1):
        settle(inbox, claim(inbox, forward), Outcome.RETRY, 0)
    settle(inbox, claim(inbox, forward), Outcome.DONE)

    assert inbox.attempts_left("1") == MAX_ATTEMPTS - 1


def test_one_batch_may_end_in_every_way(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(numbered(5), Source.WEBHOOK)
    held = claim(inbox, forward)

    ended = inbox.settle(
        held,
        [
            Settlement("1", Outcome.DONE),
            Settlement("2", Outcome.LATER, 30),
            Settlement("3", Outcome.POSTPONED, 2),
            Settlement("4", Outcome.FAILED, why="refused"),
        ],
    )

    assert ended == {"1", "2", "3", "4"}
    assert inbox.counts() == {"due": 0, "waiting": 2, "leased": 1, "failed": 1}
    assert inbox.held(held, held.ids) == {"5"}


def test_failures_are_listed_oldest_first_with_their_reason(
    inbox: Inbox, forward: PassTime
) -> None:
    for one in ("2", "1"):
        inbox.announce([one], Source.WEBHOOK)
        held = claim(inbox, forward)
        inbox.settle(held, [Settlement(one, Outcome.FAILED, why=f"{one} is odd ✓")])
    inbox.fail("3", "killed its workers")

    failures = inbox.failures()

    assert [failure.id for failure in failures] == ["2", "1", "3"]
    assert failures[0].why == "2 is odd ✓"
    assert datetime.now(UTC) - failures[0].at < timedelta(seconds=10)


# ---- workers that die


def expire(inbox: Inbox, forward: PassTime) -> list[Claim]:
    """Claim all that is due, as workers that then die; returns their claims."""
    claims: list[Claim] = []
    forward(COMPANY_S)
    while isinstance(found := inbox.claim()[0], Claim):
        claims.append(found)
    forward(LEASE_S + 1)
    return claims


def sizes(claims: Iterable[Claim]) -> list[int]:
    return [len(one.ids) for one in claims]


def test_the_ids_of_a_dead_worker_come_back_in_smaller_batches_and_at_last_alone(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(numbered(70), Source.WEBHOOK)
    assert sizes(expire(inbox, forward)) == [70]
    assert sizes(expire(inbox, forward)) == [30, 30, 10]
    assert sizes(expire(inbox, forward)) == [5] * 14
    assert sizes(expire(inbox, forward)) == [1] * 70


def test_a_worker_that_lived_to_postpone_speaks_for_its_tickets(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(numbered(70), Source.WEBHOOK)
    expire(inbox, forward)
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
    for _ in range(3):
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
    assert deaths == 3 + ALONE_EXPIRIES
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


# ---- a person's wish


def test_a_reroute_stands_until_its_work_has_ended(inbox: Inbox, forward: PassTime) -> None:
    inbox.reroute(["1", "2"])
    held = claim(inbox, forward)
    assert inbox.reroutes(["1", "2", "3"]) == {"1", "2"}

    inbox.settle(held, [Settlement("1", Outcome.DONE), Settlement("2", Outcome.POSTPONED, 0)])

    assert inbox.reroutes(["1", "2", "3"]) == {"2"}


def test_a_reroute_that_comes_while_the_ticket_is_worked_on_is_not_lost(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    held = claim(inbox, forward)
    inbox.reroute(["1"])

    settle(inbox, held, Outcome.DONE)

    assert claim(inbox, forward).ids == ("1",)
    assert inbox.reroutes(["1"]) == {"1"}


# ---- the bell


def test_the_bell_rings_for_what_was_announced_or_settled(inbox: Inbox, forward: PassTime) -> None:
    assert not inbox.wait_for_bell(0.01)
    inbox.announce(["1"], Source.WEBHOOK)
    inbox.announce(["2"], Source.WEBHOOK)
    assert inbox.wait_for_bell(0.01)
    assert not inbox.wait_for_bell(0.01)

    settle(inbox, claim(inbox, forward), Outcome.DONE)
    assert inbox.wait_for_bell(0.01)


def test_a_hint_that_is_not_taken_does_not_ring(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK, delay_s=60)
    inbox.wait_for_bell(0.01)

    inbox.announce(["1"], Source.POLL)

    assert not inbox.wait_for_bell(0.01)


def test_the_next_thing_to_do_may_be_a_lease_that_runs_out(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    claim(inbox, forward)
    inbox.announce(["2"], Source.WEBHOOK, delay_s=3600)

    assert inbox.next_due_s() == pytest.approx(LEASE_S, abs=0.5)
    forward(LEASE_S + 5)
    assert inbox.next_due_s() == 0
