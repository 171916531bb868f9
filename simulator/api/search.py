"""POST search: what matches, sorted, a page at a time.

HubSpot's search guide: at most 200 a page, 10,000 a query, a body of 3,000 characters, one sort,
oldest first without one. Search sees the portal as it was `index_delay_s` ago.
"""

from collections.abc import Callable
from typing import Any

from simulator.api.call import Answer, Call
from simulator.api.rendering import record_json, shown_names
from simulator.api.shapes import as_list, as_objects
from simulator.rules.filters import Test, compile_filter, refused
from simulator.rules.refusals import Json, Refusal
from simulator.state.object_types import ObjectType
from simulator.state.records import Record
from simulator.state.table import Table

_PAGE = 200
CEILING = 10_000
_BODY = 3_000
_GROUPS, _FILTERS, _ALL_FILTERS = 5, 6, 18


def search(call: Call) -> Answer:
    """One page of matches, with their total number."""
    kind = call.kind()
    if len(call.raw.decode("utf-8", "replace")) > _BODY and call.assume("search_body_limit"):
        raise refused(f"The request body is longer than {_BODY} characters")
    body = call.json_object()
    limit = _count(body, "limit", 10)
    after = _count(body, "after", 0)
    if limit > _PAGE:
        raise refused(f"limit must be at most {_PAGE}")
    if after + limit > CEILING:
        text = f"Paging through more than {CEILING} results is not supported"
        raise Refusal(400, text, errors=[{"message": text, "in": "after"}])
    groups = _groups(body)
    matches = _matches(call, kind, groups, body)
    page = matches[after : after + limit]
    names = shown_names(
        call.portal, kind, [str(name) for name in as_list(body.get("properties"), "properties")]
    )
    shown: Json = {
        "total": len(matches),
        "results": [record_json(record, names) for record in page],
    }
    if after + limit < len(matches):
        shown["paging"] = {"next": {"after": str(after + limit)}}
    return Answer(200, shown)


def _count(body: Json, name: str, default: int) -> int:
    value = body.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, bool) or not str(value).isdigit():
        raise refused(f"{name} must be a number, not {value!r}")
    return int(value)


def _groups(body: Json) -> list[list[Json]]:
    groups = [
        as_objects(group.get("filters"), "filters")
        for group in as_objects(body.get("filterGroups"), "filterGroups")
    ]
    if body.get("filters"):
        groups.append(as_objects(body["filters"], "filters"))
    if len(groups) > _GROUPS or any(len(group) > _FILTERS for group in groups):
        raise refused(f"at most {_GROUPS} filter groups of {_FILTERS} filters are allowed")
    if sum(len(group) for group in groups) > _ALL_FILTERS:
        raise refused(f"at most {_ALL_FILTERS} filters are allowed")
    return [group for group in groups if group]


def _matches(call: Call, kind: ObjectType, groups: list[list[Json]], body: Json) -> list[Record]:
    portal = call.portal
    tests = [[compile_filter(portal, kind, given) for given in group] for group in groups]
    table = portal.table(kind)
    seen_ms = portal.clock.now_ms() - round(portal.settings.index_delay_s * 1000)
    overlay = portal.index.overlay(kind.id, seen_ms)
    words = [word for word in str(body.get("query") or "").lower().split() if word]
    matches: list[Record] = []
    for record_id in _candidates(table, groups, overlay):
        record = overlay.get(record_id, table.records[record_id])
        if record is None or record.archived_ms is not None:
            continue
        if _passes(record, tests) and _holds_words(record, words):
            matches.append(record)
    return _sorted(call, kind, matches, body)


def _passes(record: Record, tests: list[list[Test]]) -> bool:
    if not tests:
        return True
    for group in tests:
        for test in group:
            if not test(record):
                break
        else:
            return True
    return False


def _holds_words(record: Record, words: list[str]) -> bool:
    if not words:
        return True
    text = " ".join(record.values.get(name, "") for name in record.kind.searched).lower()
    return all(word in text for word in words)


def _candidates(
    table: Table, groups: list[list[Json]], overlay: dict[int, Record | None]
) -> list[int]:
    """The ids worth testing: all, or fewer where every group fixes an indexed property."""
    if not groups:
        return table.ids
    wanted: set[int] = set()
    for group in groups:
        narrowed = _narrowed(table, group)
        if narrowed is None:
            return table.ids
        wanted.update(narrowed)
    wanted.update(record_id for record_id in overlay if record_id in table.records)
    return sorted(wanted)


def _narrowed(table: Table, group: list[Json]) -> list[int] | None:
    for given in group:
        name, operator = str(given.get("propertyName")), given.get("operator")
        if operator in ("EQ", "IN"):
            values = (
                [given.get("value")] if operator == "EQ" else as_list(given.get("values"), "values")
            )
            texts = [str(value) for value in values]
            if name == "hs_object_id":
                ids = {int(text) for text in texts if text.isdigit()}
                return [record_id for record_id in ids if record_id in table.records]
            if table.indexed(name):
                return [record_id for text in texts for record_id in table.with_value(name, text)]
        if name == "hs_object_id" and operator in ("GT", "GTE"):
            lowest = str(given.get("value"))
            if lowest.isdigit():
                return table.ids_between(int(lowest), None)
    return None


def _sorted(call: Call, kind: ObjectType, matches: list[Record], body: Json) -> list[Record]:
    sorts = as_list(body.get("sorts"), "sorts")
    if len(sorts) > 1:
        raise refused("only one sort is allowed")
    if not sorts:
        matches.sort(key=lambda record: (record.created_ms, record.id))
        return matches
    name, descending = _sort_of(sorts[0])
    if call.portal.schemas[kind.id].live(name) is None:
        raise refused(f"Property {name!r} does not exist")
    matches.sort(key=_sort_key(call, kind, name), reverse=descending)
    return matches


def _sort_of(given: Any) -> tuple[str, bool]:
    if isinstance(given, str):
        return given.lstrip("-"), given.startswith("-")
    if isinstance(given, dict) and "propertyName" in given:
        return str(given["propertyName"]), str(given.get("direction", "")).upper() == "DESCENDING"
    raise refused("a sort is a property name or {propertyName, direction}")


def _sort_key(call: Call, kind: ObjectType, name: str) -> Callable[[Record], Any]:
    if name == "hs_object_id":
        return lambda record: record.id
    if name in ("createdate", "hs_createdate"):
        return lambda record: record.created_ms
    if name == kind.modified:
        return lambda record: record.updated_ms
    definition = call.portal.schemas[kind.id].properties[name]
    if definition.type == "number":
        return lambda record: float(record.values.get(name) or "-inf")
    return lambda record: record.values.get(name) or ""
