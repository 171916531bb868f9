"""Upkeep: runs by the hour and by night, proves that nothing was forgotten."""

from __future__ import annotations

from tasks.process import runtime
from worker.app import UPKEEP_QUEUE, app
from worker.intake.reconcile import KEY, find_overrides, reconcile
from worker.processes.slots import once


@app.task(name="reconcile_undecided", queue=UPKEEP_QUEUE)
def reconcile_undecided() -> str:
    """Count undecided tickets by age and announce those that nobody knew of."""
    here = runtime()
    if not once(here.redis, "reconcile", 1800):
        return "done already in this half hour"
    portal = here.portal.current(here.policy.current())
    result = reconcile(here.hubspot, here.inbox, portal, here.now())
    here.redis.hset(KEY, "oldest_s", result.oldest_s)
    for age, count in result.by_age.items():
        here.redis.hset(KEY, age, count)
    here.counters.add({"unaccounted": result.unaccounted})
    return str(result)


@app.task(name="find_overrides", queue=UPKEEP_QUEUE)
def find_moves_of_people() -> str:
    """Look for people's moves of the last seven days that no webhook told."""
    here = runtime()
    if not once(here.redis, "overrides", 6 * 3600):
        return "done already tonight"
    portal = here.portal.current(here.policy.current())
    found = find_overrides(here.hubspot, here.inbox, portal, here.now())
    return f"{found} tickets stand elsewhere than their queue"
