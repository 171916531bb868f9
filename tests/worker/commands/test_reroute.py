"""`ticket-worker reroute`, `backfill` and `explain` against a simulated portal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, route_all, settings_for
from worker.commands.explain import run_explain
from worker.commands.reroute import run_backfill, run_reroute
from worker.portal import PORTAL_ID_KEY
from worker.runtime import Runtime

PASSWORD = "Please reset my password for the portal."
OLD = "2019-03-04T05:06:07Z"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_simulator("--empty") as base, Hub(base) as hub:
        hub.settings(rates_enabled=False)
        provision(settings_for(base, "redis://127.0.0.1:1/0", tmp_path_factory.mktemp("x")))
        yield hub


class Desk:
    """A person at the command line, beside a worker that suggests."""

    def __init__(self, hub: Hub, redis_url: str, folder: Path) -> None:
        self.here = Runtime(settings_for(hub.base, redis_url, folder, routing_mode="suggest"))
        self._page = io.StringIO()
        self.console = Console(file=self._page, width=200)

    @property
    def said(self) -> str:
        return " ".join(self._page.getvalue().split())


@pytest.fixture
def desk(hub: Hub, redis_url: str, folder: Path) -> Iterator[Desk]:
    hub.control("POST", "/counters/reset")
    desk = Desk(hub, redis_url, folder)
    yield desk
    desk.here.redis.close()


def values(hub: Hub, ticket: str) -> dict[str, Any]:
    found: dict[str, Any] = hub.truth("tickets", ticket)["properties"]
    return found


def written(hub: Hub) -> int:
    by_endpoint = hub.control("GET", "/counters")["by_endpoint"]
    return sum(n for call, n in by_endpoint.items() if "batch/update" in call)


def test_tickets_that_are_named_wait_for_a_new_decision(desk: Desk) -> None:
    assert run_reroute(desk.here, ["11"], False, desk.console) == 0
    assert desk.said == "1 tickets will be decided again"
    assert set(desk.here.inbox.reroutes(["11", "12"])) == {"11"}
    assert desk.here.inbox.counts()["due"] == 1


def test_without_tickets_nothing_is_done(desk: Desk) -> None:
    assert run_reroute(desk.here, [], False, desk.console) == 2
    assert "Nothing was done" in desk.said
    assert desk.here.inbox.counts()["due"] == 0


def test_the_suggested_ones_are_found(desk: Desk, hub: Hub) -> None:
    suggested = hub.ticket(content=PASSWORD)
    fresh = hub.ticket(content=PASSWORD)
    route_all(desk.here, [suggested])
    assert values(hub, suggested)["routing_status"] == "suggested"
    assert run_reroute(desk.here, [], True, desk.console) == 0
    waiting = desk.here.inbox.reroutes([suggested, fresh])
    assert set(waiting) == {suggested}


def test_a_dry_run_of_older_tickets_shows_them_and_writes_nothing(desk: Desk, hub: Hub) -> None:
    old = hub.ticket(
        content=PASSWORD, subject="[/b] reset\x1b[2J", created_at=OLD, attach_after_s=0
    )
    since = datetime(2019, 3, 1, tzinfo=UTC)
    assert run_backfill(desk.here, since, 1, True, desk.console) == 0
    assert "1 older tickets would be decided; nothing was written" in desk.said
    assert f"{old} [/b] reset�[2J" in desk.said
    assert written(hub) == 0
    assert desk.here.inbox.counts()["due"] == 0


def test_older_tickets_are_announced_up_to_the_limit_and_no_newer_ones(
    desk: Desk, hub: Hub
) -> None:
    since = datetime(2016, 1, 1, tzinfo=UTC)
    older = [hub.ticket(content=PASSWORD, created_at=f"2016-02-0{n}T00:00:00Z") for n in (1, 2, 3)]
    after_go_live = hub.ticket(content=PASSWORD)
    assert run_backfill(desk.here, since, 2, False, desk.console) == 0
    assert "2 older tickets will be decided" in desk.said
    assert desk.here.inbox.counts()["due"] == 2
    assert run_backfill(desk.here, since, 100_000, False, desk.console) == 0
    assert set(desk.here.inbox.reroutes([*older, after_go_live])) == set(older)


def test_explain_tells_what_happened_and_what_would(desk: Desk, hub: Hub) -> None:
    ticket = hub.ticket(content=PASSWORD, subject="Login")
    hub.act("user", "7001", "update", object_type="tickets", id=ticket, properties={"subject": "X"})
    route_all(desk.here, [ticket])
    assert run_explain(desk.here, ticket, desk.console) == 0
    for words in (f"Ticket {ticket} X", "Stage now: New", "password_reset", "suggested"):
        assert words in desk.said
    assert "instead of" in desk.said
    assert values(hub, ticket)["routing_reason"].split("\n")[0][:40] in desk.said


def test_explain_follows_a_merged_ticket(desk: Desk, hub: Hub) -> None:
    one, other = hub.ticket(), hub.ticket()
    merged = hub.act("user", "7001", "merge", object_type="tickets", id=one, into_id=other)["id"]
    assert run_explain(desk.here, one, desk.console) == 1
    assert f"Ticket {one} was merged; it lives on as {merged}." in desk.said


def test_the_receiver_is_told_whose_portal_this_is(desk: Desk, hub: Hub) -> None:
    desk.here.portal.current(desk.here.policy.current())
    assert (
        desk.here.redis.get(PORTAL_ID_KEY)
        == str(hub.control("GET", "/settings")["portal_id"]).encode()
    )
