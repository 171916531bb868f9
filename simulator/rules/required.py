"""What must be set: by HubSpot at creation, and by an administrator's rules from 2026-09 on.

Bodies: HubSpot's changelog on the enforcement of write validation in /2026-09/. Earlier versions
ignore an administrator's rules.

A rule as the control API takes it:
`{"object_type": "tickets", "when": {"property": "hs_pipeline_stage", "values": ["4"]},
"require": ["hs_resolution"]}`, or without `when`: required when a record is created.
"""

from typing import Any

from simulator.rules.refusals import Refusal
from simulator.settings import Settings
from simulator.state.object_types import (
    COMPANY,
    CONTACT,
    NOTE,
    TASK,
    TICKET,
    ObjectType,
    find,
)
from simulator.state.records import Record

_ENFORCED_FROM = "2026-09"
_AT_CREATION: dict[str, tuple[str, ...]] = {
    TICKET.id: ("subject", "hs_pipeline_stage"),
    NOTE.id: ("hs_timestamp",),
    TASK.id: ("hs_timestamp",),
}
_ONE_OF: dict[str, tuple[str, ...]] = {
    CONTACT.id: ("email", "firstname", "lastname"),
    COMPANY.id: ("name", "domain"),
}


def at_creation(settings: Settings, kind: ObjectType, values: dict[str, str]) -> None:
    """HubSpot's own demands on a new record. Raises Refusal that lists the missing properties."""
    needed = list(_AT_CREATION.get(kind.id, ()))
    if kind is TICKET and settings.assume("pipeline_required_on_create"):
        needed.append("hs_pipeline")
    missing = [name for name in needed if not values.get(name)]
    one_of = _ONE_OF.get(kind.id, ())
    if one_of and not any(values.get(name) for name in one_of):
        missing = list(one_of)
    if missing:
        text = f"Error creating {kind.upper}. Some required properties were not set."
        raise Refusal(400, text, context={"properties": missing})


def by_rules(
    settings: Settings,
    kind: ObjectType,
    values: dict[str, str],
    record: Record | None,
    version: str,
) -> None:
    """The administrator's rules. Raises Refusal with HubSpot's codes for what is missing."""
    if version < _ENFORCED_FROM or not settings.required_rules:
        return
    present = {} if record is None else record.values
    errors: list[dict[str, Any]] = []
    for rule in settings.required_rules:
        if find(str(rule.get("object_type", ""))) is not kind:
            continue
        when = rule.get("when")
        if when is None:
            if record is None:
                errors += [_missing(name) for name in rule["require"] if not values.get(name)]
            continue
        trigger = str(when["property"])
        touched = trigger in values or any(name in values for name in rule["require"])
        value = values.get(trigger, present.get(trigger, ""))
        if settings.assume("rules_bind_untouched_values"):
            touched = True
        if not touched or not value or ("values" in when and value not in when["values"]):
            continue
        for name in rule["require"]:
            if not values.get(name, present.get(name, "")):
                errors.append(_missing_because(name, trigger))
    if errors:
        raise Refusal(400, "The property values provided are invalid", errors=errors)


def _missing(name: str) -> dict[str, Any]:
    return {
        "code": "MISSING_REQUIRED_PROPERTY",
        "message": f"A value for {name} must be provided",
        "context": {"propertyName": [name]},
    }


def _missing_because(name: str, trigger: str) -> dict[str, Any]:
    text = f"{name} is required because of a conditional property rule based on [{trigger}]"
    return {
        "code": "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
        "message": text,
        "context": {"propertyName": [name]},
    }
