"""Records by the hundred: read, create, update, upsert, archive.

HubSpot: at most 100 inputs, 50 with history; one duplicate id refuses the batch; one bad row
refuses it too unless its input carries an `objectWriteTraceId`.
"""

from collections import Counter
from typing import Any, NamedTuple

from simulator.api.call import Answer, Call, batch_answer
from simulator.api.objects import by_property, create_one, plan_update, properties_of, written_json
from simulator.api.rendering import known_history, record_json, shown_names
from simulator.api.shapes import as_list
from simulator.rules import required, values
from simulator.rules.refusals import Json, Refusal, bad_input
from simulator.state.object_types import ObjectType
from simulator.state.records import Record

_LIMIT = 100
_LIMIT_WITH_HISTORY = 50
# Failures of one row that never refuse the whole batch.
_ALWAYS_ALONE = ("OBJECT_NOT_FOUND", "INTERNAL_ERROR")


class _Failure(NamedTuple):
    refusal: Refusal
    trace_id: str | None


def read(call: Call) -> Answer:
    """POST batch/read. Ids that can't be had are named in `errors`, or absent by assumption."""
    kind = call.kind()
    body = call.json_object("inputs")
    history = known_history(call.portal, kind, _names(body, "propertiesWithHistory"))
    rows = call.inputs(_LIMIT)
    if history and len(rows) > _LIMIT_WITH_HISTORY and call.assume("history_batch_limit_is_50"):
        raise Refusal(
            400,
            "The maximum number of inputs supported in a batch request for property histories "
            f"is {_LIMIT_WITH_HISTORY}",
        )
    ids = [_id_of(row) for row in rows]
    _refuse_duplicates(ids)
    id_property = body.get("idProperty")
    archived = call.flag("archived")
    found: dict[int, Record] = {}
    missing: list[str] = []
    for text in ids:
        record = _seek(call, kind, text, id_property, archived)
        if record is None or call.fails_row():
            missing.append(text)
        else:
            found[record.id] = record
    names = shown_names(call.portal, kind, _names(body, "properties"))
    results = [record_json(record, names, history) for record in found.values()]
    failures: list[Json] = []
    if missing and call.assume("missing_ids_named_in_errors"):
        text = (
            f"Could not get some {kind.upper} objects, they may be deleted or not exist. "
            "Check that ids are valid."
        )
        failures.append(Refusal(404, text, "OBJECT_NOT_FOUND", context={"ids": missing}).row())
    return batch_answer(call, results, failures, 200)


def create(call: Call) -> Answer:
    """POST batch/create."""
    kind = call.kind()
    rows = call.inputs(_LIMIT)
    failures: list[_Failure] = []
    good: list[Json] = []
    for row in rows:
        try:
            _fault(call)
            _check_new(call, kind, row)
            good.append(row)
        except Refusal as refusal:
            failures.append(_Failure(refusal, _trace_of(row)))
    _refuse_untraced(call, failures)
    results = []
    for row in good:
        try:
            record, warnings = create_one(call, kind, row)
        except Refusal as refusal:
            failures.append(_Failure(refusal, _trace_of(row)))
            continue
        results.append(_traced(written_json(record, row["properties"], warnings), row))
    return batch_answer(call, results, [f.refusal.row(f.trace_id) for f in failures], 201)


def update(call: Call) -> Answer:
    """POST batch/update. Unknown ids fail alone; an invalid value fails all but traced rows."""
    kind = call.kind()
    rows = call.inputs(_LIMIT)
    _refuse_duplicates([_id_of(row) for row in rows])
    failures: list[_Failure] = []
    planned: list[tuple[Json, Record, values.Checked]] = []
    for row in rows:
        try:
            _fault(call)
            record = _seek(call, kind, _id_of(row), row.get("idProperty"))
            if record is None:
                raise _gone(kind, _id_of(row))
            planned.append((row, record, plan_update(call, record, properties_of(row))))
        except Refusal as refusal:
            failures.append(_Failure(refusal, _trace_of(row)))
    _refuse_untraced(call, failures)
    results = []
    for row, record, checked in planned:
        call.portal.update(record, checked.values, call.actor)
        shown = written_json(record, row["properties"], checked.warnings)
        results.append(_traced(shown, row))
    return batch_answer(call, results, [f.refusal.row(f.trace_id) for f in failures], 200)


