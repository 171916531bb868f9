"""What the app asked to be told, read from the content of its `webhooks-hsmeta.json`.

`crmObjects` hold generic `object.*` subscriptions, `legacyCrmObjects` classic `ticket.*` ones,
`hubEvents` privacy deletions (HubSpot's project components repository).
"""

from typing import Any, NamedTuple

from simulator.state.object_types import ObjectType, find

_EVENTS = ("creation", "deletion", "merge", "restore", "propertyChange", "associationChange")
# HubSpot refuses subscriptions to these (webhooks guide).
_NEVER = ("hs_lastmodifieddate", "lastmodifieddate", "num_unique_conversion_events")


class SubscriptionError(ValueError):
    """A subscription HubSpot would not take; the message names it."""


class Subscription(NamedTuple):
    """One subscription. `generic` events carry the object type's id."""

    id: int
    type: str
    kind: ObjectType
    event: str
    property_name: str | None
    generic: bool


def read(content: dict[str, Any]) -> list[Subscription]:
    """The active subscriptions. Raises SubscriptionError for one that HubSpot refuses."""
    config = content.get("config", content)
    given = config.get("subscriptions", config) if isinstance(config, dict) else {}
    rows: list[tuple[dict[str, Any], bool]] = [
        *((row, True) for row in given.get("crmObjects", [])),
        *((row, False) for row in given.get("legacyCrmObjects", [])),
        *((row, False) for row in given.get("hubEvents", [])),
    ]
    found: list[Subscription] = []
    for number, (row, generic) in enumerate(rows, start=2_500_001):
        if row.get("active"):
            found.append(_one(number, row, generic))
    return found


def _one(number: int, row: dict[str, Any], generic: bool) -> Subscription:
    type_ = str(row.get("subscriptionType", ""))
    prefix, _, event = type_.partition(".")
    kind = find(str(row.get("objectType", "")) if generic else prefix)
    if generic and prefix != "object":
        raise SubscriptionError(f"crmObjects take object.* subscriptions, not {type_!r}")
    if kind is None:
        raise SubscriptionError(f"{type_!r} names no object type that the simulator knows: {row}")
    private = type_ == "contact.privacyDeletion"
    if event not in _EVENTS and not private:
        raise SubscriptionError(f"{type_!r} is no subscription type")
    name = row.get("propertyName")
    if event == "propertyChange" and (not name or name in _NEVER):
        raise SubscriptionError(f"{type_!r} can't be subscribed for property {name!r}")
    return Subscription(number, type_, kind, event, str(name) if name else None, generic)
