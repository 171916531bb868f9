"""Whether a value may be written to a property: HubSpot's checks and their words.

Error codes and texts as integrations have recorded them from HubSpot (PROPERTY_DOESNT_EXIST,
READ_ONLY_VALUE, INVALID_OPTION …); limits from the properties guide (text of 65,536 characters).
"""

import json
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from simulator.rules.refusals import Refusal
from simulator.state.clock import iso, parse_time
from simulator.state.object_types import TICKET, ObjectType
from simulator.state.portal import Portal
from simulator.state.records import Record
from simulator.state.schema import Property

TEXT_LIMIT = 65_536
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DAY_MS = 86_400_000


class Problem(NamedTuple):
    """One value that can't be written."""

    name: str
    value: str
    code: str
    message: str


class Checked(NamedTuple):
    """Values as they will be stored, and notes on those stored otherwise than sent (2026-09)."""

    values: dict[str, str]
    warnings: list[dict[str, Any]]


def check(
    portal: Portal,
    kind: ObjectType,
    given: dict[str, Any],
    record: Record | None,
    version: str,
) -> Checked:
    """The values to store. Raises Refusal with every invalid property named."""
    schema = portal.schemas[kind.id]
    problems: list[Problem] = []
    values: dict[str, str] = {}
    warnings: list[dict[str, Any]] = []
    for name, raw in given.items():
        sent = _as_text(raw)
        definition = schema.live(name)
        if definition is None:
            text = f'Property "{name}" does not exist'
            problems.append(Problem(name, sent, "PROPERTY_DOESNT_EXIST", text))
            continue
        if definition.read_only:
            text = f'"{name}" is a read only property; its value cannot be set.'
            problems.append(Problem(name, sent, "READ_ONLY_VALUE", text))
            continue
        stored, problem = _one(portal, definition, sent, version)
        if problem is not None:
            problems.append(problem)
            continue
        if stored != sent and definition.type in ("date", "datetime") and version >= "2026-09":
            warnings.append(_normalized(name, sent, stored))
        values[name] = stored
    if kind is TICKET:
        problems += _stage_problems(portal, values, record)
    problems += _unique_problems(portal, kind, values, record)
    if problems:
        raise refusal(portal, problems)
    return Checked(values, warnings)


def refusal(portal: Portal, problems: list[Problem]) -> Refusal:
    """The 400 that lists invalid values, twice, as HubSpot does: in the message and in errors."""
    listed = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": problem.name,
            "localizedErrorMessage": problem.message,
            "propertyValue": problem.value[:200],
            "portalId": portal.settings.portal_id,
        }
        for problem in problems
    ]
    errors = [
        {
            "message": problem.message,
            "code": problem.code,
            "context": {"propertyName": [problem.name]},
        }
        for problem in problems
    ]
    text = json.dumps(listed, ensure_ascii=False, separators=(",", ":"))
    return Refusal(400, f"Property values were not valid: {text}", errors=errors)


def _as_text(raw: Any) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return str(raw).lower()
    return str(raw)


def _one(
    portal: Portal, definition: Property, sent: str, version: str
) -> tuple[str, Problem | None]:
    if sent == "":
        return "", None
    name = definition.name
    if definition.choices or definition.type == "enumeration":
        return sent, _choice_problem(portal, definition, sent)
    if definition.type in ("string", "phone_number"):
        if len(sent) > TEXT_LIMIT:
            text = f"{name} is too long: {len(sent)} characters, at most {TEXT_LIMIT} are allowed"
            return sent, Problem(name, sent, "PROPERTY_VALUE_TOO_LONG", text)
        if name == "email" and not _EMAIL.fullmatch(sent):
            return sent, Problem(name, sent, "INVALID_EMAIL", f"Email address {sent} is invalid")
        return sent.lower() if name == "email" else sent, None
    if definition.type == "number":
        if not _NUMBER.fullmatch(sent):
            return sent, Problem(name, sent, "INVALID_NUMBER", f"{sent} was not a valid number.")
        return sent, None
    if definition.type == "bool":
        if sent.lower() not in ("true", "false"):
            return sent, Problem(name, sent, "INVALID_BOOLEAN", f"{sent} was not a valid boolean.")
        return sent.lower(), None
    return _moment(definition, sent, version)


