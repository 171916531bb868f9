"""Property groups: the headings that properties stand under."""

from simulator.api.call import Answer, Call
from simulator.api.properties import NAME, schema_of
from simulator.api.shapes import as_int
from simulator.rules.refusals import Refusal
from simulator.state.schema import Group


def list_all(call: Call) -> Answer:
    """GET the live groups."""
    groups = [group.as_json() for group in schema_of(call).groups.values() if not group.archived]
    return Answer(200, {"results": groups})


def read(call: Call) -> Answer:
    """GET one group."""
    return Answer(200, _group(call).as_json())


def create(call: Call) -> Answer:
    """POST a group: 201, 409 when the name is taken."""
    body = call.json_object("name", "label")
    name = str(body["name"])
    groups = schema_of(call).groups
    if not NAME.fullmatch(name):
        raise Refusal(400, f"Invalid group name {name!r}: lower case letters, digits, underscores")
    if name in groups and not groups[name].archived:
        raise Refusal(
            409,
            f"A property group named '{name}' already exists.",
            "OBJECT_ALREADY_EXISTS",
            sub_category="PropertyGroupError.GROUP_WITH_NAME_EXISTS",
        )
    groups[name] = Group(
        name, str(body["label"]), as_int(body.get("displayOrder"), "displayOrder", -1)
    )
    return Answer(201, groups[name].as_json())


def change(call: Call) -> Answer:
    """PATCH a group's label or place."""
    group = _group(call)
    body = call.json_object()
    group.label = str(body.get("label", group.label))
    group.display_order = as_int(body.get("displayOrder"), "displayOrder", group.display_order)
    return Answer(200, group.as_json())


def archive(call: Call) -> Answer:
    """DELETE a group; refused while it holds live properties."""
    group = _group(call)
    held = [
        definition
        for definition in schema_of(call).properties.values()
        if definition.group == group.name and definition.archived_ms is None
    ]
    if held:
        raise Refusal(
            400,
            "Can't delete or purge a group with active properties",
            sub_category="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
        )
    group.archived = True
    return Answer(204)


def _group(call: Call) -> Group:
    group = schema_of(call).groups.get(call.path["group_name"])
    if group is None or group.archived:
        name = call.path["group_name"]
        raise Refusal(404, f"Property group {name} does not exist", "OBJECT_NOT_FOUND")
    return group
