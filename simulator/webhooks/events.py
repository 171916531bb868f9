"""Changes of the portal as webhook events, one for each subscription that asks for them."""

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from simulator.settings import Settings
from simulator.state.changes import AssociationChange, Change, RecordChange
from simulator.webhooks.subscriptions import Subscription

Event = dict[str, Any]
_EVENT_OF = {"archive": "deletion", "restore": "restore", "merge": "merge"}


class Matcher:
    """The subscriptions by what they want to hear."""

    def __init__(self, subscriptions: list[Subscription]) -> None:
        self._by_event: dict[tuple[str, str], list[Subscription]] = defaultdict(list)
        self._by_property: dict[tuple[str, str], list[Subscription]] = defaultdict(list)
        for subscription in subscriptions:
            kind = subscription.kind.id
            if subscription.property_name is not None and subscription.event == "propertyChange":
                self._by_property[(kind, subscription.property_name)].append(subscription)
            else:
                self._by_event[(kind, subscription.event)].append(subscription)

    def events(self, change: Change, settings: Settings, dice: random.Random) -> Iterator[Event]:
        """The events of a change; none when nobody subscribed or the record is silent."""
        if change.record.silent:
            return
        kind = change.record.kind.id
        if isinstance(change, AssociationChange):
            for subscription in self._by_event.get((kind, "associationChange"), ()):
                yield _base(change, subscription, settings, dice) | _link(change, subscription)
            return
        if change.action == "create":
            for subscription in self._by_event.get((kind, "creation"), ()):
                yield _base(change, subscription, settings, dice) | {
                    "objectId": change.record.id,
                    "changeFlag": "NEW",
                }
        elif change.action == "privacy_delete":
            for subscription in self._by_event.get((kind, "privacyDeletion"), ()):
                yield _base(change, subscription, settings, dice) | {"objectId": change.record.id}
        elif change.action in _EVENT_OF:
            for subscription in self._by_event.get((kind, _EVENT_OF[change.action]), ()):
                extra = (
                    _merge(change) if change.action == "merge" else {"objectId": change.record.id}
                )
                yield _base(change, subscription, settings, dice) | extra
        if change.action == "create" and not settings.assume("creation_sends_property_changes"):
            return
        for name, (_, value) in change.changes.items():
            for subscription in self._by_property.get((kind, name), ()):
                yield _base(change, subscription, settings, dice) | {
                    "objectId": change.record.id,
                    "propertyName": name,
                    "propertyValue": value or "",
                }


def _base(
    change: Change, subscription: Subscription, settings: Settings, dice: random.Random
) -> Event:
    event: Event = {
        "eventId": dice.randrange(1, 4_294_967_295),
        "subscriptionId": subscription.id,
        "portalId": settings.portal_id,
        "appId": settings.app_id,
        "occurredAt": change.at_ms,
        "subscriptionType": subscription.type,
        "attemptNumber": 0,
        "changeSource": change.actor.source_type,
    }
    if change.actor.source_id:
        event["sourceId"] = change.actor.source_id
    if subscription.generic:
        event["objectTypeId"] = change.record.kind.id
    return event


def _merge(change: RecordChange) -> Event:
    return {
        "primaryObjectId": change.primary_id,
        "mergedObjectIds": list(change.merged_ids),
        "newObjectId": change.record.id,
        "numberOfPropertiesMoved": len(change.changes),
    }


def _link(change: AssociationChange, subscription: Subscription) -> Event:
    event: Event = {
        "fromObjectId": change.record.id,
        "toObjectId": change.other.id,
        "associationRemoved": change.removed,
        "isPrimaryAssociation": change.primary,
        "associationType": f"{change.record.kind.upper}_TO_{change.other.kind.upper}",
    }
    if subscription.generic:
        event["fromObjectTypeId"] = change.record.kind.id
        event["toObjectTypeId"] = change.other.kind.id
        event["associationTypeId"] = change.type_id
        event["associationCategory"] = change.category
    return event
