"""Intake: runs on the clock, finds what no webhook told."""

from __future__ import annotations

from tasks.process import runtime
from worker.app import UPKEEP_QUEUE, app
from worker.intake.forgotten import look_back_after_flush
from worker.intake.poll import look_again as find_clientless
from worker.intake.poll import poll, poll_requests


@app.task(name="poll_hubspot", queue=UPKEEP_QUEUE)
def poll_hubspot() -> str:
    """Announce every undecided ticket that HubSpot's search knows of."""
    here = runtime()
    portal = here.portal.current(here.policy.current())
    polled = poll(here.hubspot, here.inbox, portal)
    look_back_after_flush(here.redis, here.hubspot, here.inbox, portal, here.now())
    requests = poll_requests(here.hubspot, here.inbox, portal)
    here.redis.hset(
        "ticket-worker:poll", mapping={"at": here.now().timestamp(), "undecided": polled.undecided}
    )
    return f"{polled}, {requests} requests or notices"


@app.task(name="look_again", queue=UPKEEP_QUEUE)
def look_again() -> str:
    """Announce tickets decided without a client, for whom HubSpot may know one by now."""
    here = runtime()
    portal = here.portal.current(here.policy.current())
    return f"{find_clientless(here.hubspot, here.inbox, portal, here.now())} to look at again"
