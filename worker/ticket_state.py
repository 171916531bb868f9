"""What a ticket's state in HubSpot asks for (pure).

A person is final: only a person's move from one queue to another overrides, only a person's
drag to intake asks for a new decision. Who moved it is told by the property's history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.clients.completeness import CLIENT_UNKNOWN
from worker.hubspot.models import HistoryEntry, Record, moment
from worker.portal import Portal, StageKind

STAGE = "hs_pipeline_stage"
DECIDED_AT = "routing_decided_at"
MOST_RETURNS = 5  # a ticket that something keeps sending back to intake is left there after these
REQUEST = "escalation_request"
SECOND_LOOK_FOR = timedelta(days=1)
TICKET_PROPERTIES = (
    "subject",
    "content",
    "hs_pipeline",
    STAGE,
    "createdate",
    "hs_lastmodifieddate",
    "source_type",
    "hs_object_source",
    "hs_created_by_user_id",
    "hubspot_owner_id",
    "routing_queue",
    "routing_status",
    DECIDED_AT,
    "client_record_missing",
    REQUEST,
    "escalation_handled_at",
    "escalation_notice",
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
    queue: str = ""  # for LOCK and RETURN


def next_step(ticket: Record, portal: Portal, now: datetime) -> Step:
    """What the ticket asks for. `ASK_HISTORY` until its stage history has been read too."""
    if ticket.get("hs_pipeline") != portal.pipeline_id:
        return Step(Work.NOTHING, "it is in another pipeline")
    if ticket.get(REQUEST):
        if REQUEST not in ticket.history:
            return Step(Work.ASK_HISTORY, "an agent asks for a hand-off")
        return Step(Work.HAND_OFF, f"an agent asks for {ticket.get(REQUEST)}")
    kind = portal.kind(ticket.get(STAGE))
    status = ticket.get("routing_status")
    if status in {"", "failed"}:
        return _undecided(ticket, portal, kind)
    if kind is StageKind.QUEUE:
        queue = portal.queue_of[ticket.get(STAGE)]
        if queue != ticket.get("routing_queue"):
            return _moved_to(ticket, queue)
        return _second_look(ticket, now)
    if kind is StageKind.INTAKE:
        if status == "suggested":
            return _second_look(ticket, now)
        return _back_in_intake(ticket, portal)
    return Step(Work.NOTHING, f"it is in a stage of kind {kind}")


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


def _undecided(ticket: Record, portal: Portal, kind: StageKind) -> Step:
    created = ticket.get("createdate")
    if not created or moment(created) < portal.go_live:
        return Step(Work.NOTHING, "it is older than go-live")
    if kind is not StageKind.INTAKE:
        return Step(Work.NOTHING, f"it is in a stage of kind {kind}: somebody has decided")
    return Step(Work.DECIDE, "it is new")


def _moved_to(ticket: Record, queue: str) -> Step:
    if STAGE not in ticket.history:
        return Step(Work.ASK_HISTORY, "its stage is not that of its queue")
    newest = ticket.history[STAGE][0] if ticket.history[STAGE] else None
    if newest and newest.person:
        return Step(Work.LOCK, f"user {newest.person} moved it", queue)
    return Step(Work.NOTHING, "no person moved it")


def _back_in_intake(ticket: Record, portal: Portal) -> Step:
    if STAGE not in ticket.history:
        return Step(Work.ASK_HISTORY, "it is back in intake")
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


def somebody_acted(ticket: Record) -> bool:
    """Whether a person has taken the ticket up: it has an owner, or it is locked."""
    return bool(ticket.get("hubspot_owner_id")) or ticket.get("routing_status") == "locked"


@dataclass(frozen=True, slots=True)
class Trampled:
    """A person's move that our write went over: the stage they had chosen."""

    stage_id: str
    person: str


def trampled_move(seen: str, after: Record, target: str) -> Trampled | None:
    """The person's move between our read and our write of the stage `target`, if any.

    `seen` is the last-modified time of the state that we read, `after` the ticket with its
    history after our write. Times are HubSpot's own: whatever a person set after `seen` and
    before our entry, we have not seen and have overwritten.
    """
    entries = after.history.get(STAGE, ())
    ours = next((i for i, e in enumerate(entries) if e.value == target and not e.person), None)
    if ours is None or not seen or any(e.person for e in entries[:ours]):
        return None  # a person has moved it after us: that move stands
    read_at = moment(seen)
    for entry in entries[ours + 1 :]:
        if entry.at <= read_at:
            return None
        if entry.person:
            return Trampled(entry.value, entry.person)
    return None
