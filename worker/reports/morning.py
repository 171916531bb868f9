"""The night's work put together: sweep all clients, give tasks, make the report, keep its figures.

The task on the clock and `ticket-worker report` both come here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

import structlog

from config.settings import RoutingMode
from worker.clients.burden import Burdens, read_burdens
from worker.clients.record_tasks import give_tasks, owner_of_address
from worker.clients.rules import ClientRecordRules, Tasks
from worker.clients.sweep import TASK, Sweep, SweepState, patiently
from worker.clients.sweep_store import SweepStore
from worker.hubspot.errors import HubSpotError
from worker.portal import Portal
from worker.reports import pages
from worker.reports.errors import RecordRulesNotReady
from worker.reports.files import write_files
from worker.reports.history import History, day_of
from worker.reports.own_night import read_own_night
from worker.reports.report import (
    MOST_OWNERS_SHOWN,
    Account,
    Report,
    lacks_of,
    mends_of,
    owners_of,
    queues_of,
)
from worker.reports.schedule import Due, due, zone_of
from worker.runtime import OnCall, Runtime, gateway_by_night

DEFAULT_UI = "app.hubspot.com"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Written:
    """A report that was written: its folder and its content."""

    folder: Path
    report: Report


class Morning:
    """One process's part in it. `on_call` is told of each call that leaves: bucket, status,
    seconds.
    """

    def __init__(self, here: Runtime, on_call: OnCall | None = None) -> None:
        self._here = here
        self.hubspot = gateway_by_night(here.settings, here.redis, here.names, on_call)
        self.store = SweepStore(here.redis)
        self.history = History(here.settings.reports_dir)
        self._account: Account | None = None

    # ---- when

    def due(self) -> Due:
        """What the clock asks for now. One call, once for each process. Raises the gateway's
        errors."""
        now = self._here.now()
        near = [now.date() + timedelta(days=days) for days in (-1, 0, 1)]
        made = {day: self.history.made(day) for day in near}
        return due(now, self.zone(), self._rules().night, self.store.load(), made)

    def zone(self) -> tzinfo:
        return zone_of(self._rules().night, self.account().time_zone)

    def today(self) -> date:
        return self._here.now().astimezone(self.zone()).date()

    def account(self) -> Account:
        """The account, asked once."""
        if self._account is None:
            said = patiently(self.hubspot.account)
            self._account = Account(
                str(said.get("portalId") or ""),
                str(said.get("uiDomain") or DEFAULT_UI),
                str(said.get("timeZone") or "UTC"),
            )
        return self._account

    # ---- the sweep

    def begin(self, night: date) -> SweepState:
        """Start a sweep anew; the lease must be held. Raises `RecordRulesNotReady`,
        `PortalNotReady` and the gateway's errors; then nothing is changed.
        """
        self._check_properties()
        now = self._here.now()
        portal = self._portal()
        some = [{"propertyName": "hs_object_id", "operator": "GT", "value": "0"}]
        expected = patiently(lambda: self.hubspot.count("companies", some))
        self.store.save_burdens(patiently(lambda: read_burdens(self.hubspot, portal, now)))
        state = SweepState(night.isoformat(), now.timestamp(), expected)
        self.store.save(state)
        return state

    def sweep(
        self,
        state: SweepState,
        progress: Callable[[SweepState], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Go on with a sweep; the lease must be held. Raises `SweepTaken` and the gateway's
        errors; what was checked stays so.
        """
        rules = self._rules()
        portal = self._portal()
        burdens = self.store.load_burdens()
        if burdens is None:  # Redis let go of them alone
            burdens = read_burdens(self.hubspot, portal, self._here.now())
            self.store.save_burdens(burdens)
        counted = state.figures.flags_written

        def commit(at: SweepState) -> None:
            self.store.save(at)
            progress(at)

        try:
            Sweep(
                self.hubspot,
                self._here.names,
                rules,
                portal.has_admin_label,
                self._writes(),
                self._here.now,
            ).run(state, burdens, commit, stop)
        finally:
            self._here.counters.add({"clients_flagged": state.figures.flags_written - counted})
        if state.finished and rules.tasks.enabled and self._writes():
            self._give_tasks(rules.tasks, state)

    def _give_tasks(self, rules: Tasks, state: SweepState) -> None:
        level_1 = owner_of_address(self.hubspot, rules.level_1) if rules.level_1 else ""
        given = give_tasks(
            self.hubspot,
            self._here.redis,
            state.figures.first_to_mend(),
            rules.per_night,
            state.night,
            self._here.now(),
            level_1,
        )
        self._here.counters.add({"record_tasks_given": given})

    # ---- the report

    def report(self, on: date, output: Path | None = None) -> Written:
        """Make the report of a day from the sweep's state. Raises `ReportNotWritten` (the old one
        stays) and the gateway's errors.
        """
        state = self.store.load() or SweepState(on.isoformat(), time.time())
        report = self._compose(on, state)
        settings = self._here.settings
        folder = output or settings.reports_dir / on.isoformat()
        write_files(
            folder,
            {
                pages.CSV: pages.table(report),
                pages.JSON: pages.figures(report),
                pages.PAGE: pages.page(report),
            },
        )
        self.history.keep(day_of(on, state.figures, report.night, report.partial))
        self.history.forget_old(on)
        return Written(folder, report)

    def _compose(self, on: date, state: SweepState) -> Report:
        policy = self._here.policy.current()
        rules, zone, account = policy.client_record, self.zone(), self.account()
        now = self._here.now()
        burdens = self.store.load_burdens() or Burdens()
        failures = self._here.inbox.failures()
        night = read_own_night(self.hubspot, failures, policy.document, self._portal(), now)
        earlier = self.history.days(on - timedelta(days=1))
        today = day_of(on, state.figures, night, not state.finished)
        names = self._owner_names(state)
        owners = owners_of(state.figures, names)
        return Report(
            date=on.isoformat(),
            made_at=now.astimezone(zone),
            account=Account(account.portal_id, account.ui_domain, str(zone)),
            sweep_began=datetime.fromtimestamp(state.started, UTC).astimezone(zone),
            sweep_seconds=state.working_s,
            share_done=state.share,
            expected=state.expected,
            figures=state.figures,
            before=next((day for day in reversed(earlier) if not day.partial), None),
            lacks=lacks_of(state.figures, burdens, rules),
            mends=mends_of(state.figures, names, account),
            owners=owners[:MOST_OWNERS_SHOWN],
            more_owners=max(0, len(owners) - MOST_OWNERS_SHOWN),
            night=night,
            queues=queues_of(night, {code: queue.label for code, queue in policy.queues.items()}),
            trend=(*earlier, today),
            burdens_cut=burdens.cut,
            waiting_days=rules.night.waiting_too_long_days,
        )

    def _owner_names(self, state: SweepState) -> dict[str, str]:
        """Names of owners, where there are any and HubSpot tells; else they go by their ids."""
        if not any(state.figures.owners):
            return {}
        try:
            owners = patiently(self.hubspot.active_owners)
        except HubSpotError as error:
            log.warning("report_lacks", figure="names of owners", why=str(error))
            return {}
        return {one.id: one.name or one.email or one.id for one in owners}

    # ---- what it stands on

    def _check_properties(self) -> None:
        rules = self._rules()
        wanted = [*rules.company_properties, *([TASK] if rules.tasks.enabled else ())]
        there = patiently(lambda: self.hubspot.properties("companies")) if wanted else {}
        if lacking := [name for name in wanted if name not in there]:
            raise RecordRulesNotReady(
                f"The policy's client_record names {', '.join(lacking)}, which companies in the "
                "portal do not have. No client was checked. Create it in HubSpot (Settings, "
                "Properties; client_record_task is made by `ticket-worker setup`), name it as it "
                "is called there, or take it out of the policy."
            )

    def _rules(self) -> ClientRecordRules:
        return self._here.policy.current().client_record

    def _portal(self) -> Portal:
        return self._here.portal.current(self._here.policy.current())

    def _writes(self) -> bool:
        return self._here.settings.routing_mode is not RoutingMode.OBSERVE
