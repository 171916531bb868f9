"""What changed is noted for the check of client records."""

from __future__ import annotations

import redis

from tests.worker.web.door import Door, event
from tests.worker.web.test_receiver_effects import text
from worker.clients.recheck import KEY


def noted(client: redis.Redis) -> set[str]:
    return {text(one) for one in client.zrange(KEY, 0, -1)}


def test_changed_companies_and_contacts_are_noted_once(
    door: Door, redis_client: redis.Redis
) -> None:
    door.deliver([event("company.propertyChange", 1, propertyName="erp_system")])
    door.deliver(
        [
            event("company.propertyChange", 1, propertyName="customization_summary"),
            event("contact.propertyChange", 7, propertyName="client_contact_gone"),
        ]
    )
    assert noted(redis_client) == {"company:1", "contact:7"}


def test_a_new_link_between_them_notes_both(door: Door, redis_client: redis.Redis) -> None:
    link = event("contact.associationChange", associationType="CONTACT_TO_COMPANY")
    door.deliver([{**link, "fromObjectId": 7, "toObjectId": 1}])
    assert noted(redis_client) == {"company:1", "contact:7"}


def test_a_ticket_notes_nobody(door: Door, redis_client: redis.Redis) -> None:
    door.deliver([event(object_id=55)])
    assert noted(redis_client) == set()
