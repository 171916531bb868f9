"""What the history of a ticket's stage says of where it belongs (pure).

Only a person's choice is a label. What the worker did itself says nothing about whether it was
right, nor does that nobody objected.
"""

from __future__ import annotations

from worker.hubspot.models import HistoryEntry, Record
from worker.portal import Portal
from worker.routing.labelled import Standing
from worker.tickets.identity import APP_SOURCES
from worker.tickets.state import DECIDED_AT, STAGE


def chosen_queue(ticket: Record, portal: Portal) -> tuple[str, Standing]:
    """The queue that a person put the ticket in first, and what is known of the ticket.

    Without one the queue is empty, and the ticket is unchallenged, unless the worker moved it and
    nobody else did. A queue that a person chose last, before the ticket was closed, is the first
    one too wherever machines had chosen before. Needs the histories of stage and of
    `routing_decided_at`.
    """
    entries = [
        one for one in reversed(ticket.history.get(STAGE, ())) if one.value in portal.queue_of
    ]
    for entry in entries:
        if entry.person:
            return portal.queue_of[entry.value], Standing.LABELLED
    ours = own_source(ticket)
    if entries and ours and all(entry.source_id == ours for entry in entries):
        return "", Standing.OURS
    return "", Standing.UNCHALLENGED


def own_source(ticket: Record) -> str:
    """Our source id in this ticket's history; empty where we never decided it."""
    entries: tuple[HistoryEntry, ...] = ticket.history.get(DECIDED_AT, ())
    return next((one.source_id for one in entries if one.source_type in APP_SOURCES), "")
