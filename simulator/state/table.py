"""All records of one type, found by id, by a merged id, or by a value that is looked up often."""

from bisect import bisect_left, bisect_right

from simulator.state.object_types import COMPANY, CONTACT, ObjectType
from simulator.state.records import Record

_LOOKED_UP = {CONTACT.id: ("email",), COMPANY.id: ("domain",)}


class Table:
    """Records in the order of their ids, which is the order of their creation."""

    def __init__(self, kind: ObjectType) -> None:
        self.kind = kind
        self.records: dict[int, Record] = {}
        self.ids: list[int] = []
        self.merged_into: dict[int, int] = {}
        self.version = 0
        self.live = 0
        self._next_id = kind.first_id
        self._by_value: dict[str, dict[str, list[int]]] = {
            name: {} for name in _LOOKED_UP.get(kind.id, ())
        }

    def new_id(self) -> int:
        taken = self._next_id
        self._next_id += 1
        return taken

    def add(self, record: Record) -> None:
        self.records[record.id] = record
        self.ids.append(record.id)
        self.live += 1
        self.version += 1
        for name, index in self._by_value.items():
            value = record.values.get(name)
            if value:
                index.setdefault(value.lower(), []).append(record.id)

    def indexed(self, name: str) -> bool:
        return name in self._by_value

    def index_values(self, name: str) -> None:
        """Starts an index on a property, for unique ones."""
        index: dict[str, list[int]] = {}
        for record in self.records.values():
            value = record.values.get(name)
            if value:
                index.setdefault(value.lower(), []).append(record.id)
        self._by_value[name] = index

    def reindex(self, record: Record, name: str, old: str | None, new: str | None) -> None:
        """Tells the index of a changed value; harmless for properties without an index."""
        index = self._by_value.get(name)
        if index is None:
            return
        if old and record.id in index.get(old.lower(), ()):
            index[old.lower()].remove(record.id)
        if new:
            index.setdefault(new.lower(), []).append(record.id)

    def with_value(self, name: str, value: str) -> list[int]:
        """Ids of records whose indexed property has the value, in any case."""
        return self._by_value[name].get(value.lower(), [])

    def resolve(self, record_id: int, follow_merges: bool = True) -> Record | None:
        """The record of an id, or the one it was merged into; archived ones too."""
        if follow_merges:
            while record_id in self.merged_into:
                record_id = self.merged_into[record_id]
        elif record_id in self.merged_into:
            return None
        return self.records.get(record_id)

    def forget(self, record: Record) -> None:
        """Removes a record for good, as a privacy deletion does."""
        del self.records[record.id]
        position = bisect_left(self.ids, record.id)
        del self.ids[position]
        if record.archived_ms is None:
            self.live -= 1
        self.version += 1
        for name in self._by_value:
            self.reindex(record, name, record.values.get(name), None)

    def ids_between(self, low: int | None, high: int | None) -> list[int]:
        """Ids from `low` to `high`, both included; None leaves that side open."""
        start = 0 if low is None else bisect_left(self.ids, low)
        end = len(self.ids) if high is None else bisect_right(self.ids, high)
        return self.ids[start:end]
