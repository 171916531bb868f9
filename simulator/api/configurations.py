"""How many links of a type a record may have, as an administrator or an app sets it."""

from simulator.api.call import Answer, Call, batch_answer
from simulator.api.shapes import as_int
from simulator.rules.refusals import Json, Refusal
from simulator.state.association_types import DEFINED, AssociationType, Pair
from simulator.state.portal import Portal
from simulator.state.records import Record

_BATCH = 100


def list_all(call: Call) -> Answer:
    """GET the limits in force, of all pairs or of the pair in the path."""
    wanted = _pair(call) if "from_object_type" in call.path else None
    rows: list[Json] = []
    for (pair, type_id), limit in call.portal.link_limits.items():
        kind = call.portal.associations.types(pair).get(type_id)
        if kind is not None and wanted in (None, pair):
            rows.append(_row(kind, limit, labelled=True))
    return Answer(200, {"results": rows})


def put_batch(call: Call) -> Answer:
    """POST limits, new or changed: 201 for new ones in 2026-03, 200 otherwise."""
    pair = _pair(call)
    creating = call.template.endswith("/create")
    results: list[Json] = []
    failures: list[Json] = []
    for row in call.inputs(_BATCH):
        type_id = as_int(row.get("typeId"), "typeId")
        limit = as_int(row.get("maxToObjectIds"), "maxToObjectIds")
        kind = call.portal.associations.types(pair).get(type_id)
        if kind is None or kind.category != row.get("category") or limit < 1:
            failures.append(Refusal(400, f"invalid limit {limit} for type {type_id}").row())
            continue
        call.portal.link_limits[(pair, type_id)] = limit
        results.append(_row(kind, limit, labelled=creating))
    return batch_answer(call, results, failures, 201 if creating and not call.new else 200)


def purge_batch(call: Call) -> Answer:
    """POST types whose limits are to go."""
    pair = _pair(call)
    for row in call.inputs(_BATCH):
        call.portal.link_limits.pop((pair, as_int(row.get("typeId"), "typeId")), None)
    return batch_answer(call, [], [], 200)


def limit_reached(
    portal: Portal, here: Record, there: Record, specs: list[AssociationType]
) -> Refusal | None:
    """The refusal of a link above an administrator's limit for its type; None when it may be."""
    pair = (here.kind.id, there.kind.id)
    linked = portal.associations.of(pair, here.id)
    for spec in specs:
        limit = portal.link_limits.get((pair, spec.id))
        held = sum(spec.id in types for other, types in linked.items() if other != there.id)
        if limit is not None and held >= limit:
            return Refusal(
                400,
                f"{here.kind.singular} {here.id} may have at most {limit} links of type {spec.id}",
                sub_category="crm.associations.ASSOCIATION_LIMIT_EXCEEDED",
                context={"fromObjectId": [str(here.id)], "toObjectId": [str(there.id)]},
            )
    return None


def _row(kind: AssociationType, limit: int, labelled: bool) -> Json:
    shown: Json = {"category": kind.category, "typeId": kind.id}
    if labelled:
        shown["label"] = kind.label
    return {**shown, "userEnforcedMaxToObjectIds": limit}


def _pair(call: Call) -> Pair:
    pair = (call.kind("from_object_type").id, call.kind("to_object_type").id)
    if pair not in DEFINED:
        raise Refusal(400, f"{pair[0]} and {pair[1]} can't be associated")
    return pair
