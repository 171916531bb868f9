"""After Redis has lost its memory: people's moves that our writes went over are found again.

Which moves were written but not looked back at is noted in Redis alone. So a server that
remembers nothing is noticed by a key, and what was decided or handed on shortly before is looked
at in HubSpot's history: a person's move directly below our own entry was overwritten unseen, for
what a person had taken out of intake we would not have moved; and so was a request that is newer
than the one that was handled.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import redis

from worker.escalation.requests import newer_request
from worker.hubspot.models import Record, moment
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Inbox, Source
from worker.intake.poll import Filter, look_again
from worker.portal import Portal, StageKind
from worker.tickets.effects import stamp
from worker.tickets.lookback import LookBacks
from worker.tickets.state import HANDLED_AT, OURS, REQUEST, STAGE

KEY = "ticket-worker:remembers-since"
DECIDED_WITHIN = timedelta(minutes=3)  # a batch's longest life, the poll's interval, some delay
OVERWRITTEN_WITHIN = timedelta(minutes=2)  # a batch lives for ninety seconds at most
# Search lags, and a write may have been under way when the memory was lost.
LOOKS = (timedelta(0), timedelta(seconds=10), timedelta(seconds=45))


def look_back_after_flush(
    client: redis.Redis, hubspot: HubSpotService, inbox: Inbox, portal: Portal, now: datetime
) -> int:
    """Where Redis is new: note the overwritten moves of people for a look back and announce their
    tickets; returns how many. Tickets whose second look was forgotten are announced too. Three
    times after each loss of memory, else one call to Redis and none to HubSpot. Raises the
    gateway's errors; the next call then goes on where this one was.
    """
    remembered = client.hgetall(KEY)
    since = float(remembered.get(b"at", 0)) or now.timestamp()
    looks = int(remembered.get(b"looks", 0))
    if looks >= len(LOOKS) or now.timestamp() < since + LOOKS[looks].total_seconds():
        return 0
    client.hset(KEY, "at", since)
    lately = stamp(datetime.fromtimestamp(since, now.tzinfo) - DECIDED_WITHIN)
    begun_at = int(remembered.get(b"after", 0))
    begun: list[Filter] = [
        {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
        {"propertyName": "hs_object_id", "operator": "GT", "value": str(begun_at)},
    ]
    groups = [[*begun, {"propertyName": name, "operator": "GTE", "value": lately}] for name in OURS]
    count = 0
    for ids, _ in hubspot.search_ids("tickets", groups):
        history = [STAGE, REQUEST, *OURS]
        reading = hubspot.read("tickets", ids, [STAGE, REQUEST, HANDLED_AT], history=history)
        found = overwritten(reading.found.values(), portal)
        LookBacks(client).note(found)
        inbox.announce(list(found), Source.PERSON)
        count += len(found)
        if ids:
            client.hset(KEY, "after", ids[-1])
    look_again(hubspot, inbox, portal, now)
    client.hset(KEY, mapping={"looks": looks + 1, "after": 0})
    return count


def overwritten(tickets: Collection[Record], portal: Portal) -> dict[str, str]:
    """Tickets on which our write went over a person's newest wish, each with the moment of what
    we had seen at the latest (pure). Ours is what the writer of `OURS` wrote.
    """
    found = {}
    for ticket in tickets:
        entries = ticket.history.get(STAGE, ())
        if not entries:
            continue
        own = next((e.source_id for name in OURS for e in ticket.history.get(name, ())), "")
        if newer_request(ticket, own):
            found[ticket.id] = _before(entries[0].at)
        if _is_overwritten(ticket, own, portal):
            found[ticket.id] = _before(entries[1].at)
    return found


def _is_overwritten(ticket: Record, own: str, portal: Portal) -> bool:
    entries = ticket.history.get(STAGE, ())
    if len(entries) < 2 or not own or entries[0].source_id != own:
        return False
    ours, below = entries[0], entries[1]
    handled = ticket.get(HANDLED_AT)
    if handled and moment(handled) >= below.at:
        return False  # moved since because a person asked for it
    taken_up = bool(below.person) and portal.kind(below.value) is not StageKind.INTAKE
    return taken_up and ours.value != below.value and ours.at - below.at < OVERWRITTEN_WITHIN


def _before(at: datetime) -> str:
    return (at - timedelta(milliseconds=1)).isoformat()
