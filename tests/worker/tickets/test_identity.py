"""Who we are in HubSpot's histories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import redis

from worker.hubspot.models import HistoryEntry, Record
from worker.tickets.identity import KEY, NOTED_AGAIN_S, Identity

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def ticket(*writers: tuple[str, str]) -> Record:
    """A ticket whose `routing_decided_at` was written by these, newest first."""
    entries = tuple(
        HistoryEntry("1", NOON - timedelta(minutes=n), kind, source, "")
        for n, (kind, source) in enumerate(writers)
    )
    return Record("1", {}, {"routing_decided_at": entries})


def test_nobody_is_known_until_something_of_ours_is_read_back(redis_client: redis.Redis) -> None:
    identity = Identity(redis_client)
    assert identity.source_id == ""

    identity.learn(Record("1", {}))
    identity.learn(ticket())
    assert identity.source_id == ""

    identity.learn(ticket(("INTEGRATION", "4711")))
    assert identity.source_id == "4711"
    assert redis_client.get(KEY) == b"4711"


def test_another_process_knows_what_one_has_learned(redis_client: redis.Redis) -> None:
    Identity(redis_client).learn(ticket(("INTEGRATION", "4711")))

    assert Identity(redis_client).source_id == "4711"


def test_a_new_app_is_learned_from_the_newest_entry(redis_client: redis.Redis) -> None:
    identity = Identity(redis_client)
    identity.learn(ticket(("INTEGRATION", "4711")))

    identity.learn(ticket(("INTEGRATION", "4712"), ("INTEGRATION", "4711")))

    assert identity.source_id == "4712"
    assert redis_client.get(KEY) == b"4712"


@pytest.mark.parametrize(
    "stranger",
    [("CRM_UI", "userId:7"), ("AUTOMATION_PLATFORM", "enrollmentId:1"), ("MERGE_OBJECTS", "x")],
)
def test_a_person_or_a_workflow_that_touches_the_property_is_not_taken_for_us(
    redis_client: redis.Redis, stranger: tuple[str, str]
) -> None:
    identity = Identity(redis_client)

    identity.learn(ticket(stranger))
    assert identity.source_id == ""

    identity.learn(ticket(stranger, ("INTEGRATION", "4711")))
    assert identity.source_id == "4711"


def test_what_an_emptied_redis_forgot_is_noted_again(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("worker.tickets.identity.time.monotonic", lambda: now[0])
    identity = Identity(redis_client)
    identity.learn(ticket(("INTEGRATION", "4711")))
    redis_client.flushall()

    now[0] += NOTED_AGAIN_S / 2
    identity.learn(ticket(("INTEGRATION", "4711")))
    assert redis_client.get(KEY) is None

    now[0] += NOTED_AGAIN_S
    identity.learn(ticket(("INTEGRATION", "4711")))
    assert redis_client.get(KEY) == b"4711"
