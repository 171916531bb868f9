"""Changes by somebody other than our app: people, workflows, other apps, HubSpot itself."""

from typing import Any

from simulator.state import actors
from simulator.state.association_types import DEFAULT_TYPE, PRIMARY_TYPE
from simulator.state.object_types import ObjectType, find
from simulator.state.portal import Portal
from simulator.state.records import Record

ACTIONS = (
    "create",
    "update",
    "archive",
    "restore",
    "merge",
    "associate",
    "dissociate",
    "privacy_delete",
)


def act(portal: Portal, given: dict[str, Any]) -> dict[str, Any]:
    """Does one thing as the named actor; returns the id of the record that is left.

    Raises ValueError that names what is wrong. Values are not checked: HubSpot's own screens and
    workflows may write what an app may not.
    """
    actor_given = given.get("actor") or {}
    actor = actors.named(str(actor_given.get("kind", "")), str(actor_given.get("id", "")))
    action = str(given.get("action", ""))
    if action not in ACTIONS:
        raise ValueError(f"action {action!r} is none of {', '.join(ACTIONS)}")
    kind = _kind(given.get("object_type"))
    values = {name: str(value) for name, value in (given.get("properties") or {}).items()}
    if action == "create":
        return {"id": str(portal.create(kind, values, actor).id)}
    if action == "restore":
        record = portal.table(kind).records.get(int(given["id"]))
        if record is None or record.archived_ms is None:
            raise ValueError(f"{kind.name} {given['id']} is not in the recycling bin")
        portal.restore(record, actor)
        return {"id": str(record.id)}
    record = _record(portal, kind, given.get("id"))
    if action == "update":
        changed = portal.update(record, values, actor)
        return {"id": str(record.id), "changed": sorted(changed)}
    if action == "archive":
        portal.archive(record, actor)
    elif action == "privacy_delete":
        portal.privacy_delete(record, actor)
    elif action == "merge":
        record = portal.merge(_record(portal, kind, given.get("into_id")), record, actor)
    else:
        other = _record(portal, _kind(given.get("to_type")), given.get("to_id"))
        pair = (record.kind.id, other.kind.id)
        if action == "dissociate":
            only = {PRIMARY_TYPE[pair]} if given.get("primary") else None
            portal.dissociate(record, other, only, actor)
        else:
            types = [PRIMARY_TYPE[pair]] if given.get("primary") else [DEFAULT_TYPE[pair]]
            portal.associate(record, other, types, actor)
    return {"id": str(record.id)}


def _kind(name: Any) -> ObjectType:
    kind = find(str(name or ""))
    if kind is None:
        raise ValueError(f"there is no object type {name!r}")
    return kind


def _record(portal: Portal, kind: ObjectType, text: Any) -> Record:
    record = portal.find(kind, int(text)) if str(text or "").isdigit() else None
    if record is None:
        raise ValueError(f"there is no live record {text!r} of {kind.name}")
    return record
