"""Links named in the body of a create, checked before anything is written."""

from simulator.rules.refusals import Json, Refusal, bad_input
from simulator.state.actors import Actor
from simulator.state.object_types import ALL, ObjectType
from simulator.state.portal import Portal
from simulator.state.records import Record

Links = list[tuple[Record, list[int]]]


def wanted_links(portal: Portal, kind: ObjectType, rows: list[Json]) -> Links:
    """The records to link with, and the types. Raises Refusal for what can't be linked."""
    links: Links = []
    for row in rows:
        try:
            target = str(row["to"]["id"])
            specs = [
                (str(s["associationCategory"]), int(s["associationTypeId"])) for s in row["types"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise bad_input("associations need to.id and types") from error
        if not specs:
            raise bad_input("associations need at least one type")
        other_kind = _target_kind(portal, kind, specs)
        other = portal.find(other_kind, int(target)) if target.isdigit() else None
        if other is None:
            raise Refusal(
                400,
                "One or more associations are invalid",
                context={"INVALID_OBJECT_IDS": [target], "objectType": [other_kind.id]},
            )
        links.append((other, [type_id for _, type_id in specs]))
    return links


def _target_kind(portal: Portal, kind: ObjectType, specs: list[tuple[str, int]]) -> ObjectType:
    for other in ALL:
        known = portal.associations.types((kind.id, other.id))
        if all(
            type_id in known and known[type_id].category == category for category, type_id in specs
        ):
            return other
    named = ", ".join(f"{category} {type_id}" for category, type_id in specs)
    raise Refusal(400, f"invalid association types for {kind.id}: [{named}]")


def link_new(portal: Portal, record: Record, links: Links, actor: Actor) -> None:
    """Links a new record; the targets were found by `wanted_links`."""
    for other, type_ids in links:
        portal.associate(record, other, type_ids, actor)
