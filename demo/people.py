"""What agents do in the demo: one gathers and hands a ticket on twice, one moves one by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo.portal import Landed, SimulatedPortal

AGENT = "52400117"  # Sunita Rao of Level 1, in the simulator's sample portal
NOTE = (
    "<p>Called the client: all users, since Sunday's update.</p><ol><li>Open an invoice</li>"
    "<li>Click Approve</li></ol><p>The page says “Action not permitted”. Two pictures attached.</p>"
)
WITHIN_S = 12.0
HAND_OFFS = (("exceeds_level_1", "level_2"), ("not_reproducible", "it"))


@dataclass(frozen=True, slots=True)
class Done:
    """How the agents fared: seconds from each request to the move, by HubSpot's clock."""

    subject: str
    hand_offs: tuple[tuple[str, str, float], ...]  # (request, queue, seconds)
    cards: tuple[dict[str, Any], ...]
    moves_kept: int


def act(portal: SimulatedPortal, landed: Iterable[Landed], cards: Callable[[], Any]) -> Done:
    """An escalation from Level 1 by way of Level 2 to IT, and one move by hand."""
    decided = [one for one in landed if one.get("routing_status") == "decided"]
    of_level_1 = [one for one in decided if one.get("routing_queue") == "level_1"]
    escalated = next(one for one in of_level_1 if one.get("routing_ticket_type") == "bug_report")
    moved = next(one for one in of_level_1 if one.id != escalated.id)
    _gather(portal, escalated.id)
    hand_offs = []
    for request, queue in HAND_OFFS:
        _update(portal, escalated.id, {"escalation_request": request})
        hand_offs.append((request, queue, _taken(portal, escalated.id, queue)))
    stage = next(
        one.get("hs_pipeline_stage") for one in decided if one.get("routing_queue") == "ocr"
    )
    _update(portal, moved.id, {"hs_pipeline_stage": stage})
    kept = _until(lambda: _read(portal, moved.id).get("routing_status") == "locked")
    now = _read(portal, moved.id)
    stayed = now.get("hs_pipeline_stage") == stage and now.get("routing_queue") == "ocr"
    wanted = len(HAND_OFFS)
    _until(lambda: len(cards()) >= wanted)
    subject = escalated.get("subject")
    return Done(subject, tuple(hand_offs), tuple(cards()), int(kept and stayed))


def _gather(portal: SimulatedPortal, ticket_id: str) -> None:
    """What Level 1 puts on a ticket before handing it on (guidelines 5.7)."""
    said = {
        "hs_note_body": NOTE,
        "hs_attachment_ids": "61001;61002",
        "hs_timestamp": datetime.now(UTC).isoformat(),
    }
    note = _act(portal, "create", "notes", properties=said)["id"]
    _act(portal, "associate", "notes", id=note, to_type="tickets", to_id=ticket_id)


def _update(portal: SimulatedPortal, id_: str, properties: dict[str, str]) -> None:
    _act(portal, "update", "tickets", id=id_, properties=properties)


def _act(portal: SimulatedPortal, action: str, object_type: str, **more: Any) -> Any:
    """Something that the agent does in HubSpot."""
    actor = {"kind": "user", "id": AGENT}
    return portal.control(
        "POST", "/act", {"actor": actor, "action": action, "object_type": object_type, **more}
    )


def _taken(portal: SimulatedPortal, id_: str, queue: str) -> float:
    """Seconds from the request to the move, or -1 when it was not carried out in time."""
    if not _until(lambda: _read(portal, id_).get("routing_queue") == queue):
        return -1.0
    names = "escalation_request,hs_pipeline_stage"
    answer = portal.control("GET", f"/objects/tickets?ids={id_}&properties={names}")
    row = answer["results"][0]["history"]
    asked = max(_at(one) for one in row["escalation_request"] if one["value"])
    return round((max(_at(one) for one in row["hs_pipeline_stage"]) - asked).total_seconds(), 2)


def _read(portal: SimulatedPortal, id_: str) -> Landed:
    return portal.landed([id_])[0]


def _at(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["timestamp"])


def _until(holds: Callable[[], bool]) -> bool:
    ends = time.monotonic() + WITHIN_S
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.1)
    return False
