"""How many links of a type a record may have, as an administrator may set it."""

from typing import Any

from simulator.state.object_types import find
from simulator.state.portal import Portal


def put(portal: Portal, given: dict[str, Any]) -> dict[str, Any]:
    """Sets all limits anew: rows of from_type, to_type, type_id, max. Raises ValueError."""
    limits = {}
    for row in given.get("limits", []):
        one, other = find(str(row["from_type"])), find(str(row["to_type"]))
        if one is None or other is None:
            raise ValueError(f"no such object types: {row}")
        pair = (one.id, other.id)
        if int(row["type_id"]) not in portal.associations.types(pair):
            raise ValueError(f"there is no association type {row['type_id']} for {pair}")
        limits[(pair, int(row["type_id"]))] = int(row["max"])
    portal.link_limits = limits
    return {"limits": len(limits)}
