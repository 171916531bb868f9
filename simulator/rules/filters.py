"""Search filters, read once and turned into a test on records.

HubSpot's search guide: groups are joined by OR, filters in a group by AND; string values match in
any case, IN and NOT_IN want them in lower case, enumerations match exactly; dates may be given as
ISO text or epoch milliseconds.
"""

import re
from collections.abc import Callable
from typing import Any

from simulator.rules.refusals import Json, Refusal
from simulator.state.clock import parse_time
from simulator.state.object_types import ObjectType, find
from simulator.state.portal import Portal
from simulator.state.records import Record
from simulator.state.schema import Property

Test = Callable[[Record], bool]
Scalar = float | str

OPERATORS = (
    "EQ",
    "NEQ",
    "LT",
    "LTE",
    "GT",
    "GTE",
    "BETWEEN",
    "IN",
    "NOT_IN",
    "HAS_PROPERTY",
    "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN",
    "NOT_CONTAINS_TOKEN",
)
_WORDS = re.compile(r"\w+", re.UNICODE)


def refused(text: str) -> Refusal:
    """The 400 of a search that can't be run."""
    return Refusal(400, f"There was a problem with the request. {text}")


def compile_filter(portal: Portal, kind: ObjectType, given: Json) -> Test:
    """The test of one filter. Raises Refusal for an unknown property, operator or value."""
    name = str(given.get("propertyName", ""))
    operator = str(given.get("operator", ""))
    if operator not in OPERATORS:
        raise refused(f"{operator!r} is no operator; there are {', '.join(OPERATORS)}")
    if name.startswith("associations."):
        return _linked(portal, kind, name, operator, given)
    definition = portal.schemas[kind.id].live(name)
    if definition is None:
        raise refused(f"Property {name!r} does not exist")
    if operator == "HAS_PROPERTY":
        return lambda record: bool(record.value(name))
    if operator == "NOT_HAS_PROPERTY":
        return lambda record: not record.value(name)
    read = _reader(kind, definition)
    if operator in ("IN", "NOT_IN"):
        return _membership(portal, definition, read, operator, given)
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        return _token(name, operator, _needed(given, "value"))
    value = _scalar(definition, _needed(given, "value"))
    if operator == "EQ":
        if definition.several:
            return lambda record: value in (record.value(name) or "").split(";")
        return lambda record: read(record) == value
    if operator == "NEQ":
        empty = portal.settings.assume("neq_matches_empty")
        return lambda record: (seen := read(record)) != value and (empty or seen is not None)
    if operator == "BETWEEN":
        high = _scalar(definition, _needed(given, "highValue"))
        return lambda record: (seen := read(record)) is not None and value <= seen <= high  # type: ignore[operator]
    return _comparison(operator, read, value)


def _comparison(operator: str, read: Callable[[Record], Scalar | None], value: Any) -> Test:
    if operator == "LT":
        return lambda record: (seen := read(record)) is not None and seen < value
    if operator == "LTE":
        return lambda record: (seen := read(record)) is not None and seen <= value
    if operator == "GT":
        return lambda record: (seen := read(record)) is not None and seen > value
    return lambda record: (seen := read(record)) is not None and seen >= value


def _needed(given: Json, field: str) -> str:
    value = given.get(field)
    if value is None:
        raise refused(f"{field} must be given for {given.get('operator')}")
    return str(value)


def _reader(kind: ObjectType, definition: Property) -> Callable[[Record], Scalar | None]:
    """How a property is compared: numbers and times as numbers, texts in lower case."""
    name = definition.name
    if name == "hs_object_id":
        return lambda record: record.id
    if name in ("createdate", "hs_createdate"):
        return lambda record: record.created_ms
    if name == kind.modified:
        return lambda record: record.updated_ms
    if definition.type in ("date", "datetime"):
        return lambda record: _time_or_none(record.values.get(name))
    if definition.type == "number":
        return lambda record: _number_or_none(record.values.get(name))
    if definition.type in ("string", "phone_number"):
        return lambda record: None if (v := record.values.get(name)) is None else v.lower()
    return lambda record: record.values.get(name)


def _scalar(definition: Property, text: str) -> Scalar:
    if definition.type in ("date", "datetime"):
        at_ms = parse_time(text)
        if at_ms is None:
            raise refused(f"{text!r} is no date for {definition.name}")
        return at_ms
    if definition.type == "number" or definition.name == "hs_object_id":
        number = _number_or_none(text)
        if number is None:
            raise refused(f"{text!r} is no number for {definition.name}")
        return number
    if definition.type in ("string", "phone_number"):
        return text.lower()
    return text


def _time_or_none(text: str | None) -> int | None:
    return None if text is None else parse_time(text)


def _number_or_none(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return None


def _membership(
    portal: Portal,
    definition: Property,
    read: Callable[[Record], Scalar | None],
    operator: str,
    given: Json,
) -> Test:
    values = given.get("values")
    if not isinstance(values, list) or not values:
        raise refused(f"values must be given for {operator}")
    wanted: set[Scalar] = set()
    for value in values:
        scalar = _scalar(definition, str(value))
        if definition.type == "string" and portal.settings.assume("in_matches_lowercased_strings"):
            scalar = str(value)
        wanted.add(scalar)
    if definition.several:
        name = definition.name
        there: Test = lambda record: any(  # noqa: E731
            part in wanted for part in (record.value(name) or "").split(";")
        )
    else:
        there = lambda record: read(record) in wanted  # noqa: E731
    if operator == "IN":
        return there
    empty = portal.settings.assume("neq_matches_empty")
    return lambda record: not there(record) and (empty or read(record) is not None)


def _token(name: str, operator: str, value: str) -> Test:
    pattern = value.lower()
    tokens = [token for token in re.split(r"\s+", pattern) if token]
    exact = {token for token in tokens if "*" not in token}
    wild = [
        re.compile(re.escape(token).replace(r"\*", r".*"), re.DOTALL)
        for token in tokens
        if "*" in token
    ]

    def holds(record: Record) -> bool:
        text = (record.value(name) or "").lower()
        words = set(_WORDS.findall(text)) | set(text.split())
        return exact <= words and all(
            any(expression.fullmatch(word) for word in words) for expression in wild
        )

    if operator == "CONTAINS_TOKEN":
        return holds
    return lambda record: not holds(record)


def _linked(portal: Portal, kind: ObjectType, name: str, operator: str, given: Json) -> Test:
    other = find(name.partition(".")[2])
    if other is None:
        raise refused(f"{name!r} names no object type")
    pair = (kind.id, other.id)
    links = portal.associations
    if operator == "HAS_PROPERTY":
        return lambda record: bool(links.of(pair, record.id))
    if operator == "NOT_HAS_PROPERTY":
        return lambda record: not links.of(pair, record.id)
    if operator not in ("EQ", "IN"):
        raise refused(f"{operator} can't be used on {name}")
    texts = [_needed(given, "value")] if operator == "EQ" else given.get("values") or []
    ids = {int(text) for text in texts if str(text).isdigit()}
    return lambda record: not ids.isdisjoint(links.of(pair, record.id))
