"""How much of the account's allowances is used: pipelines, labels, properties, records."""

from simulator.api.call import Answer, Call
from simulator.api.properties import CUSTOM_PER_TYPE
from simulator.rules.refusals import Json, Refusal
from simulator.state.association_types import DEFINED
from simulator.state.object_types import ALL, TICKET, ObjectType, find

_OVERALL_PROPERTIES = 10_000
_RECORDS = 15_000_000


def pipelines(call: Call) -> Answer:
    """GET pipelines in use and allowed, by object type."""
    used = sum(p.archived_ms is None for p in call.portal.pipelines.values())
    row = _usage(TICKET, used, call.portal.settings.limits.ticket_pipelines)
    return Answer(200, {"hubspotDefinedObjectTypes": [row], "customObjectTypes": _no_custom()})


def labels(call: Call) -> Answer:
    """GET labels in use and allowed for each pair that has any, or for the pair asked for."""
    limit = call.portal.settings.limits.labels
    wanted = (call.one("fromObjectTypeId"), call.one("toObjectTypeId"))
    rows: list[Json] = []
    for pair in DEFINED:
        names = [kind.label for kind in call.portal.associations.labels(pair).values()]
        asked = all(part in (None, side) for part, side in zip(wanted, pair, strict=True))
        if not asked or (wanted == (None, None) and not names):
            continue
        rows.append(
            {
                "fromObjectType": _definition(pair[0]),
                "toObjectType": _definition(pair[1]),
                "allLabels": names,
                "usage": len(names),
                "limit": limit,
                "percentage": _share(len(names), limit),
            }
        )
    return Answer(200, {"results": rows})


def custom_properties(call: Call) -> Answer:
    """GET custom properties in use and allowed, overall and by object type."""
    counts = {kind: call.portal.schemas[kind.id].custom_count() for kind in ALL}
    total = sum(counts.values())
    return Answer(
        200,
        {
            "overallLimit": _OVERALL_PROPERTIES,
            "overallUsage": total,
            "overallPercentage": _share(total, _OVERALL_PROPERTIES),
            "byObjectType": [
                _usage(kind, count, CUSTOM_PER_TYPE) for kind, count in counts.items()
            ],
        },
    )


def records(call: Call) -> Answer:
    """GET records in use and allowed by object type."""
    rows = [_usage(kind, call.portal.table(kind).live, _RECORDS) for kind in ALL]
    return Answer(200, {"hubspotDefinedObjectTypes": rows, "customObjectTypes": _no_custom()})


def calculated_properties(_: Call) -> Answer:
    """GET calculated properties of the account's own: none here."""
    return Answer(
        200,
        {
            "overallLimit": 25,
            "overallUsage": 0,
            "overallPercentage": 0.0,
            "byObjectType": [_bare(kind) for kind in ALL],
        },
    )


def custom_object_types(_: Call) -> Answer:
    """GET custom object types in use and allowed: none below Enterprise."""
    return Answer(200, {"limit": 0, "usage": 0, "percentage": 0.0})


def associations_from(call: Call) -> Answer:
    """GET object types with records near the limit of links: none here."""
    if "from_object_type" in call.path:
        call.kind("from_object_type")
    return Answer(200, {"results": []})


def associations_between(call: Call) -> Answer:
    """GET how many links one record may have to another type, and who is near that."""
    call.kind("from_object_type")
    call.kind("to_object_type")
    return Answer(
        200,
        {
            "limit": 50_000,
            "totalRecordsAtLimit": 0,
            "totalRecordsNearLimit": 0,
            "atLimitFromRecordSamples": [],
            "nearLimitFromRecordSamples": [],
        },
    )


def _usage(kind: ObjectType, used: int, limit: int) -> Json:
    return {
        "objectTypeId": kind.id,
        "singularLabel": kind.singular.capitalize(),
        "pluralLabel": kind.plural_label,
        "usage": used,
        "limit": limit,
        "percentage": _share(used, limit),
    }


def _bare(kind: ObjectType) -> Json:
    shown = _usage(kind, 0, 0)
    return {name: shown[name] for name in shown if name not in ("limit", "percentage")}


def _definition(type_id: str) -> Json:
    kind = find(type_id)
    if kind is None:
        raise Refusal(400, f"Unable to infer object type from: {type_id}")
    return {
        "objectTypeId": kind.id,
        "singularLabel": kind.singular.capitalize(),
        "pluralLabel": kind.plural_label,
    }


def _no_custom() -> Json:
    return {"overallLimit": 0, "overallUsage": 0, "overallPercentage": 0.0, "byObjectType": []}


def _share(used: int, limit: int) -> float:
    return round(100 * used / limit, 2) if limit else 0.0
