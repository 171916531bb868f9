"""Hand-offs that agents ask for (`escalation_request`), by the policy's table (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.escalation.ledger import NOTICE, Entry, with_due
from worker.hubspot.models import Record, moment
from worker.portal import Portal, StageKind
from worker.routing.policy import LEVEL_1, Policy
from worker.routing.policy_document import Readiness
from worker.tickets.effects import lock, move, stamp
from worker.tickets.state import HANDLED_AT, REQUEST, STAGE, request_entry, unseen_move

NOTE = "escalation_note"
MISSING = "escalation_missing_info"
REPLY = "Draft reply:\n"
_MACHINES = {
    "AUTOMATION_PLATFORM": "a workflow",
    "WORKFLOWS": "a workflow",
    "INTEGRATION": "another app",
    "API": "another app",
    "IMPORT": "an import",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was made: its name, when (HubSpot's clock), the user who did (empty: no
    person, or unknown), and HubSpot's word for the way it came.
    """

    name: str
    at: datetime
    person: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class HandOff:
    """What becomes of a request. `owner` is the owning queue, `to` empty when it is refused;
    `moved` says that a person has just chosen the owner by moving the ticket.
    """

    asked: Asked
    owner: str
    to: str
    sentence: str
    missing: tuple[str, ...]
    announce: bool
    moved: bool = False


def asked(ticket: Record) -> Asked | None:
    """The open request of a ticket read with the history of `escalation_request`."""
    name = ticket.get(REQUEST)
    if not name:
        return None
    entry = request_entry(ticket)
    if entry is None:
        return Asked(name, moment(ticket.get("hs_lastmodifieddate") or 0), "")
    return Asked(name, entry.at, entry.person, entry.source_type)


def owner_of(ticket: Record, portal: Portal) -> str:
    """The owning queue. What nobody has decided yet is with Level 1, who triages."""
    stage = ticket.get(STAGE)
    return ticket.get("routing_queue") or portal.queue_of.get(stage, "") or LEVEL_1


def cited(guideline: str) -> str:
    """A section as it is named to people; the table on the last page has no number."""
    return "guidelines, coverage table" if guideline == "coverage" else f"guidelines {guideline}"


def hand_off(
    ticket: Record,
    request: Asked,
    owner: str,
    policy: Policy,
    portal: Portal,
    missing: Sequence[str],
    *,
    moved: bool = False,
    names: Mapping[str, str] | None = None,
) -> HandOff:
    """Carry the request out, or refuse it with a sentence. `owner` is the owning queue, `moved`
    whether a person has just chosen it, `missing` what 5.7 wants on the ticket before Level 1
    hands it on and is not there, `names` people by user id.
    """

    def refused(why: str) -> HandOff:
        return HandOff(request, owner, "", f"Refused: {why}", tuple(missing), False, moved)

    here = policy.queues[owner].label if owner in policy.queues else owner
    rule = policy.requests.get(request.name)
    if rule is None:
        return refused(
            f"the policy knows no request {request.name!r}. The ticket was left where it is, with "
            f"{here}. {_possible(owner, here, policy)}"
        )
    if portal.kind(ticket.get(STAGE)) is StageKind.CLOSED:
        return refused(
            f"the ticket is closed, so “{rule.label}” was not carried out. Reopen it, then ask "
            "again."
        )
    if owner == rule.to:
        return refused(f"“{rule.label}” leads to {here}, and the ticket is there already.")
    if owner not in rule.from_:
        allowed = " or ".join(policy.queues[code].label for code in rule.from_)
        return refused(
            f"“{rule.label}” can be asked for by {allowed} ({cited(rule.guideline)}), and the "
            f"ticket is with {here}. It was left there. {_possible(owner, here, policy)}"
        )
    wanting = tuple(missing) if owner == LEVEL_1 else ()
    if wanting and rule.readiness is Readiness.BLOCK:
        return refused(
            f"before “{rule.label}” the ticket needs: {', '.join(wanting)} (guidelines 5.7). It "
            f"was left with {here}. Add what is missing, then ask again."
        )
    sentence = (
        f"{rule.label}: handed from {here} to {policy.queues[rule.to].label} "
        f"({cited(rule.guideline)}), asked for by {_who(request, names or {})} at "
        f"{request.at:%Y-%m-%d %H:%M} UTC."
    )
    if wanting:
        sentence += f" Still missing: {', '.join(wanting)} (guidelines 5.7)."
    return HandOff(request, owner, rule.to, sentence, wanting, rule.team_ticketing, moved)


