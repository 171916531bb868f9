"""The inbox under any order of announcing, claiming, dying, settling and waiting."""

from __future__ import annotations

import redis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.worker.intake.conftest import members, time_passes
from worker.intake.inbox import (
    COMPANY_MS,
    KEYS,
    LEASE_MS,
    SETTLED_MS,
    Claim,
    Inbox,
    Outcome,
    Settlement,
    Source,
)

IDS = [str(n) for n in range(1, 7)]
some_ids = st.lists(st.sampled_from(IDS), min_size=1, max_size=6, unique=True)
delays = st.sampled_from([None, 0.0, 5.0, 60.0])


def machine(client: redis.Redis) -> type[RuleBasedStateMachine]:
    """The rules, over one Redis."""

    class InboxMachine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            client.flushall()
            self.inbox = Inbox(client)
            self.claims: list[Claim] = []
            # Announced as news and not claimed since: each must be claimed in the end.
            self.owed: set[str] = set()

        @rule(ids=some_ids, source=st.sampled_from(list(Source)), delay_s=st.sampled_from([0, 60]))
        def announce(self, ids: list[str], source: Source, delay_s: int) -> None:
            self.inbox.announce(ids, source, delay_s)
            if source in {Source.WEBHOOK, Source.PERSON}:
                self.owed |= set(ids)
                assert members(client, "failed").isdisjoint(ids)

        @rule(most=st.sampled_from([1, 3, 100]), patient=st.booleans())
        def claim(self, most: int, patient: bool) -> None:
            if patient:
                time_passes(client, COMPANY_MS / 1000)
            held_before = {i for one in self.claims for i in self.inbox.held(one, one.ids)}
            found, poisoned = self.inbox.claim(most)
            self.owed -= set(poisoned)
            if isinstance(found, Claim):
                assert 0 < len(found.ids) <= most
                assert held_before.isdisjoint(found.ids)
                self.claims.append(found)
                self.owed -= set(found.ids)

        @precondition(lambda self: self.claims)
        @rule(data=st.data(), outcome=st.sampled_from(list(Outcome)), delay_s=delays)
        def settle(self, data: st.DataObject, outcome: Outcome, delay_s: float | None) -> None:
            claim = data.draw(st.sampled_from(self.claims))
            held = self.inbox.held(claim, claim.ids)
            ended = self.inbox.settle(claim, [Settlement(i, outcome, delay_s) for i in claim.ids])
            assert held <= ended <= set(claim.ids)
            assert self.inbox.held(claim, claim.ids) == set()

        @precondition(lambda self: self.claims)
        @rule(data=st.data())
        def renew(self, data: st.DataObject) -> None:
            claim = data.draw(st.sampled_from(self.claims))
            held = self.inbox.held(claim, claim.ids)
            assert self.inbox.renew(claim) == held

        @rule(seconds=st.sampled_from([1, LEASE_MS // 1000 + 1, SETTLED_MS // 1000 + 1, 700]))
        def wait(self, seconds: int) -> None:
            time_passes(client, seconds)

        @invariant()
        def an_id_is_held_by_one_claim_at_most(self) -> None:
            held = [i for claim in self.claims for i in self.inbox.held(claim, claim.ids)]
            assert len(held) == len(set(held))

        @invariant()
        def an_id_is_in_one_place_at_most(self) -> None:
            due, leased, failed = (members(client, n) for n in ("due", "leased", "failed"))
            assert due.isdisjoint(leased)
            assert due.isdisjoint(failed)
            assert leased.isdisjoint(failed)
            assert leased == members(client, "lease")
            assert members(client, "begun") <= due
            assert self.owed <= due | leased

        def teardown(self) -> None:
            """Let the living finish and the dead expire: everything owed is claimed."""
            for _ in range(60):
                time_passes(client, 60)
                found, poisoned = self.inbox.claim()
                self.owed -= set(poisoned)
                if isinstance(found, Claim):
                    self.owed -= set(found.ids)
                    self.inbox.settle(found, [Settlement(i, Outcome.DONE) for i in found.ids])
                elif self.inbox.next_due_s() is None:
                    break
            assert self.owed == set()
            counts = self.inbox.counts()
            assert counts["due"] == counts["waiting"] == counts["leased"] == 0
            left = {name for name, key in KEYS.items() if client.exists(key)}
            assert left <= {"settled", "bell", "failed", "memory"}, left

    return InboxMachine


def test_whatever_happens_nothing_is_lost_and_nothing_is_held_twice(
    redis_client: redis.Redis,
) -> None:
    run_state_machine_as_test(
        machine(redis_client), settings=settings(max_examples=60, stateful_step_count=30)
    )
