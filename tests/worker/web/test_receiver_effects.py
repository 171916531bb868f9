"""What a delivery does: ids into the inbox, changed records out of the caches."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from tests.worker.web.door import Door, event
from worker.clients.directory import COMPANY_KEY, CONTACT_KEY, NAMED_BY_KEY
from worker.intake.inbox import Claim, Inbox, Source
from worker.portal import PORTAL_ID_KEY
from worker.tickets.identity import KEY as IDENTITY_KEY

OUR_STAGE = {
    "changeSource": "INTEGRATION",
    "sourceId": "4711",
    "propertyName": "hs_pipeline_stage",
}


def text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def waiting(client: redis.Redis) -> set[str]:
    return {text(one) for one in client.zrange("ticket-worker:inbox:due", 0, -1)}


def counted(client: redis.Redis, name: str) -> int:
    return int(client.hget("ticket-worker:counters", name) or 0)


@pytest.fixture
def caches(redis_client: redis.Redis) -> redis.Redis:
    """Two companies cached; contact 7 is named by both, contact 8 by the first."""
    redis_client.set(COMPANY_KEY + "1", "{}")
    redis_client.set(COMPANY_KEY + "2", "{}")
    redis_client.set(COMPANY_KEY + "3", "{}")
    redis_client.set(CONTACT_KEY + "7", "{}")
    redis_client.set(CONTACT_KEY + "8", "{}")
    redis_client.sadd(NAMED_BY_KEY + "7", "1", "2")
    redis_client.sadd(NAMED_BY_KEY + "8", "1")
    return redis_client


def cached(client: redis.Redis) -> set[str]:
    return {
        text(key).removeprefix("ticket-worker:client:")
        for key in client.keys("ticket-worker:client:*")
    }


def test_a_ticket_is_announced_as_by_webhook(door: Door, redis_client: redis.Redis) -> None:
    door.deliver([event(object_id=55)])
    claim, _ = Inbox(redis_client).claim(1)
    assert isinstance(claim, Claim)
    assert claim.ids == ("55",)
    assert claim.announced["55"][1] == Source.WEBHOOK


def test_an_association_nudges_a_waiting_ticket(door: Door, redis_client: redis.Redis) -> None:
    Inbox(redis_client).announce(["5"], Source.PERSON, delay_s=300)
    link = event("ticket.associationChange", associationType="TICKET_TO_COMPANY")
    door.deliver([{**link, "fromObjectId": 5, "toObjectId": 1}])
    assert (Inbox(redis_client).next_due_s() or 0) < 1


def test_a_changed_company_is_read_anew(door: Door, caches: redis.Redis) -> None:
    door.deliver([event("company.propertyChange", 1, propertyName="erp_system")])
    assert cached(caches) == {
        *("company:2", "company:3", "contact:7", "contact:8"),
        *("named-by:7", "named-by:8"),
    }


@pytest.mark.parametrize("kind", ["contact.privacyDeletion", "contact.deletion", "contact.merge"])
def test_a_deleted_person_is_gone_from_all_that_is_kept(
    door: Door, caches: redis.Redis, kind: str
) -> None:
    door.deliver([event(kind, 7)])
    assert cached(caches) == {"company:3", "contact:8", "named-by:8"}


def test_many_changes_at_once(door: Door, caches: redis.Redis) -> None:
    events: list[Any] = [event("contact.propertyChange", n, propertyName="email") for n in (7, 8)]
    events += [event("company.merge", 3, mergedObjectIds=[2], primaryObjectId=3)]
    assert door.deliver([*events, event(object_id=9)]) == 202
    assert cached(caches) == set()
    assert waiting(caches) == {"9"}


def test_our_own_echo_is_dropped_once_we_know_who_we_are(
    door: Door, redis_client: redis.Redis
) -> None:
    door.deliver([event("ticket.propertyChange", 1, **OUR_STAGE)])
    assert waiting(redis_client) == {"1"}
    redis_client.set(IDENTITY_KEY, "4711")
    by_app = {**OUR_STAGE, "sourceId": "appId:4711"}
    by_person = {**OUR_STAGE, "changeSource": "CRM_UI", "sourceId": "userId:4711"}
    door.deliver(
        [
            event("ticket.propertyChange", 2, **OUR_STAGE),
            event("ticket.propertyChange", 3, **by_app),
            event("ticket.propertyChange", 4, **by_person),
            event("ticket.creation", 5, **OUR_STAGE),
        ]
    )
    assert waiting(redis_client) == {"1", "4", "5"}
    assert counted(redis_client, "webhook_echoes") == 2
    assert counted(redis_client, "webhook_events") == 5


def test_events_of_another_portal_change_nothing(door: Door, caches: redis.Redis) -> None:
    caches.set(PORTAL_ID_KEY, "33")
    assert door.deliver([event(portalId=34), event("contact.deletion", 7, portalId=34)]) == 202
    assert waiting(caches) == set()
    assert len(cached(caches)) == 7
    assert counted(caches, "webhook_foreign") == 2
    assert door.deliver([event()]) == 202
    assert waiting(caches) == {"101"}


def test_a_ticket_set_aside_is_freed_by_news(door: Door, redis_client: redis.Redis) -> None:
    inbox = Inbox(redis_client)
    inbox.fail("5", "It could not be routed.")
    door.deliver([event("ticket.propertyChange", 5, propertyName="hs_pipeline_stage")])
    assert inbox.failures() == []
    assert waiting(redis_client) == {"5"}