def upsert(call: Call) -> Answer:
    """POST batch/upsert by a unique property; `new` says whether a record was made."""
    kind = call.kind()
    rows = call.inputs(_LIMIT)
    _refuse_duplicates([_id_of(row) for row in rows])
    failures: list[_Failure] = []
    results: list[Json] = []
    planned: list[tuple[Json, Record | None]] = []
    for row in rows:
        id_property = row.get("idProperty")
        try:
            _fault(call)
            if not isinstance(id_property, str) or not id_property:
                raise bad_input("Some required fields were not set: [idProperty]")
            record = by_property(call, kind, id_property, _id_of(row))
            row["properties"] = {id_property: _id_of(row), **properties_of(row)}
            if record is None:
                _check_new(call, kind, row)
            else:
                plan_update(call, record, row["properties"])
            planned.append((row, record))
        except Refusal as refusal:
            failures.append(_Failure(refusal, _trace_of(row)))
    _refuse_untraced(call, failures)
    for row, known in planned:
        if known is None:
            record, warnings = create_one(call, kind, row)
        else:
            record = known
            checked = plan_update(call, record, row["properties"])
            warnings = checked.warnings
            call.portal.update(record, checked.values, call.actor)
        shown = _traced(written_json(record, row["properties"], warnings), row)
        results.append({**shown, "new": known is None})
    return batch_answer(call, results, [f.refusal.row(f.trace_id) for f in failures], 200)


def archive(call: Call) -> Answer:
    """POST batch/archive: 204 whatever the state of the ids was."""
    kind = call.kind()
    ids = [_id_of(row) for row in call.inputs(_LIMIT)]
    _refuse_duplicates(ids)
    for text in ids:
        record = call.portal.find(kind, int(text)) if text.isdigit() else None
        if record is not None:
            call.portal.archive(record, call.actor)
    return Answer(204)


def _names(body: Json, field: str) -> list[str]:
    return [str(name) for name in as_list(body.get(field), field)]


def _id_of(row: Json) -> str:
    value = row.get("id")
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise bad_input("Some required fields were not set: [id]")
    return str(value)


def _trace_of(row: Json) -> str | None:
    value = row.get("objectWriteTraceId")
    return None if value is None else str(value)


def _traced(shown: Json, row: Json) -> Json:
    trace = _trace_of(row)
    return shown if trace is None else {**shown, "objectWriteTraceId": trace}


def _refuse_duplicates(ids: list[str]) -> None:
    twice = sorted(text for text, count in Counter(ids).items() if count > 1)
    if twice:
        text = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise Refusal(400, text)


def _refuse_untraced(call: Call, failures: list[_Failure]) -> None:
    """Refuses the whole batch when a bad row carries no trace id."""
    if not call.assume("trace_id_needed_for_partial_success"):
        return
    for failure in failures:
        if failure.trace_id is None and failure.refusal.category not in _ALWAYS_ALONE:
            raise failure.refusal


def _check_new(call: Call, kind: ObjectType, row: Json) -> None:
    checked = values.check(call.portal, kind, properties_of(row), None, call.version)
    required.at_creation(call.portal.settings, kind, checked.values)
    required.by_rules(call.portal.settings, kind, checked.values, None, call.version)


def _seek(
    call: Call, kind: ObjectType, text: str, id_property: Any, archived: bool = False
) -> Record | None:
    if id_property:
        return by_property(call, kind, str(id_property), text)
    if not text.isdigit():
        return None
    if archived:
        record = call.portal.table(kind).records.get(int(text))
        return record if record is not None and record.archived_ms is not None else None
    return call.portal.find(kind, int(text))


def _gone(kind: ObjectType, text: str) -> Refusal:
    message = f"{kind.upper} {text} not found; it may be deleted or never have existed."
    return Refusal(404, message, "OBJECT_NOT_FOUND", context={"ids": [text]})


def _fault(call: Call) -> None:
    if call.fails_row():
        raise Refusal(500, "internal error", "INTERNAL_ERROR")
