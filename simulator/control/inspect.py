"""The whole truth about records and pipelines, without limits and without being counted."""

from typing import Any

from simulator.api.rendering import entry_json
from simulator.state.clock import iso
from simulator.state.object_types import find
from simulator.state.portal import Portal
from simulator.state.records import Record


def objects(
    portal: Portal, type_name: str, ids: list[str] | None, names: list[str] | None
) -> dict[str, Any]:
    """Records with history and links; merged ids show the record they lead to."""
    kind = find(type_name)
    if kind is None:
        raise ValueError(f"there is no object type {type_name!r}")
    table = portal.table(kind)
    wanted = table.ids if ids is None else [int(text) for text in ids]
    rows = []
    for record_id in wanted:
        record = table.resolve(record_id)
        if record is not None:
            rows.append(_full(portal, record, names))
    return {"results": rows, "total": table.live}


def _full(portal: Portal, record: Record, names: list[str] | None) -> dict[str, Any]:
    shown = names or sorted({*record.values, *record.kind.always})
    links: dict[str, list[dict[str, Any]]] = {}
    for other_type, other_id, types in portal.associations.any_of(record.kind.id, record.id):
        other = find(other_type)
        if other is None:
            continue
        known = portal.associations.types((record.kind.id, other_type))
        links.setdefault(other.name, []).append(
            {
                "id": str(other_id),
                "type_ids": list(types),
                "labels": [known[t].label for t in types if known[t].label],
            }
        )
    return {
        "id": str(record.id),
        "properties": {name: record.value(name) for name in shown},
        "history": {name: [entry_json(entry) for entry in record.versions(name)] for name in shown},
        "associations": links,
        "created_at": iso(record.created_ms),
        "updated_at": iso(record.updated_ms),
        "archived": record.archived_ms is not None,
        "merged_ids": [str(i) for i in record.merged_ids],
    }


def pipelines(portal: Portal) -> dict[str, Any]:
    """All ticket pipelines with all stages, archived ones too."""
    rows = []
    for pipeline in portal.pipelines.values():
        shown = pipeline.as_json()
        shown["stages"] = [stage.as_json() for stage in pipeline.stages.values()]
        rows.append(shown)
    return {"results": rows}
