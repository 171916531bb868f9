"""What a ticket's state in HubSpot asks for (pure).

A person is final: only a person's move from one queue to another overrides, only a person's
drag to intake asks for a new decision. Who moved it is told by the property's history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from worker.clients.completeness import CLIENT_UNKNOWN
from worker.hubspot.models import HistoryEntry, Record, moment
from worker.portal import Portal, StageKind

STAGE = "hs_pipeline_stage"
DECIDED_AT = "routing_decided_at"
HANDLED_AT = "escalation_handled_at"
OURS = (DECIDED_AT, HANDLED_AT)  # written by nobody else, so their writer is who we are
MOST_RETURNS = 5  # a ticket that something keeps sending back to intake is left there after these
REQUEST = "escalation_request"
OWNER = "routing_queue"
HISTORY = (STAGE, REQUEST, OWNER)  # what is read to tell who wished what
SECOND_LOOK_FOR = timedelta(days=1)
TICKET_PROPERTIES = (
    "subject",
    "content",
    "hs_file_upload",
    "hs_pipeline",
    STAGE,
    "createdate",
    "hs_lastmodifieddate",
    "source_type",
    "hs_object_source",
    "hs_created_by_user_id",
    "hubspot_owner_id",
    "routing_queue",
    "routing_ticket_type",
    "routing_status",
    DECIDED_AT,
    "client_record_missing",
    REQUEST,
    HANDLED_AT,
    "escalation_notice",
    "escalation_note",
    "escalation_missing_info",
)


class Work(StrEnum):
    NOTHING = "nothing"
    DECIDE = "decide"
    LOOK_AGAIN = "look again"  # decided without a client; perhaps it is known by now
    RETURN = "return"  # something that is no person put it back to intake
    HAND_OFF = "hand off"  # an agent asks for it
    LOCK = "lock"  # a person moved it: their queue is the owning one
    ASK_HISTORY = "ask history"  # who moved it decides


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with a ticket and why, in words for logs."""

    work: Work
    why: str
    queue: str = ""  # for LOCK and RETURN; for HAND_OFF the owner that a person has just chosen


def next_step(ticket: Record, portal: Portal, now: datetime) -> Step:
    """What the ticket asks for. `ASK_HISTORY` until its history has been read too."""
    if ticket.get("hs_pipeline") != portal.pipeline_id:
        return Step(Work.NOTHING, "it is in another pipeline")
    kind = portal.kind(ticket.get(STAGE))
    request = ticket.get(REQUEST)
    status = ticket.get("routing_status")
    if status in {"", "failed"} and not request:
        return _undecided(ticket, portal, kind)
    if not request and kind is StageKind.CLOSED:
        return Step(Work.NOTHING, "it is closed")
    if not request and _is_in_place(ticket, portal, kind):
        return _second_look(ticket, now)
    if STAGE not in ticket.history:
        return Step(Work.ASK_HISTORY, "who moved it, or asks for what, decides")
    wish = unseen_move(ticket, portal)
    if request and (wish is None or wish.at <= asked_at(ticket)):
        return Step(Work.HAND_OFF, f"an agent asks for {request}", wish.queue if wish else "")
    if wish and (request or not _is_known(wish, ticket)):
        return Step(Work.LOCK, f"user {wish.person} moved it", wish.queue)
    if kind is StageKind.INTAKE:
        return _back_in_intake(ticket, portal)
    return Step(Work.NOTHING, "no person moved it")


def _is_known(wish: Move, ticket: Record) -> bool:
    """Whether the ticket says so already. HubSpot notes no value that stays as it was, so a move
    back into the owning queue never gets older than the history of `routing_queue`."""
    return ticket.get("routing_status") == "locked" and ticket.get(OWNER) == wish.queue


def _is_in_place(ticket: Record, portal: Portal, kind: StageKind) -> bool:
    """Whether a decided ticket stands where its decision left it."""
    if kind is StageKind.INTAKE:
        return ticket.get("routing_status") == "suggested"
    return portal.queue_of.get(ticket.get(STAGE)) == ticket.get("routing_queue")


@dataclass(frozen=True, slots=True)
class Move:
    """A person's move into a queue."""

    queue: str
    person: str
    at: datetime


