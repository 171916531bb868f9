"""`ticket-worker setup`: make the portal ready, or say what would be done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import redis
from rich.console import Console

from config.settings import Settings
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import RateLimited, Rejected
from worker.hubspot.limits import Limiter
from worker.hubspot.provision import Plan, apply, plan, read_live
from worker.hubspot.spaced import Spaced
from worker.portal_names import read_portal_names
from worker.routing.policy_file import read_document
from worker.runtime import connect

MOST_WAITS = 10
LONGEST_WAIT_S = 60.0
Result = TypeVar("Result")


def run_setup(settings: Settings, console: Console, dry_run: bool, new_pipeline: bool) -> int:
    """Exit status: 0 when the portal is ready (or would be), 1 when a person must act first.

    Ends with the line `N changes`. Raises the gateway's errors.
    """
    names = read_portal_names(settings.portal_file)
    document = read_document(settings.policy_file)
    client = HubSpotClient(
        settings.hubspot_access_token, settings.hubspot_base_url, _limiter(settings)
    )
    version = settings.hubspot_api_version
    live = patiently(lambda: read_live(client, version))
    wanted = plan(live, names, document, version, new_pipeline)
    for note in wanted.notes:
        console.print(f"  {note}", style="dim", markup=False)
    made, refused = (0, 0) if dry_run else _apply(client, wanted, console)
    if dry_run:
        for change in wanted.changes:
            console.print(f"  would: {change.what}", markup=False)
    for obstacle in wanted.obstacles:
        console.print(f"  ! {obstacle}", style="yellow", markup=False)
    count = len(wanted.changes) if dry_run else made
    console.print(f"{count} changes")
    return 1 if wanted.obstacles or refused else 0


def _apply(client: HubSpotClient, wanted: Plan, console: Console) -> tuple[int, int]:
    made = refused = 0
    for change in wanted.changes:
        try:
            patiently(lambda change=change: apply(client, change))  # type: ignore[misc]
        except Rejected as error:
            if error.about_access:
                raise
            refused += 1
            console.print(f"  ! {change.what}: HubSpot refused. {error}", style="red", markup=False)
        else:
            made += 1
            console.print(f"  {change.what}", markup=False)
    return made, refused


def patiently(ask: Callable[[], Result], sleep: Callable[[float], None] = time.sleep) -> Result:
    """What `ask` returns. Beside a busy worker the limits may be used up for a while: nothing was
    done then, so it is asked again. Raises `RateLimited` when that does not end in minutes.
    """
    for _ in range(MOST_WAITS):
        try:
            return ask()
        except RateLimited as error:
            if error.retry_after_s > LONGEST_WAIT_S:
                raise
            sleep(error.retry_after_s)
    return ask()


def _limiter(settings: Settings) -> Limiter | Spaced:
    """Shared limits where Redis runs already; setup also works before anything is started."""
    client = connect(settings)
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return Spaced()
    return Limiter(client)
