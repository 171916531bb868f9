"""The ledger of notices on a ticket (`escalation_notice`), as text that people can read too (pure).

`due REQUEST TIME from=QUEUE told=VARIABLE,…` for each hand-off that somebody has still to be told
of, joined by `; `; `sent REQUEST TIME` once everybody knows of the last one. TIME is when the agent
asked, in milliseconds: HubSpot's clock, so that a request is known by it wherever it is read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from worker.hubspot.models import moment

NOTICE = "escalation_notice"
DUE, SENT = "due", "sent"
MOST_DUE = 20
"""Hand-offs of one ticket that wait to be told of; of more, the oldest are let go."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A hand-off to tell of: the request, when it was asked for, the queue that the ticket came
    from (empty: not noted), and the variables of the receivers that know by now.
    """

    request: str
    asked_at: datetime
    from_queue: str = ""
    told: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the hand-off is known by."""
        return f"{self.request} {(self.asked_at - _EPOCH) // timedelta(milliseconds=1)}"

    def __str__(self) -> str:
        origin = f" from={self.from_queue}" if self.from_queue else ""
        told = f" told={','.join(self.told)}" if self.told else ""
        return f"{DUE} {self.key}{origin}{told}"


def entries_due(value: str) -> list[Entry]:
    """What is still to be told, oldest first; what can't be read is left out."""
    return [entry for part in value.split(";") if (entry := _entry(part))]


def with_due(value: str, entry: Entry) -> str:
    """The ledger with one more hand-off to tell of."""
    others = [one for one in entries_due(value) if one.key != entry.key]
    return "; ".join(str(one) for one in [*others, entry][-MOST_DUE:])


def with_told(value: str, told: Mapping[str, tuple[Sequence[str], bool]]) -> str:
    """The ledger after some were told: key → the receivers that know now, and whether these are
    all. When nothing is left to tell, the last hand-off stands there as sent.
    """
    left, last = [], ""
    for entry in entries_due(value):
        known, everybody = told.get(entry.key, (entry.told, False))
        last = entry.key
        if not everybody:
            left.append(str(replace(entry, told=tuple(known))))
    return "; ".join(left) if left or not last else f"{SENT} {last}"


def _entry(text: str) -> Entry | None:
    word, request, at, *more = [*text.split(), "", "", ""]
    if word != DUE or not request or not at.isdigit():
        return None
    noted = dict(part.split("=", 1) for part in more if "=" in part)
    told = tuple(one for one in noted.get("told", "").split(",") if one)
    return Entry(request, moment(at), noted.get("from", ""), told)
