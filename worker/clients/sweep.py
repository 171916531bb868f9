"""The sweep: every client checked, flags written where they change, figures added up.

A list gives the companies, page by page; who may decide there is looked up a few pages ahead;
pages are checked one after the other, and after each its state is kept, so that a sweep that
was killed goes on where it stopped. Only what is on its way is in memory.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog

from config.portal import PortalNames
from worker.clients.admin_contacts import (
    COMPANY_PROPERTIES,
    AdminContacts,
    client_record,
    properties_of,
)
from worker.clients.burden import Burdens
from worker.clients.completeness import gaps, is_client
from worker.clients.record import AdminContact
from worker.clients.rules import ClientRecordRules
from worker.hubspot.behind import first_in_line
from worker.hubspot.by_night import HubSpotByNight, Page
from worker.hubspot.errors import RateLimited, Transient
from worker.hubspot.models import Record, Update, Writing, moment
from worker.hubspot.service import BATCH
from worker.reports.figures import Figures
from worker.tickets.effects import client_flag

SINCE = "client_record_status_since"
TASK = "client_record_task"
OWNER = "hubspot_owner_id"
PAGES_A_BLOCK = 5  # whose people are looked up together
LOOKUPS = 2  # at the same time
BLOCKS_AHEAD = 2
TRIES = 4
LONGEST_WAIT_S = 20.0
T = TypeVar("T")
People = dict[str, tuple[AdminContact, ...]]
log = structlog.get_logger()


@dataclass(slots=True)
class SweepState:
    """How far a sweep has come: everything that the next process needs to go on."""

    night: str  # the local date it belongs to, ISO
    started: float  # epoch seconds
    expected: int = 0  # companies, as search counted them
    after: str = ""  # where the next page starts
    pages: int = 0
    listed: bool = False  # the last page has been checked
    finished: float = 0.0
    figures: Figures = field(default_factory=Figures)
    flags: dict[str, dict[str, str]] = field(default_factory=dict)  # to be written, by company
    tasks_done: dict[str, str] = field(default_factory=dict)  # to be closed: company → task
    working_s: float = 0.0  # seconds at work, over all its processes

    @property
    def share(self) -> float:
        """How much is done, 0 to 1; of the number that was expected."""
        if self.finished:
            return 1.0
        return min(0.999, self.figures.companies / self.expected) if self.expected else 0.0


@dataclass(slots=True)
class _Block:
    pages: list[Page]
    people: Future[People]


class Sweep:
    """Checks clients. `flags`: whether flags may be written (in `observe` mode nothing is)."""

    def __init__(
        self,
        hubspot: HubSpotByNight,
        names: PortalNames,
        rules: ClientRecordRules,
        by_label: bool,
        flags: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self._hubspot = hubspot
        self._admins = AdminContacts(hubspot, names)
        self._rules = rules
        self._by_label = by_label
        self._flags = flags
        self._clock = clock
        self._of_companies, self._of_contacts = properties_of(rules)

    def run(
        self,
        state: SweepState,
        burdens: Burdens,
        commit: Callable[[SweepState], None],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Go on from `state` until the last company, or until `stop` says so; `commit` is called
        after each page of 100. Raises the gateway's errors; what was committed stands.
        """
        began, before = time.monotonic(), state.working_s
        for page, people in self._pages(state.after, stop) if not state.listed else ():
            self._check(page, people, state, burdens)
            while len(state.flags) >= BATCH:
                self._write(state)
            state.working_s = before + time.monotonic() - began
            commit(state)
        if state.listed:
            while state.flags or state.tasks_done:
                self._write(state)
            state.finished = self._clock().timestamp()
            state.working_s = before + time.monotonic() - began
            commit(state)

    # ---- reading ahead

    def _pages(self, after: str, stop: Callable[[], bool]) -> Iterator[tuple[Page, People]]:
        ahead: queue.Queue[_Block | None] = queue.Queue(maxsize=BLOCKS_AHEAD)
        left = threading.Event()  # nobody takes blocks any more
        with ThreadPoolExecutor(LOOKUPS + 1, "sweep") as pool:
            lister = pool.submit(self._list, after, ahead, pool, left, stop)
            try:
                while (block := ahead.get()) is not None:
                    people = block.people.result()
                    for page in block.pages:
                        yield page, people
            finally:
                left.set()
            lister.result()

    def _list(
        self,
        after: str,
        ahead: queue.Queue[_Block | None],
        pool: ThreadPoolExecutor,
        left: threading.Event,
        stop: Callable[[], bool],
    ) -> None:
        pages: list[Page] = []
        properties = [*COMPANY_PROPERTIES, SINCE, TASK, OWNER, *self._of_companies]
        try:
            while not (left.is_set() or stop()):
                with first_in_line():  # pages come one after the other; all else waits for them
                    page = patiently(partial(self._hubspot.page, "companies", properties, after))
                pages.append(page)
                after = page.after
                if len(pages) == PAGES_A_BLOCK or not after:
                    _put(ahead, _Block(pages, pool.submit(self._people, pages)), left)
                    pages = []
                if not after:
                    return
            if pages:
                _put(ahead, _Block(pages, pool.submit(self._people, pages)), left)
        finally:
            _put(ahead, None, left)

    def _people(self, pages: list[Page]) -> People:
        ids = [one.id for page in pages for one in page.records]
        return patiently(lambda: self._admins.of(ids, self._by_label, self._of_contacts))

    # ---- checking

    def _check(self, page: Page, people: People, state: SweepState, burdens: Burdens) -> None:
        now = self._clock()
        for company in page.records:
            state.figures.companies += 1
            record = client_record(company, people.get(company.id, ()), now, self._of_companies)
            if not is_client(record, self._rules):
                continue
            if company.id not in people:
                state.figures.unread += 1
                log.warning("client_unread", company=company.id)
                continue
            lacking = gaps(record, self._rules)
            state.figures.add(
                record,
                lacking,
                burdens.of(company.id),
                company.get(OWNER),
                _moment(company.get(SINCE)),
                now,
                company.get(TASK),
            )
            flag = client_flag(record, [gap.words for gap in lacking], now)
            self._note(company, flag, complete=not lacking, state=state)
        state.after = page.after
        state.pages += 1
        state.listed = not page.after

    def _note(
        self, company: Record, flag: Update | None, complete: bool, state: SweepState
    ) -> None:
        if not self._flags:
            return
        properties = dict(flag.properties) if flag else {}
        if complete and company.get(TASK):
            state.tasks_done[company.id] = company.get(TASK)
            properties[TASK] = ""
        if properties:
            state.flags[company.id] = properties

    def _write(self, state: SweepState) -> None:
        """Write up to 100 flags. What HubSpot does not take is left for the next night."""
        chosen = dict(list(state.flags.items())[:BATCH])
        tasks = {one: state.tasks_done[one] for one in chosen if one in state.tasks_done}
        if tasks:
            done = {"hs_task_status": "COMPLETED"}
            self._hubspot.update("tasks", [Update(task, done) for task in tasks.values()])
        writing = self._update([Update(one, new) for one, new in chosen.items()])
        for company_id, why in writing.refused.items():
            log.warning("client_flag_refused", company=company_id, hubspot_said=why)
        if writing.unknown:
            why = str(next(iter(writing.unknown.values())))
            log.warning("client_flags_not_written", companies=sorted(writing.unknown), why=why)
        state.figures.flags_written += len(writing.written)
        state.figures.flags_refused += len(writing.refused) + len(writing.unknown)
        for one in chosen:
            del state.flags[one]
            state.tasks_done.pop(one, None)

    def _update(self, rows: list[Update]) -> Writing:
        """Write up to 100 rows. A batch that a limit held back is sent again, since nothing of it
        was written; one of unknown outcome never is."""
        for left in range(TRIES - 1, -1, -1):
            writing = self._hubspot.update("companies", rows)
            waits = [
                e.retry_after_s for e in writing.unknown.values() if isinstance(e, RateLimited)
            ]
            if len(waits) < len(rows) or not left or max(waits) > LONGEST_WAIT_S:
                break
            time.sleep(max(waits))
        return writing


def patiently(ask: Callable[[], T]) -> T:
    """A reading, tried again a few times when HubSpot stumbles or others need the limit."""
    for left in range(TRIES - 1, -1, -1):
        try:
            return ask()
        except RateLimited as error:
            if not left or error.retry_after_s > LONGEST_WAIT_S:
                raise
            time.sleep(error.retry_after_s)
        except Transient:
            if not left:
                raise
            time.sleep(2.0 ** (TRIES - left))
    raise AssertionError("unreachable")


def _put(ahead: queue.Queue[_Block | None], block: _Block | None, left: threading.Event) -> None:
    while not left.is_set():
        try:
            ahead.put(block, timeout=0.2)
            return
        except queue.Full:
            continue


def _moment(value: str) -> datetime | None:
    try:
        return moment(value) if value else None
    except (ValueError, OverflowError, OSError):
        return None
