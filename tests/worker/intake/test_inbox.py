"""The inbox in a real Redis: announcing, claiming, leases, the bell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import redis

from tests.worker.intake.conftest import PassTime
from tests.worker.intake.desk import (
    COMPANY_S,
    LEASE_S,
    NEWS,
    claim,
    nothing_due,
    numbered,
    settle,
)
from worker.intake.inbox import (
    BATCH,
    KEYS,
    Claim,
    Inbox,
    Outcome,
    Settlement,
    Source,
    Wait,
)

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
    assert set(inbox.reroutes([])) == set()
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


# ---- a person's wish


def test_a_reroute_stands_until_its_work_has_ended(inbox: Inbox, forward: PassTime) -> None:
    inbox.reroute(["1", "2"])
    held = claim(inbox, forward)
    assert set(inbox.reroutes(["1", "2", "3"])) == {"1", "2"}

    inbox.settle(held, [Settlement("1", Outcome.DONE), Settlement("2", Outcome.POSTPONED, 0)])

    assert set(inbox.reroutes(["1", "2", "3"])) == {"2"}


def test_a_reroute_that_comes_while_the_ticket_is_worked_on_is_not_lost(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    held = claim(inbox, forward)
    inbox.reroute(["1"])

    settle(inbox, held, Outcome.DONE)

    assert claim(inbox, forward).ids == ("1",)
    assert set(inbox.reroutes(["1"])) == {"1"}


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
