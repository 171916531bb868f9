"""Routing: runs as soon as a ticket is due."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from tasks.process import runtime
from worker.app import ROUTING_QUEUE, app
from worker.hubspot.errors import HubSpotError, RateLimited
from worker.intake.inbox import Claim, Inbox, Outcome, Settlement, Wait
from worker.portal import PortalNotReady
from worker.processes.waker import ring, woken
from worker.runtime import Runtime

RENEW_EVERY_S = 5.0
BATCH_DEADLINE_S = 90.0
NOT_READY_WAIT_S = 15.0
POISONED = (
    "Every worker that took up this ticket died, again and again. It was left in its stage. Route "
    "it by hand and tell whoever runs the worker; `ticket-worker failed retry` tries again."
)
log = structlog.get_logger()


@app.task(name="route_tickets", queue=ROUTING_QUEUE)
def route_tickets() -> str:
    """Claim one batch of due tickets and take it all the way. Its result is what Flower shows."""
    here = runtime()
    try:
        claim = _claim(here)
    finally:
        woken(here.redis)
    if claim is None:
        return "nothing was due"
    if here.inbox.counts()["due"] and ring(here.redis):
        route_tickets.apply_async(queue=ROUTING_QUEUE, expires=60)
    with renewing(here.inbox, claim):
        policy = here.policy.current()
        try:
            portal = here.portal.current(policy)
        except (PortalNotReady, HubSpotError) as error:
            wait = error.retry_after_s if isinstance(error, RateLimited) else NOT_READY_WAIT_S
            log.error("tickets_wait_for_portal", tickets=list(claim.ids), why=str(error))
            here.inbox.settle(
                claim,
                [Settlement(id_, Outcome.POSTPONED, wait, str(error)) for id_ in claim.ids],
            )
            return f"{len(claim.ids)} tickets wait {wait:.0f} s: {error}"
        report = here.flow.route(claim, policy, portal)
    return f"{report} [{' '.join(report.ids)}]"


def _claim(here: Runtime) -> Claim | None:
    """Claim a batch, waiting a moment for more to join it."""
    for _ in range(5):
        found, poisoned = here.inbox.claim()
        if poisoned:
            here.writer.set_aside(poisoned, POISONED)
        if isinstance(found, Claim):
            return found
        if not isinstance(found, Wait) or found.seconds is None:
            return None
        time.sleep(found.seconds)
    return None


@contextmanager
def renewing(inbox: Inbox, claim: Claim) -> Iterator[None]:
    """Keep the leases of a claim while the work lasts, at most `BATCH_DEADLINE_S`."""
    done = threading.Event()
    ends = time.monotonic() + BATCH_DEADLINE_S

    def renew() -> None:
        while not done.wait(RENEW_EVERY_S) and time.monotonic() < ends:
            try:
                inbox.renew(claim)
            except Exception as error:
                log.warning("lease_not_renewed", tickets=list(claim.ids), why=str(error))

    thread = threading.Thread(target=renew, name="renew", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
