"""Links between records: in batches, and record by record.

Sizes: 1,000 ids to read (HubSpot's changelog), 2,000 links to make, 100 records to unlink, 500 a
page. These batch calls are exempt from the ten-second limit and have a bucket of their own.
"""

from typing import Any

from simulator.api.call import Answer, Call, batch_answer
from simulator.api.configurations import limit_reached
from simulator.api.shapes import as_objects
from simulator.rules.refusals import Json, Refusal, bad_input, not_found
from simulator.state.association_types import DEFAULT_TYPE, DEFINED, AssociationType
from simulator.state.object_types import ObjectType
from simulator.state.records import Record

_READ, _CREATE, _ARCHIVE, _PAGE = 1_000, 2_000, 100, 500


def batch_read(call: Call) -> Answer:
    """POST batch/read: for each record its links. Those without any stand in `errors`."""
    one, other = _pair(call)
    results: list[Json] = []
    failures: list[Json] = []
    for row in call.inputs(_READ):
        text = _text(row, "id")
        links = _links(call, one, other, text)
        start = _offset(row.get("after"))
        page = links[start : start + _PAGE]
        if call.fails_row() or (not page and call.assume("no_associations_named_in_errors")):
            failures.append(_nothing_linked(one, other, text).row())
            continue
        if not page:
            continue
        shown: Json = {"from": {"id": text}, "to": page}
        if start + _PAGE < len(links):
            shown["paging"] = {"next": {"after": str(start + _PAGE), "link": "?after="}}
        results.append(shown)
    return batch_answer(call, results, failures, 200)


def batch_create(call: Call) -> Answer:
    """POST batch/create: 201 in 2026-03, 200 in 2026-09."""
    one, other = _pair(call)
    results: list[Json] = []
    failures: list[Json] = []
    for row in call.inputs(_CREATE):
        specs = _specs(call, one, other, row.get("types"))
        try:
            here, there = _ends(call, one, other, row)
        except Refusal as refusal:
            failures.append(refusal.row())
            continue
        full = limit_reached(call.portal, here, there, specs)
        if full is not None:
            failures.append(full.row())
            continue
        call.portal.associate(here, there, [kind.id for kind in specs], call.actor)
        results.append(_pair_json(here, there, specs))
    return batch_answer(call, results, failures, 200 if call.new else 201)


def batch_default(call: Call) -> Answer:
    """POST batch/associate/default: the unlabelled type."""
    one, other = _pair(call)
    default = DEFINED[(one.id, other.id)][DEFAULT_TYPE[(one.id, other.id)]]
    results: list[Json] = []
    failures: list[Json] = []
    for row in call.inputs(_CREATE):
        try:
            here, there = _ends(call, one, other, row)
        except Refusal as refusal:
            failures.append(refusal.row())
            continue
        call.portal.associate(here, there, [default.id], call.actor)
        results += _default_json(here, there, default)
    return batch_answer(call, results, failures, 200)


def batch_archive(call: Call) -> Answer:
    """POST batch/archive: every link between the pairs; 200 with a body (204 was v4's)."""
    one, other = _pair(call)
    for row in call.inputs(_ARCHIVE):
        here = call.portal.find(one, _number(_text(row.get("from") or {}, "id")))
        for target in as_objects(row.get("to"), "to"):
            there = call.portal.find(other, _number(_text(target, "id")))
            if here is not None and there is not None:
                call.portal.dissociate(here, there, None, call.actor)
    return batch_answer(call, [], [], 200)


def batch_labels_archive(call: Call) -> Answer:
    """POST batch/labels/archive: takes off the named types only."""
    one, other = _pair(call)
    failures: list[Json] = []
    for row in call.inputs(_CREATE):
        specs = _specs(call, one, other, row.get("types"))
        try:
            here, there = _ends(call, one, other, row)
        except Refusal as refusal:
            failures.append(refusal.row())
            continue
        call.portal.dissociate(here, there, {kind.id for kind in specs}, call.actor)
    return batch_answer(call, [], failures, 200)


def list_of_record(call: Call) -> Answer:
    """GET the links of one record to one type, 500 a page."""
    one, other = call.kind(), call.kind("to_object_type")
    text = call.path["object_id"]
    if not text.isdigit() or call.portal.find(one, int(text)) is None:
        raise not_found()
    links = _links(call, one, other, text)
    limit = call.number("limit", _PAGE, _PAGE)
    start = _offset(call.one("after"))
    body: Json = {"results": links[start : start + limit]}
    if start + limit < len(links):
        body["paging"] = {"next": {"after": str(start + limit), "link": "?after="}}
    return Answer(200, body)


def put_one(call: Call) -> Answer:
    """PUT a link between two records under the given types."""
    here, there = _path_ends(call)
    specs = _specs(call, here.kind, there.kind, call.json())
    full = limit_reached(call.portal, here, there, specs)
    if full is not None:
        raise full
    call.portal.associate(here, there, [kind.id for kind in specs], call.actor)
    return Answer(201, _pair_json(here, there, specs))


