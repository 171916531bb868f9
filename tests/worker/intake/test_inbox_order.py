"""What goes first at the inbox, and when nothing may go at all."""

from __future__ import annotations

import redis

from tests.worker.intake.conftest import PassTime
from tests.worker.intake.desk import COMPANY_S, LEASE_S, claim, nothing_due, numbered, settle
from worker.intake.inbox import QUIET_MS, Inbox, Outcome, Source, Wait


def test_what_was_begun_before_goes_first_whatever_waits_behind_it(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["900"], Source.WEBHOOK)
    begun = claim(inbox, forward)
    inbox.announce(numbered(450), Source.WEBHOOK)
    forward(5)
    settle(inbox, begun, Outcome.POSTPONED, 10)
    assert "900" not in claim(inbox, forward).ids, "it waits for its time"
    forward(10)
    assert "900" in claim(inbox, forward).ids


def test_the_ids_of_a_dead_worker_go_before_those_that_wait(
    inbox: Inbox, forward: PassTime
) -> None:
    inbox.announce(["900"], Source.WEBHOOK)
    claim(inbox, forward)
    inbox.announce(numbered(450), Source.WEBHOOK)
    forward(LEASE_S + 1)
    assert claim(inbox, forward).ids == ("900",)


def test_news_brings_forward_what_was_begun(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["900"], Source.WEBHOOK)
    settle(inbox, claim(inbox, forward), Outcome.POSTPONED, 600)
    inbox.announce(numbered(450), Source.WEBHOOK)
    inbox.announce(["900"], Source.WEBHOOK)
    assert "900" in claim(inbox, forward).ids


def test_after_a_flush_nothing_is_taken_up_while_an_earlier_write_may_be_on_its_way(
    inbox: Inbox, forward: PassTime, redis_client: redis.Redis
) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    claim(inbox, forward)
    redis_client.flushall()
    other = Inbox(redis_client)  # of a process that has just started and knows of no loss
    other.announce(["1", "2"], Source.POLL)
    forward(COMPANY_S)
    found, _ = inbox.claim()
    assert isinstance(found, Wait)
    assert found.seconds is not None
    assert 0 < found.seconds <= QUIET_MS / 1000
    assert nothing_due(other)
    forward(QUIET_MS / 1000)
    assert set(claim(other, forward).ids) == {"1", "2"}
    inbox.announce(["3"], Source.WEBHOOK)
    assert claim(inbox, forward).ids == ("3",), "one quiet for one loss"


def test_a_first_start_waits_for_nobody(inbox: Inbox, forward: PassTime) -> None:
    inbox.announce(["1"], Source.WEBHOOK)
    assert claim(inbox, forward).ids == ("1",)