def unseen_move(ticket: Record, portal: Portal) -> Move | None:
    """The last move of a person into a queue that `routing_queue` does not know of yet; moves by
    machines and to waiting or closed stages that came after it do not undo it. Times are
    HubSpot's own.

    A request that was handled knew of every move before it. The history of `routing_queue` need
    not show that: a hand-off back to the queue that it named already leaves no entry.
    """
    known = [entry.at for entry in ticket.history.get(OWNER, ())[:1]]
    if handled := ticket.get(HANDLED_AT):
        known.append(moment(handled))
    for entry in ticket.history.get(STAGE, ()):
        if known and entry.at <= max(known):
            return None
        if entry.person and portal.kind(entry.value) is StageKind.INTAKE:
            return None  # the person asks for a new decision
        if entry.person and entry.value in portal.queue_of:
            return Move(portal.queue_of[entry.value], entry.person, entry.at)
    return None


def request_entry(ticket: Record) -> HistoryEntry | None:
    """The entry of the history that made the open request: a person's own where we have put it
    back since (its handling went over it), else the newest.
    """
    name, handled = ticket.get(REQUEST), ticket.get(HANDLED_AT)
    same = [entry for entry in ticket.history.get(REQUEST, ()) if entry.value == name]
    if not same or same[0].person:
        return same[0] if same else None
    return next((e for e in same if e.person and handled and e.at > moment(handled)), same[0])


def asked_at(ticket: Record) -> datetime:
    """When the open request was made."""
    entry = request_entry(ticket)
    return entry.at if entry else datetime.min.replace(tzinfo=UTC)


def asked_again(ticket: Record, portal: Portal) -> Step:
    """The step for a ticket that a person named to `reroute` or `backfill`: a newer wish than
    any lock. What is closed or waits for the client is left alone.
    """
    kind = portal.kind(ticket.get(STAGE))
    if ticket.get("hs_pipeline") != portal.pipeline_id:
        return Step(Work.NOTHING, "it is in another pipeline")
    if kind not in {StageKind.INTAKE, StageKind.QUEUE}:
        return Step(Work.NOTHING, f"it is in a stage of kind {kind}")
    return Step(Work.DECIDE, "a person asked for a new decision")


def decided_since(ticket: Record, asked: datetime) -> bool:
    """Whether the new decision that a person asked for was written already, by a worker that died
    before it could say so: what a person did with the ticket since then must stand.
    """
    decided = ticket.get(DECIDED_AT)
    return bool(decided) and moment(decided) > asked


def _undecided(ticket: Record, portal: Portal, kind: StageKind) -> Step:
    created = ticket.get("createdate")
    if not created or moment(created) < portal.go_live:
        return Step(Work.NOTHING, "it is older than go-live")
    if kind is not StageKind.INTAKE:
        return Step(Work.NOTHING, f"it is in a stage of kind {kind}: somebody has decided")
    return Step(Work.DECIDE, "it is new")


def _back_in_intake(ticket: Record, portal: Portal) -> Step:
    entries = ticket.history[STAGE]
    if entries and entries[0].person:
        return Step(Work.DECIDE, f"user {entries[0].person} put it back to intake")
    if _returns(entries, portal) > MOST_RETURNS:
        return Step(Work.NOTHING, f"it came back to intake more than {MOST_RETURNS} times")
    queue = ticket.get("routing_queue")
    if queue not in portal.stage_of:
        return Step(Work.DECIDE, "it is back in intake and owned by no queue")
    return Step(Work.RETURN, "something that is no person put it back to intake", queue)


def _returns(entries: Sequence[HistoryEntry], portal: Portal) -> int:
    """How often something that is no person put the ticket (back) into intake, the creation
    not counted."""
    intake = [e for e in entries[:-1] if portal.kind(e.value) is StageKind.INTAKE]
    return sum(1 for entry in intake if not entry.person)


def _second_look(ticket: Record, now: datetime) -> Step:
    if ticket.get("client_record_missing") != CLIENT_UNKNOWN:
        return Step(Work.NOTHING, "it is where it belongs")
    decided = ticket.get(DECIDED_AT)
    if not decided or now - moment(decided) > SECOND_LOOK_FOR:
        return Step(Work.NOTHING, "its client stayed unknown for a day")
    return Step(Work.LOOK_AGAIN, "its client was unknown")


def somebody_acted(ticket: Record, portal: Portal | None = None) -> bool:
    """Whether somebody has taken the ticket up: it has an owner, it is locked, or it was only
    suggested and stands in a queue all the same, where we never put it.
    """
    status = ticket.get("routing_status")
    if status == "suggested" and portal and ticket.get(STAGE) in portal.queue_of:
        return True
    return bool(ticket.get("hubspot_owner_id")) or status == "locked"
