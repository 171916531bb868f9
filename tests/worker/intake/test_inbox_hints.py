"""News and hints: what disturbs an id that waits, runs, has ended or was set aside."""

from __future__ import annotations

import pytest

from tests.worker.intake.conftest import PassTime
from tests.worker.intake.desk import (
    LEASE_S,
    NEWS,
    SETTLED_S,
    claim,
    failed_ids,
    nothing_due,
    settle,
)
from worker.intake.inbox import (
    Inbox,
    Outcome,
    Source,
)

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