def _choice_problem(portal: Portal, definition: Property, sent: str) -> Problem | None:
    if definition.choices == "OWNER":
        owner = portal.owners.get(int(sent)) if sent.isdigit() else None
        if owner is None or owner.archived:
            text = f"Owner {sent} does not exist or is not active"
            return Problem(definition.name, sent, "INVALID_OWNER_ID", text)
        return None
    if definition.choices == "PIPELINE":
        pipeline = portal.pipelines.get(sent)
        if pipeline is None or pipeline.archived_ms is not None:
            live = [p.id for p in portal.pipelines.values() if p.archived_ms is None]
            return _not_an_option(definition.name, sent, live)
        return None
    if definition.choices == "STAGE":
        return None
    parts = [part for part in sent.split(";") if part] if definition.several else [sent]
    if definition.type == "bool":
        return None
    wrong = [part for part in parts if part not in definition.option_values]
    if wrong:
        return _not_an_option(definition.name, wrong[0], [o.value for o in definition.options])
    return None


def _not_an_option(name: str, sent: str, allowed: list[str]) -> Problem:
    text = f"{sent} was not one of the allowed options: [{', '.join(allowed)}]"
    return Problem(name, sent, "INVALID_OPTION", text)


def _moment(definition: Property, sent: str, version: str) -> tuple[str, Problem | None]:
    name = definition.name
    at_ms = parse_time(sent)
    if at_ms is None:
        return sent, Problem(name, sent, "INVALID_DATE", f"{sent} was not a valid date.")
    if definition.type == "datetime":
        return iso(at_ms), None
    if at_ms % _DAY_MS and version < "2026-09":
        text = f"{sent} is at {iso(at_ms)}, which is not midnight UTC."
        return sent, Problem(name, sent, "INVALID_DATE", text)
    day = datetime.fromtimestamp(at_ms / 1000, UTC).date()
    return day.isoformat(), None


def _normalized(name: str, sent: str, stored: str) -> dict[str, Any]:
    return {
        "category": "PROPERTY_VALUE_NORMALIZED",
        "context": {"propertyName": name, "rawValue": sent, "normalizedValue": stored},
        "message": f"{name} was normalized",
    }


def _stage_problems(portal: Portal, values: dict[str, str], record: Record | None) -> list[Problem]:
    """A stage must be a live one of the record's pipeline; a cleared one is refused."""
    if "hs_pipeline_stage" not in values and "hs_pipeline" not in values:
        return []
    present = {} if record is None else record.values
    pipeline_id = values.get("hs_pipeline") or present.get("hs_pipeline", "0")
    pipeline = portal.pipelines[pipeline_id]
    live = [stage.id for stage in pipeline.live_stages()]
    if "hs_pipeline_stage" not in values:
        stage_id = present.get("hs_pipeline_stage", live[0] if live else "")
    else:
        stage_id = values["hs_pipeline_stage"]
    if stage_id in live:
        return []
    elsewhere = portal.pipeline_of_stage(stage_id)
    if elsewhere is not None and not portal.settings.assume("stage_of_other_pipeline_refused"):
        values["hs_pipeline"] = elsewhere.id
        return []
    return [_not_an_option("hs_pipeline_stage", stage_id, live)]


def _unique_problems(
    portal: Portal, kind: ObjectType, values: dict[str, str], record: Record | None
) -> list[Problem]:
    problems: list[Problem] = []
    table = portal.table(kind)
    for name, value in values.items():
        definition = portal.schemas[kind.id].live(name)
        if definition is None or not definition.unique or not value or not table.indexed(name):
            continue
        holders = [
            holder
            for holder in table.with_value(name, value)
            if table.records[holder].archived_ms is None and (record is None or holder != record.id)
        ]
        if not holders:
            continue
        if name == "email":
            text = f"Contact already exists. Existing ID: {holders[0]}"
            raise Refusal(409, text, "CONFLICT")
        text = f'"{value}" is already the value of {name} on record {holders[0]}'
        problems.append(Problem(name, value, "CONFLICTING_UNIQUE_VALUE", text))
    return problems
