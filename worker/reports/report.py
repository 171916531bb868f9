"""A report's content (pure): the figures put into the order and the words that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.clients.burden import Burdens
from worker.clients.rules import ClientRecordRules
from worker.reports.figures import NOBODY, OTHERS, Figures, ToMend
from worker.reports.history import Day
from worker.reports.own_night import OwnNight

MOST_OWNERS_SHOWN = 50
UNNAMED = "(no name)"


@dataclass(frozen=True, slots=True)
class Account:
    """The HubSpot account: for links to records, and the time zone people live in."""

    portal_id: str
    ui_domain: str
    time_zone: str

    def company_url(self, company_id: str) -> str:
        return f"https://{self.ui_domain}/contacts/{self.portal_id}/record/0-2/{company_id}"

    def ticket_url(self, ticket_id: str) -> str:
        return f"https://{self.ui_domain}/contacts/{self.portal_id}/record/0-5/{ticket_id}"


@dataclass(frozen=True, slots=True)
class Lack:
    """A field: how many clients lack it, why, and how many tickets of 30 days were decided
    without it."""

    field: str
    words: str
    clients: int
    share: float
    whys: tuple[tuple[str, int], ...]
    tickets: int


@dataclass(frozen=True, slots=True)
class Owner:
    """Clients of one owner in HubSpot."""

    name: str
    clients: int
    complete: int
    open_tickets: int

    @property
    def incomplete(self) -> int:
        return self.clients - self.complete

    @property
    def share(self) -> float:
        return self.complete / self.clients if self.clients else 0.0


@dataclass(frozen=True, slots=True)
class Mend:
    """A client on the list, with the name to show and its owner's."""

    place: int
    entry: ToMend
    name: str
    owner: str
    url: str


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """A queue: tickets routed to it in 24 hours, and those that wait there too long now. None is
    not known."""

    label: str
    routed: int | None
    overdue: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page, in order. Shares are 0 to 1, times are aware, local."""

    date: str
    made_at: datetime
    account: Account
    sweep_began: datetime
    sweep_seconds: float
    share_done: float
    expected: int
    figures: Figures
    before: Day | None
    lacks: tuple[Lack, ...]
    mends: tuple[Mend, ...]
    owners: tuple[Owner, ...]
    more_owners: int
    night: OwnNight
    queues: tuple[QueueLoad, ...]
    trend: tuple[Day, ...]
    burdens_cut: bool
    waiting_days: int

    @property
    def share(self) -> float:
        return self.figures.complete / self.figures.clients if self.figures.clients else 0.0

    @property
    def partial(self) -> bool:
        return self.share_done < 1

    @property
    def change(self) -> float | None:
        """Change of the share since the last whole report before, in percentage points."""
        return None if self.before is None else 100 * (self.share - self.before.share)

    def local(self, moment: str) -> datetime:
        """An ISO moment by the clock of the customer."""
        return datetime.fromisoformat(moment).astimezone(self.made_at.tzinfo)

    @property
    def whole_days(self) -> tuple[Day, ...]:
        """Days of the trend on which every client was checked: a part says nothing of the rest."""
        return tuple(day for day in self.trend if not day.partial and day.clients)


def lacks_of(figures: Figures, burdens: Burdens, rules: ClientRecordRules) -> tuple[Lack, ...]:
    """What is missing, most missed first; every field that the policy can ask for."""
    asked = dict.fromkeys(
        [*rules.required, *(name for one in rules.conditions for name in one.required)]
    )
    found = [
        Lack(
            field,
            rules.words(field),
            figures.by_gap.get(field, 0),
            figures.by_gap.get(field, 0) / figures.clients if figures.clients else 0.0,
            tuple(sorted(figures.by_why.get(field, {}).items(), key=lambda one: (-one[1], one[0]))),
            burdens.by_gap.get(rules.words(field), 0),
        )
        for field in asked
    ]
    return tuple(sorted(found, key=lambda one: (-one.clients, one.words)))


def owners_of(figures: Figures, names: Mapping[str, str]) -> tuple[Owner, ...]:
    """Owners, the one with most to mend first."""
    found = [
        Owner(owner_name(id_, names), one.clients, one.complete, one.open_tickets)
        for id_, one in figures.owners.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.incomplete, one.name)))


def owner_name(owner_id: str, names: Mapping[str, str]) -> str:
    if owner_id == NOBODY:
        return "nobody"
    if owner_id == OTHERS:
        return "all others"
    return names.get(owner_id, f"owner {owner_id}")


def mends_of(figures: Figures, names: Mapping[str, str], account: Account) -> tuple[Mend, ...]:
    return tuple(
        Mend(
            place,
            entry,
            shown_name(entry.name),
            owner_name(entry.owner_id, names),
            account.company_url(entry.company_id),
        )
        for place, entry in enumerate(figures.first_to_mend(), 1)
    )


def shown_name(name: str) -> str:
    """A name that can be shown: without control characters, and never empty."""
    kept = "".join(" " if ch.isspace() else ch for ch in name if ch.isprintable() or ch.isspace())
    return " ".join(kept.split()) or UNNAMED


def queues_of(night: OwnNight, labels: Mapping[str, str]) -> tuple[QueueLoad, ...]:
    """Queues in the policy's order; those that it does not know are one more at the end."""
    routed = night.routed.by_queue if night.routed else None
    if routed is None and night.overdue is None:
        return ()
    known = [
        QueueLoad(label, _of(routed, [queue]), _of(night.overdue, [queue]))
        for queue, label in labels.items()
    ]
    strange = [queue for queue in routed or () if queue not in labels]
    return (*known, *([QueueLoad("other", _of(routed, strange), None)] if strange else []))


def _of(counts: Mapping[str, int] | None, queues: Sequence[str]) -> int | None:
    return None if counts is None else sum(counts.get(queue, 0) for queue in queues)
