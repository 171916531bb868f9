"""A calm run, then a run in the storm with the same tickets; the figures of both."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from chaos.ledger import Ledger
from chaos.plan import WEBHOOKS, Plan, bad_answers, make_plan
from chaos.requests import Announced, Askers, announced, cards, left_open
from chaos.stack import Stack, stack
from chaos.storm import Agents, Storm
from chaos.verdict import CLIENT_UNKNOWN, Breakage, Summary, judge
from demo.portal import SimulatedPortal, samples

CALM_STEP = 200
STEP_S = 0.5
SETTLES_WITHIN_S = 90.0  # when nothing breaks any more
CALM_FOR_S = 5.0  # HubSpot's log has grown no more for so long: the work is over
INDEX_DELAY_S = 2.0

Tell = Callable[[str], None]


class Sitting:
    """One run on one stack: its tickets in order, the ledger of what became of them, and the
    people who ask for hand-offs.
    """

    def __init__(self, running: Stack) -> None:
        self.portal: SimulatedPortal = running.portal
        self.running = running
        settings = self.portal.control("GET", "/settings")
        self.ledger = Ledger(str(settings["app_id"]))
        self.ids: list[str] = []
        self._askers: Askers | None = None
        self._grew_at = time.monotonic()

    def begin(self, plan: Plan) -> None:
        """People ask for hand-offs from now on."""
        self._askers = Askers(self.portal, plan)

    def catch_up(self) -> None:
        """Read on in HubSpot's log; ask for what can be asked for by now."""
        before = self.ledger.next
        self.ledger.feed(self.portal.control("GET", f"/log?after={before}"))
        if self.ledger.next != before:
            self._grew_at = time.monotonic()
        if self._askers:
            self._askers.look(self.ids, self.ledger)

    @property
    def quiet_s(self) -> float:
        return time.monotonic() - self._grew_at

    @property
    def undecided(self) -> int:
        return sum(not one.decided for one in self.ledger.of(self.ids))

    @property
    def open(self) -> int:
        """Hand-offs still to be asked for, to be carried out or to be announced."""
        waiting = self._askers.waiting if self._askers else 0
        return waiting + left_open(self.ledger.of(self.ids))

    def announced(self) -> Announced:
        asked = self._askers.asked if self._askers else []
        return announced(asked, self.ledger, cards(self.running.teams))

    def without_client(self, plan: Plan) -> int:
        """Tickets whose client HubSpot knows, and which say that it is unknown."""
        return sum(
            story.now.get("client_record_missing") == CLIENT_UNKNOWN
            and not story.moved_by_person
            and bool(given.get("from_email"))
            and "gmail" not in given["from_email"]
            for given, story in zip(plan.tickets, self.ledger.of(self.ids), strict=False)
        )


def run(
    count: int,
    seed: int,
    folder: Path,
    environment: Mapping[str, str],
    model: Path,
    tell: Tell,
    rate: float = 25.0,
    within_s: float = 900.0,
) -> Summary:
    """Both runs of a seed; `rate` is tickets a second, `within_s` ends the storm in any case.

    `environment` names what the worker is to use (`EXAMPLES_DIR` …); logs stay in `folder`.
    """
    tell(f"Calm run: {count} tickets, nothing breaks")
    with stack(folder / "calm", environment, model) as running:
        calm = Sitting(running)
        plan = make_plan(count, seed, rate, samples(), calm.portal.senders())
        calm.begin(plan)
        began = time.monotonic()
        for start in range(0, count, CALM_STEP):
            calm.ids += calm.portal.arrive(plan.tickets[start : start + CALM_STEP])
            time.sleep(0.2)
        _until_settled(calm, plan, within_s, tell)
        calm_s = time.monotonic() - began
        calm_notices = calm.announced()
    tell(f"Calm run: {len(calm.ids) - calm.undecided} decided in {calm_s:.0f} s")
    with stack(folder / "storm", environment, model) as running:
        sitting = Sitting(running)
        began = time.monotonic()
        _through_the_storm(sitting, plan, within_s, tell)
        counters = sitting.portal.counters()
        seconds = time.monotonic() - began
        breakage = Breakage(
            running.kills,
            running.redis.restarts,
            running.redis.flushes,
            sum(running.ends_of_their_own().values()),
        )
        notices = sitting.announced()
    stories, still = sitting.ledger.of(sitting.ids), calm.ledger.of(calm.ids)
    return judge(
        seed, stories, still, breakage, counters, (notices, calm_notices), (seconds, calm_s)
    )


def _through_the_storm(sitting: Sitting, plan: Plan, within_s: float, tell: Tell) -> None:
    portal, running = sitting.portal, sitting.running
    sitting.begin(plan)
    portal.control("PUT", "/webhooks", WEBHOOKS)
    # Writing a value again is then seen in the log, so that a second move is never hidden.
    strict = {"same_value_writes_history": True}
    portal.control("PUT", "/settings", {"index_delay_s": INDEX_DELAY_S, "assumptions": strict})
    stages = {
        stage["label"]: stage["id"]
        for stage in portal.control("GET", "/pipelines")["results"][0]["stages"]
    }
    portal.control("POST", "/counters/reset", {})
    portal.control("PUT", "/faults", {"rules": bad_answers()})
    agents = Agents(portal, stages, running.redis.url, plan)
    ends = time.monotonic() + within_s
    try:
        with Storm(running, plan) as storm:
            began = time.monotonic()
            while len(sitting.ids) < len(plan.tickets) and not storm.over:
                due = min(len(plan.tickets), int((time.monotonic() - began) * plan.rate) + 1)
                first = len(sitting.ids)
                new = portal.arrive(plan.tickets[first:due]) if due > first else []
                agents.came(new, first)
                sitting.ids += new
                sitting.catch_up()
                if first // 1000 != due // 1000:
                    tell(_progress(sitting, time.monotonic() - began))
                time.sleep(STEP_S)
            while (sitting.undecided or agents.waiting or sitting.open) and _goes_on(storm, ends):
                time.sleep(STEP_S)
                sitting.catch_up()
            tell(_progress(sitting, time.monotonic() - began))
    finally:
        agents.end()
    portal.control("PUT", "/faults", {"rules": []})
    _until_settled(sitting, plan, SETTLES_WITHIN_S, tell)


def _goes_on(storm: Storm, ends: float) -> bool:
    return not storm.over and time.monotonic() < ends


def _progress(sitting: Sitting, seconds: float) -> str:
    running = sitting.running
    return (
        f"{seconds:5.0f} s: {len(sitting.ids)} tickets came, {sitting.undecided} undecided, "
        f"{running.kills} kills, {running.redis.restarts} restarts of Redis, "
        f"{running.redis.flushes} flushes"
    )


def _until_settled(sitting: Sitting, plan: Plan, within_s: float, tell: Tell) -> None:
    """Until all are decided with their clients and HubSpot's log has been quiet for a while."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        sitting.catch_up()
        overwritten = sum(one.overwritten for one in sitting.ledger.of(sitting.ids))
        left = sitting.undecided + sitting.without_client(plan) + overwritten + sitting.open
        if not left and sitting.quiet_s > CALM_FOR_S:
            return
        time.sleep(STEP_S)
    tell(f"Not settled: {sitting.undecided} undecided, {sitting.open} hand-offs open")
