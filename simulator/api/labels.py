"""Association labels: the portal's own names for a link.

HubSpot's associations guide: a name has no hyphen and no leading digit, a label pair gets two type
ids, reads show label and id but not the name. Labels need Professional.
"""

import re

from simulator.api.call import Answer, Call
from simulator.api.shapes import as_int
from simulator.rules.refusals import Json, Refusal
from simulator.state.association_types import DEFINED, Pair

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def list_all(call: Call) -> Answer:
    """GET the types between two object types, in this direction."""
    kinds = call.portal.associations.types(_pair(call)).values()
    rows = [
        {"category": kind.category, "typeId": kind.id, "label": kind.label}
        for kind in sorted(kinds, key=lambda kind: (kind.category, kind.id))
    ]
    return Answer(200, {"results": rows})


def create(call: Call) -> Answer:
    """POST a label: 200 with both type ids."""
    pair = _pair(call)
    body = call.json_object("label", "name")
    name, label = str(body["name"]), str(body["label"])
    inverse = str(body["inverseLabel"]) if body.get("inverseLabel") else None
    if not _NAME.fullmatch(name):
        raise Refusal(400, f"{name!r} is no label name: no hyphens, no leading digit")
    known = call.portal.associations.labels(pair).values()
    limit = call.portal.settings.limits.labels
    if limit == 0:
        text = "Association labels are not available to this account's subscription"
        raise Refusal(403, text, "BANNED")
    if len(known) >= limit:
        raise Refusal(400, f"at most {limit} labels are allowed between two object types")
    if any(kind.name == name or kind.label == label for kind in known):
        raise Refusal(409, f"A label named '{name}' or '{label}' already exists", "CONFLICT")
    there, back = call.portal.associations.add_label(pair, label, inverse, name)
    rows = [_row(pair, there, label)]
    if back != there:
        rows.append(_row((pair[1], pair[0]), back, inverse or label))
    return Answer(200, {"results": rows})


def change(call: Call) -> Answer:
    """PUT what a label is called; its name and ids stay."""
    body = call.json_object("associationTypeId", "label")
    inverse = str(body["inverseLabel"]) if body.get("inverseLabel") else None
    renamed = call.portal.associations.rename_label(
        _pair(call),
        as_int(body["associationTypeId"], "associationTypeId"),
        str(body["label"]),
        inverse,
    )
    if not renamed:
        raise Refusal(404, "resource not found", "OBJECT_NOT_FOUND")
    return Answer(204)


def archive(call: Call) -> Answer:
    """DELETE a label and its use."""
    text = call.path["association_type_id"]
    if not text.isdigit() or not call.portal.associations.drop_label(_pair(call), int(text)):
        raise Refusal(404, "resource not found", "OBJECT_NOT_FOUND")
    return Answer(204)


def _row(pair: Pair, type_id: int, label: str) -> Json:
    return {
        "category": "USER_DEFINED",
        "typeId": type_id,
        "label": label,
        "fromObjectTypeId": pair[0],
        "toObjectTypeId": pair[1],
    }


def _pair(call: Call) -> Pair:
    pair = (call.kind("from_object_type").id, call.kind("to_object_type").id)
    if pair not in DEFINED:
        raise Refusal(400, f"{pair[0]} and {pair[1]} can't be associated")
    return pair
