"""Who becomes the owner of a ticket that came to a queue and has none (pure; docs/owners.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from worker.hubspot.models import HistoryEntry, Owner, Record, moment
from worker.routing.escalation_rules import Absence, Assign, QueueOwners

OWNER = "hubspot_owner_id"


@dataclass(frozen=True, slots=True)
class Choice:
    """The owner chosen (an owner id, not a user id), or None and why nobody was."""

    owner_id: str | None
    why: str


def choose(
    rules: QueueOwners,
    owners: Sequence[Owner],
    absences: Sequence[Absence],
    load: Mapping[str, int],
    last: str,
    today: date,
) -> Choice:
    """The next owner in a queue.

    `owners` are those of the portal, `load` open tickets by owner id, `last` the owner id chosen
    last in this queue (empty: none), `today` the date where the people work.
    """
    if rules.assign is Assign.NONE:
        return Choice(None, "the policy assigns nobody here")
    listed = [_found(person, owners) for person in rules.owners]
    there, reasons = [], []
    for person, owner in zip(rules.owners, listed, strict=True):
        if owner is None or not owner.active:
            reasons.append(f"{person} is no active owner in HubSpot")
        elif _absent(owner, absences, today):
            reasons.append(f"{person} is away")
        else:
            there.append(owner.id)
    if not there:
        return Choice(None, "nobody is eligible: " + "; ".join(reasons))
    if rules.assign is Assign.FIXED:
        return Choice(there[0], "the first who is there")
    if rules.assign is Assign.LEAST_OPEN:
        least = min(there, key=lambda id_: load.get(id_, 0))
        return Choice(least, f"the fewest open tickets ({load.get(least, 0)})")
    ids = [owner.id if owner else "" for owner in listed]
    turn = ids.index(last) + 1 if last and last in ids else 0
    order = ids[turn:] + ids[:turn]
    return Choice(next(id_ for id_ in order if id_ in there), "next in turn")


def may_assign(ticket: Record) -> bool:
    """Whether a ticket, read with the history of its owner, may be given one: it has none, and
    no person took the last one away.
    """
    if ticket.get(OWNER):
        return False
    newest = next(iter(ticket.history.get(OWNER, ())), None)
    return not (newest and newest.person)


def trampled_owner(seen: str, after: Record, given: str) -> str:
    """The owner whom somebody set between our read and our write of `given`; empty: nobody.

    `seen` is the last-modified time of the state that we read, `after` the ticket with the history
    of its owner after our write.
    """
    entries: Sequence[HistoryEntry] = after.history.get(OWNER, ())
    if not seen or len(entries) < 2 or after.get(OWNER) != given or entries[0].value != given:
        return ""
    before_ours, read_at = entries[1], moment(seen)
    return before_ours.value if before_ours.at > read_at else ""


def _found(person: str, owners: Sequence[Owner]) -> Owner | None:
    wanted = person.strip().casefold()
    return next((o for o in owners if wanted in (o.id, o.email.casefold())), None)


def _absent(owner: Owner, absences: Sequence[Absence], today: date) -> bool:
    return any(
        absence.from_ <= today <= absence.until and _found(absence.owner, [owner])
        for absence in absences
    )
