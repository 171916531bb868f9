"""The portal is asked for once in ten minutes by all processes together, and outlives bad days."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from worker.hubspot.errors import Transient
from worker.portal import Portal, PortalNotReady, StageKind
from worker.processes.portal_keeper import KEPT_S, READ_AGAIN_S, PortalKeeper
from worker.processes.shared_view import SharedView
from worker.routing.portal_view import ROUTING_STATUSES, PortalView

POLICY: Any = SimpleNamespace(queues={}, types={}, requests={})


def portal(label: str = "OCR") -> Portal:
    options = {
        "routing_queue": frozenset({"ocr"}),
        "routing_ticket_type": frozenset({"ocr_error"}),
        "routing_status": frozenset(ROUTING_STATUSES),
        "escalation_request": frozenset[str](),
    }
    return Portal(
        pipeline_id="0",
        kinds={"1": StageKind.INTAKE, "2": StageKind.QUEUE},
        queue_of={"2": "ocr"},
        stage_of={"ocr": "2"},
        labels={"1": "New", "2": label},
        go_live=datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
        view=PortalView(frozenset({"ocr"}), options),
        has_admin_label=True,
    )


class Clock:
    """Both clocks, moved by hand."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000.0
        patch.setattr("worker.processes.portal_keeper.time.monotonic", lambda: self.now)
        patch.setattr("worker.processes.shared_view.time.time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class HubSpotSays:
    """What HubSpot answers, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.portal: Portal | None = portal()

    def __call__(self) -> Portal:
        self.asked += 1
        if self.portal is None:
            raise Transient("HubSpot failed with 503")
        return self.portal


def keeper(says: HubSpotSays, client: redis.Redis) -> PortalKeeper:
    return PortalKeeper(says, SharedView(client, "portal:test", Portal))


def test_a_process_that_starts_takes_what_another_read(
    redis_client: redis.Redis, clock: Clock
) -> None:
    says = HubSpotSays()
    assert keeper(says, redis_client).current(POLICY) == portal()
    says.portal = None
    assert keeper(says, redis_client).current(POLICY) == portal(), "the same to the last field"
    assert says.asked == 1


def test_it_is_read_anew_every_ten_minutes_by_one_of_them(
    redis_client: redis.Redis, clock: Clock
) -> None:
    says = HubSpotSays()
    one = keeper(says, redis_client)
    one.current(POLICY)
    clock.now += KEPT_S - 1
    other = keeper(says, redis_client)
    other.current(POLICY)
    assert says.asked == 1
    says.portal = portal("Scanning")
    clock.now += 2
    assert other.current(POLICY).labels["2"] == "Scanning"
    assert one.current(POLICY).labels["2"] == "Scanning"
    assert says.asked == 2


def test_while_hubspot_does_not_tell_what_it_told_last_stands(
    redis_client: redis.Redis, clock: Clock
) -> None:
    says = HubSpotSays()
    one = keeper(says, redis_client)
    one.current(POLICY)
    says.portal = None
    clock.now += KEPT_S + 1
    assert one.current(POLICY) == keeper(says, redis_client).current(POLICY) == portal()
    asked = says.asked
    one.current(POLICY)
    assert says.asked == asked, "it is not asked for every batch"
    says.portal = portal("Scanning")
    clock.now += READ_AGAIN_S + 1
    assert one.current(POLICY).labels["2"] == "Scanning"


def test_what_was_never_told_is_not_made_up(redis_client: redis.Redis) -> None:
    says = HubSpotSays()
    says.portal = None
    with pytest.raises(Transient):
        keeper(says, redis_client).current(POLICY)


def test_what_another_version_kept_is_asked_for_again(redis_client: redis.Redis) -> None:
    redis_client.set("ticket-worker:view:portal:test", b'{"at": 1e12, "value": {"stages": []}}')
    says = HubSpotSays()
    assert keeper(says, redis_client).current(POLICY) == portal()
    assert says.asked == 1


@pytest.mark.parametrize("forgotten", ["told", "not ready"])
def test_a_portal_that_changed_is_read_anew(redis_client: redis.Redis, forgotten: str) -> None:
    says = HubSpotSays()
    one = keeper(says, redis_client)
    one.current(POLICY)
    if forgotten == "told":
        one.forget()
    else:
        needs_more: Any = SimpleNamespace(
            queues={"it": SimpleNamespace(label="IT")}, types={}, requests={}
        )
        with pytest.raises(PortalNotReady, match="no live stage"):
            one.current(needs_more)
    keeper(says, redis_client).current(POLICY)
    assert says.asked == 2
