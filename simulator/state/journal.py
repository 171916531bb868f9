"""Every write to any record, in order, for tests that ask what was done and by whom."""

from typing import Any

from simulator.state.changes import AssociationChange, Change
from simulator.state.clock import iso


class Journal:
    """Entries numbered from 1; it only grows until a reset."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []

    def note(self, change: Change) -> None:
        """Writes down a change."""
        changes: dict[str, list[str | None]]
        if isinstance(change, AssociationChange):
            action = "disassociate" if change.removed else "associate"
            target = f"{change.other.kind.name}/{change.other.id}"
            changes = {"to": [target, None] if change.removed else [None, target]}
            changes["type_id"] = [None, str(change.type_id)]
        else:
            action = change.action
            changes = {name: [old, new] for name, (old, new) in change.changes.items()}
            if change.merged_ids:
                changes["merged_ids"] = [None, ";".join(map(str, change.merged_ids))]
        self._entries.append(
            {
                "n": len(self._entries) + 1,
                "at": iso(change.at_ms),
                "actor": change.actor.as_json(),
                "action": action,
                "object_type": change.record.kind.name,
                "id": str(change.record.id),
                "changes": changes,
            }
        )

    def after(self, number: int) -> dict[str, Any]:
        """Entries with a number above `number`, and the number to ask with next."""
        entries = self._entries[max(0, number) :]
        return {"entries": entries, "next": len(self._entries)}
