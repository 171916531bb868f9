"""Notices from the ledger on the ticket to a channel that really answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.simulator.hub import Hub
from tests.stack import route_all, settings_for
from tests.teams_channel import running_channel
from tests.worker.escalation.test_flow_of_requests import ask
from tests.worker.people import PASSWORD, client
from worker.runtime import Runtime


def test_a_hand_off_is_announced_once_with_its_client_and_noted_on_the_ticket(
    hub: Hub, redis_url: str, folder: Path
) -> None:
    with running_channel() as channel:
        here = Runtime(
            settings_for(hub.base, redis_url, folder, teams_webhook_url=SecretStr(channel.webhook))
        )
        company, contact = client(hub)
        ticket_id = hub.ticket(**PASSWORD, contact_id=contact, company_id=company)
        route_all(here, [ticket_id])
        ask(hub, ticket_id, "exceeds_level_1")
        route_all(here, [ticket_id])
        assert hub.truth("tickets", ticket_id)["properties"]["escalation_notice"].startswith("sent")
        route_all(here, [ticket_id])
        (message,) = channel.cards()
        assert "NetSuite" in str(message)
        assert f"/record/0-5/{ticket_id}" in str(message)


def test_a_channel_that_is_away_keeps_the_notice_due_and_gets_it_later(
    hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.escalation.notifier.AWAY_WAIT_S", (0.0, 0.1))
    with running_channel() as channel:
        channel.fail(times=1, status=503)
        here = Runtime(
            settings_for(hub.base, redis_url, folder, teams_webhook_url=SecretStr(channel.webhook))
        )
        ticket_id = hub.ticket(**PASSWORD)
        route_all(here, [ticket_id])
        ask(hub, ticket_id, "exceeds_level_1")
        told = route_all(here, [ticket_id])
        said = hub.truth("tickets", ticket_id)["properties"]
        assert said["routing_queue"] == "level_2", "the move does not wait for the notice"
        if "1 announced" not in told:
            assert said["escalation_notice"].startswith("due")
            route_all(here, [ticket_id])
        said = hub.truth("tickets", ticket_id)["properties"]
        assert said["escalation_notice"].startswith("sent")
        assert len(channel.cards()) == 1
