"""Property definitions.

A name that exists is a 409; the name of an archived property brings it back with its old creation
date (both observed on a test account by third parties); PATCH replaces the options as a whole.
"""

import re
from typing import Any

from simulator.api.call import Answer, Call, batch_answer
from simulator.api.shapes import as_int
from simulator.rules.refusals import Json, Refusal, bad_input
from simulator.state.object_types import ObjectType
from simulator.state.schema import FIELDS_OF_TYPE, Option, Property, Schema

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_UNIQUE_PER_TYPE = 10
CUSTOM_PER_TYPE = 1_000
_BATCH = 100


def list_all(call: Call) -> Answer:
    """GET all live definitions, or with `archived=true` the archived ones."""
    archived = call.flag("archived")
    schema = schema_of(call)
    shown = [
        definition.as_json()
        for definition in schema.properties.values()
        if (definition.archived_ms is not None) is archived
    ]
    return Answer(200, {"results": shown})


def read(call: Call) -> Answer:
    """GET one definition."""
    name = call.path["property_name"]
    definition = schema_of(call).properties.get(name)
    if definition is None or (definition.archived_ms is not None) is not call.flag("archived"):
        raise _unknown(name)
    return Answer(200, definition.as_json())


def create(call: Call) -> Answer:
    """POST one definition: 201, 409 when the name is taken."""
    definition = _create_one(call, call.kind(), call.json_object())
    headers = {"Location": f"{call.base_url}/crm/properties/{call.version}/{definition.name}"}
    return Answer(201, definition.as_json(), headers)


def batch_create(call: Call) -> Answer:
    """POST several definitions; those refused stand in `errors`."""
    kind = call.kind()
    results: list[Json] = []
    failures: list[Json] = []
    for row in call.inputs(_BATCH):
        try:
            results.append(_create_one(call, kind, row).as_json())
        except Refusal as refusal:
            failures.append(refusal.row())
    # The published page of 2026-09 answers 201 or 207 here, unlike the specification of August.
    answer = batch_answer(call, results, failures, 201, shuffle=False)
    return answer._replace(status=207) if failures else answer


def batch_read(call: Call) -> Answer:
    """POST names; unknown ones stand in `errors`."""
    body = call.json_object("inputs", "archived", "dataSensitivity")
    archived = bool(body["archived"])
    schema = schema_of(call)
    results: list[Json] = []
    failures: list[Json] = []
    for row in call.inputs(_BATCH):
        name = str(row.get("name", ""))
        definition = schema.properties.get(name)
        if definition is None or (definition.archived_ms is not None) is not archived:
            failures.append(_unknown(name).row())
        else:
            results.append(definition.as_json())
    return batch_answer(call, results, failures, 200)


def change(call: Call) -> Answer:
    """PATCH one definition. `options` given are the whole new list."""
    kind = call.kind()
    name = call.path["property_name"]
    definition = schema_of(call).live(name)
    if definition is None:
        raise _unknown(name)
    body = call.json_object()
    if definition.hubspot_defined and set(body) - {"options"}:
        raise Refusal(400, f"{name} is defined by HubSpot; its definition can't be changed")
    type_ = str(body.get("type", definition.type))
    field_type = str(body.get("fieldType", definition.field_type))
    _check_types(type_, field_type)
    if "groupName" in body:
        _check_group(call, kind, str(body["groupName"]))
    if "options" in body:
        definition.set_options(_options(body["options"]))
    definition.type, definition.field_type = type_, field_type
    definition.group = str(body.get("groupName", definition.group))
    definition.label = str(body.get("label", definition.label))
    definition.description = str(body.get("description", definition.description))
    definition.display_order = as_int(
        body.get("displayOrder"), "displayOrder", definition.display_order
    )
    definition.hidden = bool(body.get("hidden", definition.hidden))
    definition.form_field = bool(body.get("formField", definition.form_field))
    definition.updated_ms = call.portal.clock.now_ms()
    return Answer(200, definition.as_json())


def archive(call: Call) -> Answer:
    """DELETE one definition: into the recycling bin."""
    name = call.path["property_name"]
    definition = schema_of(call).live(name)
    if definition is None:
        raise _unknown(name)
    _archive_one(call, definition)
    return Answer(204)


def batch_archive(call: Call) -> Answer:
    """POST names to archive: 204 whatever their state was."""
    schema = schema_of(call)
    for row in call.inputs(_BATCH):
        definition = schema.live(str(row.get("name", "")))
        if definition is not None:
            _archive_one(call, definition)
    return Answer(204)


