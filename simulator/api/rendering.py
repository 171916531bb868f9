"""Records as HubSpot shows them."""

from simulator.rules.refusals import Json
from simulator.state.clock import iso
from simulator.state.object_types import ObjectType, find
from simulator.state.portal import Portal
from simulator.state.records import Entry, Record


def shown_names(portal: Portal, kind: ObjectType, asked: list[str]) -> list[str]:
    """The properties of an answer: the asked ones that exist and those always shown, sorted."""
    schema = portal.schemas[kind.id]
    wanted = {name for name in asked if schema.live(name) is not None} if asked else set(kind.shown)
    return sorted(wanted.union(kind.always))


def record_json(
    record: Record,
    names: list[str],
    history: list[str] | None = None,
    extra: Json | None = None,
) -> Json:
    """One record with these properties; unset ones are null."""
    shown: Json = {
        "id": str(record.id),
        "properties": {name: record.value(name) for name in names},
        "createdAt": iso(record.created_ms),
        "updatedAt": iso(record.updated_ms),
        "archived": record.archived_ms is not None,
    }
    if record.archived_ms is not None:
        shown["archivedAt"] = iso(record.archived_ms)
    if history:
        shown["propertiesWithHistory"] = {
            name: [entry_json(entry) for entry in record.versions(name)] for name in history
        }
    if extra:
        shown.update(extra)
    return shown


def entry_json(entry: Entry) -> Json:
    """One version of a property, as `propertiesWithHistory` lists it."""
    shown: Json = {
        "value": entry.value,
        "timestamp": iso(entry.at_ms),
        "sourceType": entry.actor.source_type,
    }
    if entry.actor.source_id:
        shown["sourceId"] = entry.actor.source_id
    if entry.actor.user_id is not None:
        shown["updatedByUserId"] = entry.actor.user_id
    return shown


def known_history(portal: Portal, kind: ObjectType, asked: list[str]) -> list[str]:
    """The properties with history that exist; unknown names are left out, as in plain reads."""
    schema = portal.schemas[kind.id]
    return [name for name in asked if schema.live(name) is not None]


def associations_json(portal: Portal, record: Record, asked: list[str]) -> Json:
    """The `associations` of a read: for each asked type the linked ids and the links' names."""
    shown: Json = {}
    for name in asked:
        kind = find(name)
        if kind is None:
            continue
        pair = (record.kind.id, kind.id)
        kinds = portal.associations.types(pair)
        rows = [
            {"id": str(other), "type": _type_name(kinds[type_id].name, kinds[type_id].label)}
            for other, type_ids in portal.associations.of(pair, record.id).items()
            for type_id in type_ids
        ]
        if rows:
            shown[kind.name] = {"results": rows}
    return {"associations": shown} if shown else {}


def _type_name(name: str, label: str | None) -> str:
    return name if label == "Primary" else f"{name}_unlabeled" if label is None else name
