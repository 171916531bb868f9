"""A person's move that our write went over (pure): HubSpot has no compare-and-set."""

from __future__ import annotations

from dataclasses import dataclass

from worker.hubspot.models import Record, moment
from worker.tickets.state import STAGE


@dataclass(frozen=True, slots=True)
class Trampled:
    """A person's move that our write went over: the stage they had chosen."""

    stage_id: str
    person: str


def trampled_move(seen: str, after: Record, own_source_id: str) -> Trampled | None:
    """The person's move between our read and our write, if any.

    `seen` is the last-modified time of the state that we read, `after` the ticket with its
    history after our write, `own_source_id` who we are in it. Times are HubSpot's own: whatever a
    person set after `seen` and before our entry, we have not seen and have overwritten. What a
    person, or another machine after a person, did later than our entry stands.
    """
    if not seen or not own_source_id:
        return None
    read_at = moment(seen)
    # The oldest entry is the ticket's creation, which cannot have come after our read of it,
    # whatever HubSpot's clocks say.
    fresh = [entry for entry in after.history.get(STAGE, ())[:-1] if entry.at > read_at]
    ours = next((i for i, entry in enumerate(fresh) if entry.source_id == own_source_id), None)
    if ours is None or any(entry.person for entry in fresh[:ours]):
        return None
    lost = next((entry for entry in fresh[ours + 1 :] if entry.person), None)
    return Trampled(lost.value, lost.person) if lost else None