def schema_of(call: Call) -> Schema:
    """The properties and groups of the path's object type."""
    return call.portal.schemas[call.kind().id]


def _unknown(name: str) -> Refusal:
    return Refusal(404, f"Property {name} does not exist", "OBJECT_NOT_FOUND")


def _check_group(call: Call, kind: ObjectType, name: str) -> None:
    group = call.portal.schemas[kind.id].groups.get(name)
    if group is None or group.archived:
        raise Refusal(400, f"Property group {name} does not exist for {kind.name}")


def _check_types(type_: str, field_type: str) -> None:
    if field_type not in FIELDS_OF_TYPE.get(type_, ()):
        raise Refusal(400, f"fieldType {field_type} is not valid for type {type_}")


def _create_one(call: Call, kind: ObjectType, body: Json) -> Property:
    missing = [
        name
        for name in ("name", "label", "type", "fieldType", "groupName")
        if body.get(name) is None
    ]
    if missing:
        raise bad_input(f"Some required fields were not set: [{', '.join(missing)}]")
    name = str(body["name"])
    schema = call.portal.schemas[kind.id]
    if not NAME.fullmatch(name):
        raise Refusal(
            400, f"Invalid property name {name!r}: lower case letters, digits, underscores"
        )
    _check_types(str(body["type"]), str(body["fieldType"]))
    _check_group(call, kind, str(body["groupName"]))
    known = schema.properties.get(name)
    if known is not None:
        return _existing(call, known)
    if body.get("hasUniqueValue"):
        own = [p for p in schema.properties.values() if p.unique and not p.hubspot_defined]
        if len(own) >= _UNIQUE_PER_TYPE:
            raise Refusal(400, f"at most {_UNIQUE_PER_TYPE} unique properties are allowed")
    if schema.custom_count() >= CUSTOM_PER_TYPE:
        raise Refusal(400, f"at most {CUSTOM_PER_TYPE} custom properties are allowed")
    definition = _from_body(call, body)
    schema.properties[name] = definition
    if definition.unique:
        call.portal.table(kind).index_values(name)
    return definition


def _existing(call: Call, known: Property) -> Property:
    if known.archived_ms is not None and call.assume("recreating_archived_property_restores"):
        known.archived_ms = None
        known.updated_ms = call.portal.clock.now_ms()
        return known
    raise Refusal(
        409,
        f"A property named '{known.name}' already exists.",
        "OBJECT_ALREADY_EXISTS",
        sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
    )


def _from_body(call: Call, body: Json) -> Property:
    external = bool(body.get("externalOptions"))
    options = _options(body.get("options") or [])
    type_ = str(body["type"])
    if type_ == "enumeration" and not options and not external:
        raise Refusal(400, f"{body['name']} is an enumeration and needs options")
    if external and body.get("referencedObjectType") != "OWNER":
        raise Refusal(400, "externalOptions needs referencedObjectType OWNER")
    now = call.portal.clock.now_ms()
    return Property(
        str(body["name"]),
        str(body["label"]),
        type_,
        str(body["fieldType"]),
        str(body["groupName"]),
        now,
        now,
        description=str(body.get("description") or ""),
        options=options,
        display_order=as_int(body.get("displayOrder"), "displayOrder", -1),
        unique=bool(body.get("hasUniqueValue")),
        hidden=bool(body.get("hidden")),
        form_field=bool(body.get("formField")),
        choices="OWNER" if external else "",
        data_sensitivity=str(body.get("dataSensitivity") or "non_sensitive"),
    )


def _options(given: Any) -> list[Option]:
    if not isinstance(given, list):
        raise bad_input("options must be a list")
    options: list[Option] = []
    for row in given:
        if not isinstance(row, dict) or row.get("label") is None or row.get("value") is None:
            raise bad_input("options need label and value")
        options.append(
            Option(
                str(row["value"]),
                str(row["label"]),
                as_int(row.get("displayOrder"), "displayOrder", -1),
                bool(row.get("hidden")),
                str(row.get("description") or ""),
            )
        )
    for name, seen in (
        ("value", [option.value for option in options]),
        ("label", [option.label for option in options]),
    ):
        twice = {text for text in seen if seen.count(text) > 1}
        if twice:
            raise Refusal(400, f"Property options must have unique {name}s: {sorted(twice)}")
    return options


def _archive_one(call: Call, definition: Property) -> None:
    if definition.hubspot_defined:
        raise Refusal(400, f"{definition.name} is defined by HubSpot and can't be archived")
    definition.archived_ms = call.portal.clock.now_ms()
