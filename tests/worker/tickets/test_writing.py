"""What guards each write: the lease, the single attempt, the bound on moves."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, route_all, settings_for, writes
from worker.hubspot.models import Reading, Update, Writing
from worker.intake.inbox import KEYS, Claim, Source
from worker.runtime import Runtime
from worker.tickets.loops import MOST_A_DAY
from worker.tickets.writing import MOST_LOOKS

PASSWORD = {"subject": "locked out", "content": "Please reset my password for the portal."}
UPDATE = "tickets/batch/update"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running_simulator("--empty") as url, Hub(url) as hub:
        hub.settings(rates_enabled=False)
        provision(settings_for(url, "redis://127.0.0.1:1", Path("unused")))
        yield url


@pytest.fixture
def hub(base: str) -> Iterator[Hub]:
    with Hub(base) as hub:
        yield hub
        hub.control("PUT", "/faults", {"rules": []})


@pytest.fixture
def here(hub: Hub, redis_url: str, folder: Path) -> Runtime:
    return Runtime(settings_for(hub.base, redis_url, folder))


class NoBackoff:
    """Tries again at once."""

    def compute(self, failures: int) -> float:
        return -0.5


def claimed(here: Runtime, ids: list[str]) -> Claim:
    here.inbox.announce(ids, Source.WEBHOOK)
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        claim, _ = here.inbox.claim()
        if isinstance(claim, Claim):
            return claim
        time.sleep(0.05)
    raise AssertionError(f"{ids} were not claimed")


def route(here: Runtime, claim: Claim) -> str:
    policy = here.policy.current()
    return str(here.flow.route(claim, policy, here.portal.current(policy)))


def status(hub: Hub, ticket_id: str) -> str:
    return str(hub.truth("tickets", ticket_id)["properties"].get("routing_status") or "")


def stage(hub: Hub, label: str) -> str:
    stages = hub.control("GET", "/pipelines")["results"][0]["stages"]
    return str(next(one["id"] for one in stages if one["label"] == label))


def moves(hub: Hub, ticket_id: str) -> int:
    return sum("hs_pipeline_stage" in entry["changes"] for entry in writes(hub, ticket_id))


def test_whoever_lost_the_lease_while_reading_writes_nothing(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, kept = hub.ticket(**PASSWORD), hub.ticket(**PASSWORD)
    claim = claimed(here, [lost, kept])
    read = here.hubspot.read

    def slow(
        object_type: str, ids: Sequence[str], properties: Sequence[str], history: Sequence[str] = ()
    ) -> Reading:
        # So slow that the lease ran out and somebody else has the ticket now.
        here.redis.hset(KEYS["lease"], lost, "somebody-else:1")
        return read(object_type, ids, properties, history)

    monkeypatch.setattr(here.hubspot, "read", slow)
    route(here, claim)
    assert writes(hub, lost) == []
    assert status(hub, kept) == "decided"
    assert here.redis.hget(KEYS["lease"], lost) == b"somebody-else:1", "nor is it settled"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "504", "after_write": True},
        {"kind": "reset", "after_write": True},
        {"kind": "truncate"},
    ],
    ids=["504", "reset", "truncated"],
)
def test_a_write_of_unknown_outcome_is_read_again_and_never_sent_twice(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object]
) -> None:
    """It did arrive. A person moves the ticket before we look again: sending twice would undo
    that."""
    monkeypatch.setattr("worker.tickets.writing.OUTAGE_WAIT_S", (0.0, 0.01))
    ticket_id = hub.ticket(**PASSWORD)
    hub.control("PUT", "/faults", {"rules": [{"match": UPDATE, "times": 1, **fault}]})
    claim = claimed(here, [ticket_id])
    assert route(here, claim) == "1 ticket: 1 postponed"
    assert moves(hub, ticket_id) == 1
    ocr = {"hs_pipeline_stage": stage(hub, "OCR")}
    hub.act("user", "7002", "update", object_type="tickets", id=ticket_id, properties=ocr)
    route_all(here, [ticket_id])
    said = hub.truth("tickets", ticket_id)["properties"]
    assert said["hs_pipeline_stage"] == ocr["hs_pipeline_stage"]
    assert said["routing_status"] == "locked"
    assert moves(hub, ticket_id) == 1


def test_a_write_that_never_arrived_is_made_after_reading_again(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.tickets.writing.OUTAGE_WAIT_S", (0.0, 0.01))
    ticket_id = hub.ticket(**PASSWORD)
    hub.control("PUT", "/faults", {"rules": [{"match": UPDATE, "kind": "503", "times": 1}]})
    assert route(here, claimed(here, [ticket_id])) == "1 ticket: 1 postponed"
    assert writes(hub, ticket_id) == []
    route_all(here, [ticket_id])
    assert status(hub, ticket_id) == "decided"
    assert moves(hub, ticket_id) == 1


@pytest.mark.parametrize("after_write", [False, True], ids=["lost", "arrived"])
def test_a_restoration_of_unknown_outcome_is_made_again(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch, after_write: bool
) -> None:
    monkeypatch.setattr("worker.tickets.writing.OUTAGE_WAIT_S", (0.0, 0.01))
    ticket_id = hub.ticket(**PASSWORD)
    ocr = {"hs_pipeline_stage": stage(hub, "OCR")}
    update = here.hubspot.update
    sent: list[Sequence[Update]] = []

    def disturbed(object_type: str, rows: Sequence[Update]) -> Writing:
        if object_type == "tickets":
            sent.append(rows)
            if len(sent) == 1:  # a person moves it between our read and our write
                hub.act(
                    "user", "7002", "update", object_type="tickets", id=ticket_id, properties=ocr
                )
            if len(sent) == 2:
                rule = {"match": UPDATE, "kind": "503", "times": 1, "after_write": after_write}
                hub.control("PUT", "/faults", {"rules": [rule]})
        return update(object_type, rows)

    monkeypatch.setattr(here.hubspot, "update", disturbed)
    route(here, claimed(here, [ticket_id]))
    route_all(here, [ticket_id])
    said = hub.truth("tickets", ticket_id)["properties"]
    assert said["hs_pipeline_stage"] == ocr["hs_pipeline_stage"]
    assert said["routing_status"] == "locked"


def test_a_row_that_hubspot_failed_on_is_tried_again_and_is_no_refusal(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.intake.inbox.BACKOFF", NoBackoff())
    ticket_id = hub.ticket(**PASSWORD)
    rule = {"match": UPDATE, "kind": "row_errors", "share": 1.0, "times": 1}
    hub.control("PUT", "/faults", {"rules": [rule]})
    left = here.inbox.attempts_left(ticket_id)
    assert route(here, claimed(here, [ticket_id])) == "1 ticket: 1 failed at HubSpot"
    assert here.inbox.attempts_left(ticket_id) == left - 1
    route_all(here, [ticket_id])
    assert status(hub, ticket_id) == "decided"
    assert here.inbox.failures() == []


def test_moves_that_hubspot_did_not_take_are_no_circle(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.tickets.writing.OUTAGE_WAIT_S", (0.0, 0.01))
    ticket_id = hub.ticket(**PASSWORD)
    for _ in range(MOST_A_DAY + 2):
        hub.control("PUT", "/faults", {"rules": [{"match": UPDATE, "kind": "503", "times": 1}]})
        route(here, claimed(here, [ticket_id]))
    route_all(here, [ticket_id])
    assert status(hub, ticket_id) == "decided"


def test_a_ticket_that_keeps_coming_back_is_moved_ten_times_a_day_and_then_left(
    hub: Hub, here: Runtime
) -> None:
    """A person (or a robot signed in as one) drags it to intake without end."""
    ticket_id = hub.ticket(**PASSWORD)
    intake = {"hs_pipeline_stage": stage(hub, "New")}
    for _ in range(MOST_A_DAY + 3):
        route_all(here, [ticket_id])
        hub.act("user", "7002", "update", object_type="tickets", id=ticket_id, properties=intake)
    assert moves(hub, ticket_id) == MOST_A_DAY
    said = hub.truth("tickets", ticket_id)["properties"]
    assert said["routing_status"] == "failed"
    assert "kept coming back" in said["routing_reason"]
    assert here.counters.totals()["loops_stopped"] >= 1


def test_a_person_who_moves_it_at_each_of_our_writes_ends_where_they_want(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.tickets.writing.LOOKS_ON_S", 0.0)
    ticket_id = hub.ticket(**PASSWORD)
    update = here.hubspot.update
    left = ["OCR", "IT", "Product"] * MOST_LOOKS  # wished from the last to the first

    def disturbed(object_type: str, rows: Sequence[Update]) -> Writing:
        if object_type == "tickets" and left:
            place = {"hs_pipeline_stage": stage(hub, left.pop())}
            hub.act("user", "7002", "update", object_type="tickets", id=ticket_id, properties=place)
        return update(object_type, rows)

    monkeypatch.setattr(here.hubspot, "update", disturbed)
    route_all(here, [ticket_id])
    assert left == [], "every one of them was met"
    said = hub.truth("tickets", ticket_id)["properties"]
    assert said["hs_pipeline_stage"] == stage(hub, "OCR")
    assert (said["routing_queue"], said["routing_status"]) == ("ocr", "locked")
