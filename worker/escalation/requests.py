"""Hand-offs that agents ask for (`escalation_request`), by the policy's table (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.effects import move, stamp
from worker.hubspot.models import HistoryEntry, Record, moment
from worker.portal import Portal, StageKind
from worker.routing.policy import LEVEL_1, Policy
from worker.routing.policy_document import Readiness
from worker.ticket_state import REQUEST, STAGE

HANDLED_AT = "escalation_handled_at"
NOTICE = "escalation_notice"
DUE, SENT = "due", "sent"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as an agent made it: its name, when (HubSpot's clock) and by whom."""

    name: str
    at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class HandOff:
    """What becomes of a request: `to` is empty when it is refused."""

    asked: Asked
    owner: str
    to: str
    sentence: str
    missing: tuple[str, ...]
    announce: bool


def asked(ticket: Record) -> Asked | None:
    """The open request of a ticket read with the history of `escalation_request`."""
    name = ticket.get(REQUEST)
    if not name:
        return None
    entry = _newest_setting(ticket.history.get(REQUEST, ()), name)
    if entry is None:
        return Asked(name, moment(ticket.get("hs_lastmodifieddate") or 0), "")
    return Asked(name, entry.at, entry.person)


def owner_of(ticket: Record, portal: Portal) -> str:
    """The owning queue. What nobody has decided yet is with Level 1, who triages."""
    stage = ticket.get(STAGE)
    return ticket.get("routing_queue") or portal.queue_of.get(stage, "") or LEVEL_1


def hand_off(
    ticket: Record,
    request: Asked,
    owner: str,
    policy: Policy,
    portal: Portal,
    missing: Sequence[str],
) -> HandOff:
    """Carry the request out, or refuse it with a sentence. `owner` is the owning queue,
    `missing` what 5.7 wants on the ticket before Level 1 hands it on and is not there.
    """

    def refused(why: str) -> HandOff:
        return HandOff(request, owner, "", f"Refused: {why}", tuple(missing), False)

    rule = policy.requests.get(request.name)
    if rule is None:
        known = ", ".join(policy.requests)
        return refused(f"the request {request.name!r} is not known. Known are: {known}.")
    if portal.kind(ticket.get(STAGE)) is StageKind.CLOSED:
        return refused("the ticket is closed. Reopen it, then ask again.")
    here = policy.queues[owner].label if owner in policy.queues else owner
    if owner not in rule.from_:
        allowed = " or ".join(policy.queues[code].label for code in rule.from_)
        return refused(
            f"“{rule.label}” can be asked for by {allowed} (guidelines {rule.guideline}), and "
            f"the ticket is with {here}. It was left there."
        )
    if owner == rule.to:
        return refused(f"the ticket is with {here} already.")
    wanting = tuple(missing) if owner == LEVEL_1 else ()
    if wanting and rule.readiness is Readiness.BLOCK:
        return refused(
            f"before this hand-off the ticket needs: {', '.join(wanting)} (guidelines 5.7). Add "
            "them, then ask again."
        )
    who = f"user {request.person}" if request.person else "an agent"
    sentence = (
        f"{rule.label}: handed from {here} to {policy.queues[rule.to].label} (guidelines "
        f"{rule.guideline}), asked for by {who} at {request.at:%Y-%m-%d %H:%M} UTC."
    )
    if wanting:
        sentence += f" Still missing: {', '.join(wanting)} (guidelines 5.7)."
    return HandOff(request, owner, rule.to, sentence, wanting, rule.team_ticketing)


def properties(
    done: HandOff, portal: Portal, reachable: bool = True, reply: str = ""
) -> dict[str, str]:
    """The ticket's properties after a hand-off or its refusal. A hand-off is a person's wish, so
    the ticket is locked; the notice is due in the same write as the move, where its channel is
    `reachable` at all. `reply` is a draft for Level 1 to send.
    """
    row = {
        REQUEST: "",
        "routing_queue": done.owner,
        HANDLED_AT: stamp(done.asked.at),
        "escalation_note": done.sentence,
        "escalation_missing_info": ", ".join(done.missing),
    }
    if done.to:
        row |= move(portal, done.to) | {"routing_queue": done.to, "routing_status": "locked"}
        if reply:
            row["escalation_note"] = f"{done.sentence}\n\nDraft reply:\n{reply}"
        if done.announce and reachable:
            row[NOTICE] = f"{DUE} {done.asked.name} {stamp(done.asked.at)}"
    return row


def superseded(ticket: Record) -> dict[str, str]:
    """What is written of a request whose author, or a colleague, moved the ticket by hand after
    asking: the move is the newer wish."""
    request = asked(ticket)
    if request is None:
        return {}
    note = f"Not carried out: after “{request.name}” was asked for, a person moved the ticket."
    return {REQUEST: "", HANDLED_AT: stamp(request.at), "escalation_note": note}


def newer_request(after: Record) -> str:
    """A request made after the one handled, which our clearing went over; empty if none.

    `after` carries the history of `escalation_request` and `escalation_handled_at`.
    """
    entries = after.history.get(REQUEST, ())
    handled = after.get(HANDLED_AT)
    if not entries or not handled or after.get(REQUEST):
        return ""
    newest = next((entry for entry in entries if entry.value and entry.person), None)
    if newest is None or newest.at <= moment(handled):
        return ""
    # A person who cleared their own request again does not want it any more.
    cleared = [entry for entry in entries if not entry.value and entry.at > newest.at]
    return "" if any(entry.person for entry in cleared) else newest.value


def _newest_setting(entries: Sequence[HistoryEntry], name: str) -> HistoryEntry | None:
    return next((entry for entry in entries if entry.value == name), None)