def put_default(call: Call) -> Answer:
    """PUT the unlabelled link between two records."""
    here, there = _path_ends(call)
    pair = (here.kind.id, there.kind.id)
    if pair not in DEFAULT_TYPE:
        raise Refusal(400, f"{here.kind.id} and {there.kind.id} can't be associated")
    default = DEFINED[pair][DEFAULT_TYPE[pair]]
    call.portal.associate(here, there, [default.id], call.actor)
    return batch_answer(call, _default_json(here, there, default), [], 200)


def delete_one(call: Call) -> Answer:
    """DELETE every link between two records."""
    here, there = _path_ends(call)
    call.portal.dissociate(here, there, None, call.actor)
    return Answer(204)


def _pair(call: Call) -> tuple[ObjectType, ObjectType]:
    one, other = call.kind("from_object_type"), call.kind("to_object_type")
    if (one.id, other.id) not in DEFINED:
        raise Refusal(400, f"{one.id} and {other.id} can't be associated")
    return one, other


def _links(call: Call, one: ObjectType, other: ObjectType, text: str) -> list[Json]:
    if not text.isdigit():
        return []
    record = call.portal.find(one, int(text))
    if record is None:
        return []
    pair = (one.id, other.id)
    kinds = call.portal.associations.types(pair)
    others = call.portal.table(other).records
    return [
        {
            "toObjectId": str(to_id),
            "associationTypes": [_type_json(kinds[type_id], one, other) for type_id in type_ids],
        }
        for to_id, type_ids in call.portal.associations.of(pair, record.id).items()
        if to_id in others and others[to_id].archived_ms is None
    ]


def _type_json(kind: AssociationType, one: ObjectType, other: ObjectType) -> Json:
    return {
        "category": kind.category,
        "typeId": kind.id,
        "label": kind.label,
        "fromObjectTypeId": one.id,
        "toObjectTypeId": other.id,
    }


def _specs(call: Call, one: ObjectType, other: ObjectType, given: Any) -> list[AssociationType]:
    if not isinstance(given, list) or not given:
        raise bad_input("Some required fields were not set: [types]")
    known = call.portal.associations.types((one.id, other.id))
    specs: list[AssociationType] = []
    for row in given:
        try:
            category, type_id = str(row["associationCategory"]), int(row["associationTypeId"])
        except (KeyError, TypeError, ValueError) as error:
            raise bad_input("types need associationCategory and associationTypeId") from error
        kind = known.get(type_id)
        if kind is None or kind.category != category:
            raise Refusal(
                400,
                f"invalid association type {category} {type_id} from {one.id} to {other.id}",
            )
        specs.append(kind)
    return specs


def _ends(call: Call, one: ObjectType, other: ObjectType, row: Json) -> tuple[Record, Record]:
    found: list[Record] = []
    for kind, side in ((one, "from"), (other, "to")):
        text = _text(row.get(side) or {}, "id")
        record = call.portal.find(kind, _number(text))
        if record is None or call.fails_row():
            raise Refusal(
                404,
                f"{kind.upper} {text} not found",
                "OBJECT_NOT_FOUND",
                context={"id": [text], "objectType": [kind.singular]},
            )
        found.append(record)
    return found[0], found[1]


def _path_ends(call: Call) -> tuple[Record, Record]:
    ends = []
    for kind_part, id_part in (("object_type", "object_id"), ("to_object_type", "to_object_id")):
        record = call.portal.find(call.kind(kind_part), _number(call.path[id_part]))
        if record is None:
            raise not_found()
        ends.append(record)
    return ends[0], ends[1]


def _pair_json(here: Record, there: Record, specs: list[AssociationType]) -> Json:
    return {
        "fromObjectTypeId": here.kind.id,
        "fromObjectId": str(here.id),
        "toObjectTypeId": there.kind.id,
        "toObjectId": str(there.id),
        "labels": [kind.label for kind in specs if kind.label is not None],
    }


def _default_json(here: Record, there: Record, kind: AssociationType) -> list[Json]:
    rows = []
    for one, other, type_id in ((here, there, kind.id), (there, here, kind.inverse_id)):
        rows.append(
            {
                "from": {"id": str(one.id)},
                "to": {"id": str(other.id)},
                "associationSpec": {
                    "associationCategory": kind.category,
                    "associationTypeId": type_id,
                },
            }
        )
    return rows


def _nothing_linked(one: ObjectType, other: ObjectType, text: str) -> Refusal:
    return Refusal(
        404,
        f"No {other.singular} is associated with {one.singular} {text}.",
        "OBJECT_NOT_FOUND",
        sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
        context={
            "fromObjectId": [text],
            "fromObjectType": [one.singular],
            "toObjectType": [other.singular],
        },
    )


def _text(row: Any, field: str) -> str:
    value = row.get(field) if isinstance(row, dict) else None
    if value is None:
        raise bad_input(f"Some required fields were not set: [{field}]")
    return str(value)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1


def _offset(text: Any) -> int:
    return int(text) if text is not None and str(text).isdigit() else 0
