"""One record with its values, their history, and its life: created, changed, archived."""

from typing import NamedTuple

from simulator.state.actors import Actor
from simulator.state.clock import iso
from simulator.state.object_types import ObjectType


class Entry(NamedTuple):
    """One version of one property."""

    at_ms: int
    value: str
    actor: Actor


class Record:
    """A record of the portal.

    Values set at creation and never changed carry no history list: it is made when it is first
    needed, so that a portal of hundreds of thousands of records stays small.
    """

    __slots__ = (
        "archived_ms",
        "created_ms",
        "creator",
        "history",
        "id",
        "kind",
        "merged_ids",
        "silent",
        "updated_ms",
        "values",
    )

    def __init__(
        self, kind: ObjectType, record_id: int, values: dict[str, str], creator: Actor, at_ms: int
    ) -> None:
        self.kind = kind
        self.id = record_id
        self.values = values
        self.creator = creator
        self.created_ms = at_ms
        self.updated_ms = at_ms
        self.archived_ms: int | None = None
        self.history: dict[str, list[Entry]] | None = None
        self.merged_ids: tuple[int, ...] = ()
        self.silent = False

    def value(self, name: str) -> str | None:
        """The present value; None when unset. Created, modified and id are kept as numbers."""
        found = self.values.get(name)
        if found is not None:
            return found
        if name == "hs_object_id":
            return str(self.id)
        if name in ("createdate", "hs_createdate"):
            return iso(self.created_ms)
        if name == self.kind.modified:
            return iso(self.updated_ms)
        return None

    def set(self, name: str, value: str, actor: Actor, at_ms: int) -> None:
        """Writes a value and its history entry; an empty value clears."""
        if self.history is None:
            self.history = {}
        entries = self.history.get(name)
        if entries is None:
            entries = self.history[name] = []
            before = self.values.get(name)
            if before is not None:
                entries.append(Entry(self.created_ms, before, self.creator))
        entries.append(Entry(at_ms, value, actor))
        if value:
            self.values[name] = value
        else:
            self.values.pop(name, None)

    def versions(self, name: str) -> list[Entry]:
        """All versions of a property, newest first; empty when it was never set."""
        if self.history is not None and name in self.history:
            return self.history[name][::-1]
        present = self.value(name)
        if present is None:
            return []
        at_ms = self.updated_ms if name == self.kind.modified else self.created_ms
        return [Entry(at_ms, present, self.creator)]
