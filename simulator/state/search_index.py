"""What search can see: the portal as it was a little while ago.

HubSpot says that new and changed records "may take a few moments" to appear in search. The index
remembers how a record looked before each recent write, and only for as long as the delay lasts.
"""

from simulator.state.records import Record


class SearchIndex:
    """Earlier looks of records, by type and id; None where the record was not there yet."""

    def __init__(self) -> None:
        self._stale: dict[str, dict[int, list[tuple[int, Record | None]]]] = {}

    def remember(self, record: Record, now_ms: int, existed: bool = True) -> None:
        """To be called before a write, or with `existed=False` when the record is new."""
        looks = self._stale.setdefault(record.kind.id, {}).setdefault(record.id, [])
        looks.append((now_ms, shadow(record) if existed else None))

    def overlay(self, type_id: str, seen_ms: int) -> dict[int, Record | None]:
        """Records that search sees otherwise than they are, as they were at `seen_ms`."""
        stale = self._stale.get(type_id)
        if not stale:
            return {}
        seen: dict[int, Record | None] = {}
        for record_id, looks in list(stale.items()):
            kept = [look for look in looks if look[0] > seen_ms]
            if kept:
                stale[record_id] = kept
                seen[record_id] = kept[0][1]
            else:
                del stale[record_id]
        return seen


def shadow(record: Record) -> Record:
    """A copy of how the record looks now, without its history."""
    copy = Record(record.kind, record.id, dict(record.values), record.creator, record.created_ms)
    copy.updated_ms = record.updated_ms
    copy.archived_ms = record.archived_ms
    return copy
