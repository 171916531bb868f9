"""Nightly: the sweep of all clients and the morning's report. Runs on the clock, in short pieces,
so that a worker that dies costs a minute of it and no message is out for long.
"""

from __future__ import annotations

import time
from typing import Any

import structlog

from config.settings import RoutingMode
from tasks.process import runtime
from worker.app import UPKEEP_QUEUE, app
from worker.clients.recheck import KEY as CHANGED_KEY
from worker.clients.recheck import Recheck
from worker.clients.sweep import SweepState
from worker.clients.sweep_store import SweepTaken
from worker.processes.slots import once
from worker.reports.morning import Morning
from worker.reports.summary import send_summary
from worker.runtime import Runtime

PIECE_S = 80.0  # below the broker's visibility time-out, after which a task is given out again
TOLD_EVERY_S = 3.0
RECHECK_SLOT_S = 20
REPORT_SLOT_S = 600  # a report that could not be written is tried again after this
log = structlog.get_logger()
_mornings: dict[int, Morning] = {}


@app.task(name="tend_client_records", queue=UPKEEP_QUEUE, bind=True)
def tend_client_records(task: Any) -> str:
    """Do what the night asks for: a piece of the sweep, or the report. Its result is what Flower
    shows."""
    here = runtime()
    morning = _morning(here)
    asked = morning.due()
    told = []
    if asked.report is not None and once(here.redis, f"report:{asked.report}", REPORT_SLOT_S):
        report = morning.report(asked.report).report
        if once(here.redis, f"report:{asked.report}:sent", 2 * 86_400):
            send_summary(here.settings, report)
        told.append(f"report of {asked.report}: {report.share:.1%} complete")
    if asked.start is not None or asked.go_on:
        told.append(_sweep(task, morning, asked.start is not None))
    return "; ".join(told) or "nothing is due"


@app.task(name="recheck_client_records", queue=UPKEEP_QUEUE)
def recheck_client_records() -> str:
    """Check records again that HubSpot said have changed; flags follow within half a minute."""
    here = runtime()
    if not here.redis.exists(CHANGED_KEY):
        return "no client record changed"
    if not once(here.redis, "recheck", RECHECK_SLOT_S):
        return "done already"
    policy = here.policy.current()
    by_label = here.portal.current(policy).has_admin_label
    writes = here.settings.routing_mode is not RoutingMode.OBSERVE
    recheck = Recheck(_morning(here).hubspot, here.redis, here.names, writes, here.now)
    ends = time.monotonic() + RECHECK_SLOT_S
    checked = changed = 0
    while True:
        done = recheck.run(policy.client_record, by_label)
        checked, changed = checked + done.companies, changed + done.changed
        if not done.left or not done.companies or time.monotonic() > ends:
            break
    here.counters.add({"clients_flagged": changed})
    return f"{checked} client records checked again, {changed} flags changed"


def _sweep(task: Any, morning: Morning, anew: bool) -> str:
    if not morning.store.take():
        return "another process sweeps the clients"
    ends = time.monotonic() + PIECE_S
    last = 0.0

    def tell(state: SweepState) -> None:
        nonlocal last
        if not task.request.id or time.monotonic() - last < TOLD_EVERY_S:
            return
        last = time.monotonic()
        said = _said(state)
        meta = {"companies": state.figures.companies, "expected": state.expected, "said": said}
        task.update_state(state="PROGRESS", meta=meta)
        task.send_event("task-progress", result=said)

    try:
        state = None if anew else morning.store.load()
        if state is None:
            due = morning.due().start
            if due is None:
                return "nothing is due"
            state = morning.begin(due)
        morning.sweep(state, tell, lambda: time.monotonic() > ends)
    except SweepTaken as error:
        return str(error)
    finally:
        morning.store.leave()
    log.info("clients_swept", companies=state.figures.companies, finished=bool(state.finished))
    if not state.finished:
        tend_client_records.apply_async(queue=UPKEEP_QUEUE, expires=60)
    return _said(state)


def _said(state: SweepState) -> str:
    figures = state.figures
    whole = "all of them" if state.finished else f"of about {state.expected:,}"
    return (
        f"{figures.companies:,} companies checked, {whole}; {figures.incomplete:,} of "
        f"{figures.clients:,} clients incomplete, {figures.flags_written:,} flags written"
    )


def _morning(here: Runtime) -> Morning:
    """One for each runtime, so that its connections and what it asked once are kept."""
    if id(here) not in _mornings:
        _mornings.clear()
        _mornings[id(here)] = Morning(here)
    return _mornings[id(here)]