def properties(
    done: HandOff, ticket: Record, portal: Portal, reachable: bool = True, reply: str = ""
) -> dict[str, str]:
    """The ticket's properties after a hand-off or its refusal. A hand-off is a person's wish, so
    the ticket is locked; the notice is due in the same write as the move, where its channel is
    `reachable` at all. `reply` is a draft for Level 1 to send.
    """
    row = _answered(done, done.sentence)
    if done.to:
        row |= move(portal, done.to) | lock(done.to)
        if reply:
            row[NOTE] = f"{done.sentence}\n\n{REPLY}{reply}"
        if done.announce and reachable:
            entry = Entry(done.asked.name, done.asked.at, done.owner)
            row[NOTICE] = with_due(ticket.get(NOTICE), entry)
    return row


def suggestion(done: HandOff) -> dict[str, str]:
    """The ticket's properties where the worker is trusted to suggest and not to move."""
    if not done.to:
        return _answered(done, done.sentence)
    return _answered(
        done,
        f"Suggested, not carried out: {done.sentence} The worker only suggests here and left the "
        "ticket where it is; move it by hand.",
    )


def not_moved(row: Mapping[str, str], ticket: Record, portal: Portal, why: str) -> dict[str, str]:
    """What is written in place of a hand-off whose move HubSpot refused. `ticket` as it was read:
    a person who had moved it before asking still has."""
    note = (
        f"Not carried out: HubSpot refused to move this ticket: {why} It was left in its stage. "
        "Fill what is missing or change the rule, then ask again."
    )
    kept = {name: row[name] for name in (REQUEST, HANDLED_AT, MISSING) if name in row}
    wish = unseen_move(ticket, portal)
    return kept | {NOTE: note} | (lock(wish.queue) if wish else {})


def superseded(ticket: Record, policy: Policy) -> dict[str, str]:
    """What is written of a request whose author, or a colleague, moved the ticket by hand after
    asking: the move is the newer wish."""
    request = asked(ticket)
    if request is None:
        return {}
    rule = policy.requests.get(request.name)
    label = rule.label if rule else request.name
    note = f"Not carried out: after “{label}” was asked for, a person moved the ticket."
    return {REQUEST: "", HANDLED_AT: stamp(request.at), NOTE: note}


def newer_request(after: Record, own_source_id: str) -> str:
    """A request made after the one handled, which our clearing went over; empty if none.

    `after` carries the history of `escalation_request` and `escalation_handled_at`;
    `own_source_id` is who we are in it (empty while unknown: then people alone are told from us).
    A request that somebody took back again is not wanted any more.
    """
    handled = after.get(HANDLED_AT)
    if not handled or after.get(REQUEST):
        return ""
    newest = next(
        (
            entry
            for entry in after.history.get(REQUEST, ())
            if entry.person or (own_source_id and entry.source_id != own_source_id)
        ),
        None,
    )
    return newest.value if newest and newest.at > moment(handled) else ""


def _answered(done: HandOff, sentence: str) -> dict[str, str]:
    row = {
        REQUEST: "",
        HANDLED_AT: stamp(done.asked.at),
        NOTE: sentence,
        MISSING: ", ".join(done.missing),
    }
    return row | lock(done.owner) if done.moved else row


def _possible(owner: str, here: str, policy: Policy) -> str:
    """What can be asked for from a queue, so that a refusal says what to do instead."""
    labels = [
        f"“{rule.label}”"
        for rule in policy.requests.values()
        if owner in rule.from_ and rule.to != owner
    ]
    return f"{here} can ask for: {', '.join(labels)}." if labels else f"{here} can ask for nothing."


def _who(request: Asked, names: Mapping[str, str]) -> str:
    if request.person:
        return names.get(request.person, "") or f"user {request.person}"
    return _MACHINES.get(request.source, "an agent")
