"""Records one by one: list, read, create, change, archive, merge."""

from typing import Any

from simulator.api.call import Answer, Call
from simulator.api.linking import link_new, wanted_links
from simulator.api.rendering import associations_json, known_history, record_json, shown_names
from simulator.api.shapes import as_objects
from simulator.rules import required, values
from simulator.rules.refusals import Json, Refusal, bad_input, not_found
from simulator.state.object_types import ObjectType
from simulator.state.records import Record

_PAGE = 100
_PAGE_WITH_HISTORY = 50


def list_page(call: Call) -> Answer:
    """GET a page: 10 by default, at most 100, or 50 with history. `after` is the next id."""
    kind = call.kind()
    history = known_history(call.portal, kind, call.many("propertiesWithHistory"))
    limit = call.number("limit", 10, _PAGE_WITH_HISTORY if history else _PAGE)
    after = call.one("after") or "0"
    if not after.isdigit():
        raise Refusal(400, f"after must be a number, not {after}")
    archived = call.flag("archived")
    table = call.portal.table(kind)
    page: list[Record] = []
    following: int | None = None
    for record_id in table.ids_between(int(after), None):
        record = table.records[record_id]
        if (record.archived_ms is not None) is not archived:
            continue
        if len(page) == limit:
            following = record_id
            break
        page.append(record)
    names = shown_names(call.portal, kind, call.many("properties"))
    asked = call.many("associations")
    body: Json = {
        "results": [
            record_json(record, names, history, associations_json(call.portal, record, asked))
            for record in page
        ]
    }
    if following is not None:
        link = f"{call.base_url}/crm/objects/{call.version}/{kind.name}?after={following}"
        body["paging"] = {"next": {"after": str(following), "link": link}}
    return Answer(200, body)


def read(call: Call) -> Answer:
    """GET one record by id or by a unique property; 404 when archived unless asked for."""
    kind = call.kind()
    record = _addressed(call, kind, call.flag("archived"))
    names = shown_names(call.portal, kind, call.many("properties"))
    history = known_history(call.portal, kind, call.many("propertiesWithHistory"))
    extra = associations_json(call.portal, record, call.many("associations"))
    return Answer(200, record_json(record, names, history, extra))


def create(call: Call) -> Answer:
    """POST one record, with links to others where given."""
    kind = call.kind()
    body = call.json_object("properties")
    record, warnings = create_one(call, kind, body)
    shown = written_json(record, body["properties"], warnings)
    headers = {"Location": f"{call.base_url}/crm/objects/{call.version}/{kind.id}/{record.id}"}
    return Answer(201, shown, headers)


def change(call: Call) -> Answer:
    """PATCH one record; an empty value clears a property."""
    kind = call.kind()
    body = call.json_object("properties")
    record = _addressed(call, kind)
    checked = plan_update(call, record, body["properties"])
    call.portal.update(record, checked.values, call.actor)
    return Answer(200, written_json(record, body["properties"], checked.warnings))


def archive(call: Call) -> Answer:
    """DELETE one record: into the recycling bin; 204 also when it is there already."""
    kind = call.kind()
    record_id = call.path["object_id"]
    record = call.portal.find(kind, int(record_id)) if record_id.isdigit() else None
    if record is not None:
        call.portal.archive(record, call.actor)
    return Answer(204)


def merge(call: Call) -> Answer:
    """POST: one record into another; answers the record that remains."""
    kind = call.kind()
    if kind.id not in ("0-1", "0-2", "0-5"):
        raise Refusal(404, "resource not found", None)
    body = call.json_object("primaryObjectId", "objectIdToMerge")
    pair = []
    for name in ("primaryObjectId", "objectIdToMerge"):
        text = str(body[name])
        record = call.portal.find(kind, int(text)) if text.isdigit() else None
        if record is None:
            raise Refusal(404, f"{kind.upper} {text} not found", "OBJECT_NOT_FOUND")
        pair.append(record)
    if pair[0] is pair[1]:
        raise Refusal(400, f"Cannot merge {kind.upper} {pair[0].id} with itself")
    kept = call.portal.merge(pair[0], pair[1], call.actor)
    return Answer(200, record_json(kept, shown_names(call.portal, kind, [])))


def create_one(call: Call, kind: ObjectType, row: Json) -> tuple[Record, list[Json]]:
    """Creates a record from one input. Raises Refusal, and then nothing is written."""
    given = properties_of(row)
    checked = values.check(call.portal, kind, given, None, call.version)
    required.at_creation(call.portal.settings, kind, checked.values)
    required.by_rules(call.portal.settings, kind, checked.values, None, call.version)
    links = wanted_links(call.portal, kind, as_objects(row.get("associations"), "associations"))
    record = call.portal.create(kind, checked.values, call.actor)
    link_new(call.portal, record, links, call.actor)
    return record, checked.warnings


def plan_update(call: Call, record: Record, given: dict[str, Any]) -> values.Checked:
    """The values to write to a record. Raises Refusal when one may not be written."""
    checked = values.check(call.portal, record.kind, given, record, call.version)
    required.by_rules(call.portal.settings, record.kind, checked.values, record, call.version)
    return checked


def properties_of(row: Json) -> dict[str, Any]:
    """The `properties` of an input. Raises Refusal when they are no object of plain values."""
    given = row.get("properties")
    if not isinstance(given, dict):
        raise bad_input("Some required fields were not set: [properties]")
    for name, value in given.items():
        if isinstance(value, dict | list):
            raise bad_input(f"properties.{name} must be a text")
    return given


def written_json(record: Record, given: dict[str, Any], warnings: list[Json]) -> Json:
    """A record as a write answers it: what was written and what is always shown."""
    names = sorted({*given, *record.kind.shown, *record.kind.always})
    shown = record_json(record, names)
    if warnings:
        shown["warnings"] = warnings
    return shown


def by_property(call: Call, kind: ObjectType, name: str, value: str) -> Record | None:
    """The live record with a value of a unique property. Raises Refusal for one that is not."""
    definition = call.portal.schemas[kind.id].live(name)
    if definition is None or not definition.unique:
        raise Refusal(400, f"{name} is a non-unique {kind.upper} property")
    table = call.portal.table(kind)
    for record_id in table.with_value(name, value):
        record = table.records[record_id]
        if record.archived_ms is None:
            return record
    return None


def _addressed(call: Call, kind: ObjectType, archived: bool = False) -> Record:
    text = call.path["object_id"]
    id_property = call.one("idProperty")
    if id_property:
        found = by_property(call, kind, id_property, text)
        if found is None:
            raise not_found()
        return found
    if not text.isdigit():
        raise Refusal(
            404,
            "Object not found.  objectId are usually numeric.",
            "OBJECT_NOT_FOUND",
            context={"id": [text]},
        )
    if archived:
        record = call.portal.table(kind).records.get(int(text))
        if record is None or record.archived_ms is None:
            raise not_found()
        return record
    record = call.portal.find(kind, int(text))
    if record is None:
        raise not_found()
    return record
