"""Tasks in HubSpot to complete a client record: one for each client, naming all that it lacks.

The task's id stands on the company, so that no second one is made while it is open; the sweep
closes it when the record is complete.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime, timedelta

import redis
import structlog

from worker.clients.sweep import TASK
from worker.hubspot.by_night import HubSpotByNight, NewTask
from worker.hubspot.errors import HubSpotError
from worker.hubspot.models import Update
from worker.processes.slots import once
from worker.reports.figures import ToMend

DUE_IN = timedelta(days=3)
SLOT_S = 12 * 3600  # so that a sweep that runs twice gives no task twice
TALLY_KEY = "ticket-worker:record-tasks:"  # and the night: tasks given
TALLY_KEPT_S = 3 * 86_400
log = structlog.get_logger()


def give_tasks(
    hubspot: HubSpotByNight,
    client: redis.Redis,
    first: Sequence[ToMend],
    most: int,
    night: str,
    now: datetime,
    level_1: str = "",
) -> int:
    """Give tasks for the first on the list that have none, at most so many in a night (an ISO
    date), however often it is swept; how many. What HubSpot refuses is left for the next night.
    `level_1`: the owner (its id) of tasks for companies without one.
    """
    tally = f"{TALLY_KEY}{night}"
    given = 0
    for entry in first:
        if int(client.get(tally) or 0) >= most:
            break
        if entry.task_id or not once(client, f"record-task:{entry.company_id}", SLOT_S):
            continue
        try:
            client.incr(tally)
            client.expire(tally, TALLY_KEPT_S)
            task_id = hubspot.create_task(_task(entry, now, level_1))
            hubspot.update("companies", [Update(entry.company_id, {TASK: task_id})])
        except HubSpotError as error:
            log.warning("record_task_not_given", company=entry.company_id, why=str(error))
            break
        given += 1
    return given


def owner_of_address(hubspot: HubSpotByNight, address: str) -> str:
    """The id of the active owner with an address in HubSpot; empty, with a word in the log, where
    there is none or HubSpot does not tell."""
    wanted = address.strip().casefold()
    try:
        owners = hubspot.active_owners()
    except HubSpotError as error:
        log.warning("record_task_owner_unknown", address=address, why=str(error))
        return ""
    found = next((one.id for one in owners if one.email.strip().casefold() == wanted), "")
    if not found:
        log.warning("record_task_owner_unknown", address=address, why="no active owner has it")
    return found


def _task(entry: ToMend, now: datetime, level_1: str) -> NewTask:
    gaps = ", ".join(entry.gaps)
    shown = html.escape(gaps)  # HubSpot: the body of a task is HTML
    tickets = f"{entry.open_tickets} open, {entry.decided_without} decided without the data"
    return NewTask(
        company_id=entry.company_id,
        subject=f"Complete the client record: {gaps}"[:250],
        body=f"The record lacks: {shown}. Tickets of this client: {tickets}. The task is closed "
        "by itself once the record is complete.",
        due_ms=int((now + DUE_IN).timestamp() * 1000),
        owner_id=entry.owner_id or level_1,
    )
