"""Intake: runs on the clock, finds what no webhook told."""

from __future__ import annotations

from tasks.process import runtime
from worker.app import UPKEEP_QUEUE, app
from worker.hubspot.errors import HubSpotError
from worker.intake.forgotten import look_back_after_flush
from worker.intake.poll import look_again as find_clientless
from worker.intake.poll import poll, poll_requests
from worker.portal import Portal
from worker.processes.slots import done, once
from worker.runtime import Runtime

POLL_SLOT_S = 10  # a poll that lasts longer, or died, keeps the next one no longer


@app.task(name="poll_hubspot", queue=UPKEEP_QUEUE)
def poll_hubspot() -> str:
    """Announce every undecided ticket that HubSpot's search knows of, and what else waits there.
    Raises the first error of the gateway's after all of it was tried. One poll at a time: two would
    use up the searches that both need.
    """
    here = runtime()
    if not once(here.redis, "poll", POLL_SLOT_S):
        return "another poll is under way"
    try:
        return _poll(here)
    finally:
        done(here.redis, "poll")


def _poll(here: Runtime) -> str:
    portal = here.portal.current(here.policy.current())
    told: list[str] = []
    failed: list[HubSpotError] = []
    for step in (_forgotten, _undecided, _requests):
        try:
            told.append(step(here, portal))
        except HubSpotError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return ", ".join(filter(None, told))


def _forgotten(here: Runtime, portal: Portal) -> str:
    found = look_back_after_flush(here.redis, here.hubspot, here.inbox, portal, here.now())
    return f"{found} that Redis forgot" if found else ""


def _undecided(here: Runtime, portal: Portal) -> str:
    polled = poll(here.hubspot, here.inbox, portal)
    here.redis.hset(
        "ticket-worker:poll", mapping={"at": here.now().timestamp(), "undecided": polled.undecided}
    )
    return str(polled)


def _requests(here: Runtime, portal: Portal) -> str:
    return f"{poll_requests(here.hubspot, here.inbox, portal)} requests or notices"


@app.task(name="look_again", queue=UPKEEP_QUEUE)
def look_again() -> str:
    """Announce tickets decided without a client, for whom HubSpot may know one by now."""
    here = runtime()
    portal = here.portal.current(here.policy.current())
    return f"{find_clientless(here.hubspot, here.inbox, portal, here.now())} to look at again"
