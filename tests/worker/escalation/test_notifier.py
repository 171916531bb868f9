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
from worker.escalation.card_drawing import as_text
from worker.escalation.holds import KEY
from worker.escalation.teams import post_card
from worker.routing.policy import DEFAULT_POLICY
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


def test_every_hand_off_of_a_ticket_is_announced_however_long_the_channel_was_away(
    hub: Hub, redis_url: str, folder: Path
) -> None:
    with running_channel() as channel:
        channel.fail(times=1, status=503, retry_after_s=300)
        here = Runtime(
            settings_for(hub.base, redis_url, folder, teams_webhook_url=SecretStr(channel.webhook))
        )
        ticket_id = hub.ticket(**PASSWORD)
        route_all(here, [ticket_id])
        for request in ("exceeds_level_1", "not_reproducible", "relay_to_client"):
            ask(hub, ticket_id, request)
            route_all(here, [ticket_id])
        assert channel.posted()["failed"] == 1, "a channel that asks for time is left alone"
        assert channel.cards() == []
        here.redis.delete(KEY + "TEAMS_WEBHOOK_URL")
        route_all(here, [ticket_id])
        first, second = (as_text(card)[1] for card in channel.cards())
        assert "Level 1 Support → Level 2 Support" in first
        assert "Level 2 Support → IT" in second, "not where the ticket is by now"
        assert "Still missing" not in second, "5.7 is about what Level 1 hands on"
        assert "Relay" not in first + second, "the note of the last request is not theirs"
        said = hub.truth("tickets", ticket_id)["properties"]
        assert said["escalation_notice"].startswith("sent not_reproducible")


def test_a_channel_that_is_away_is_asked_once_for_all_that_is_due(
    hub: Hub, redis_url: str, folder: Path
) -> None:
    with running_channel() as channel:
        channel.fail(times=100, status=503)
        here = Runtime(
            settings_for(hub.base, redis_url, folder, teams_webhook_url=SecretStr(channel.webhook))
        )
        ids = [hub.ticket(**PASSWORD) for _ in range(5)]
        route_all(here, ids)
        for id_ in ids:
            ask(hub, id_, "exceeds_level_1")
        route_all(here, ids)
        assert channel.posted()["failed"] == 1


def test_who_was_away_is_told_later_and_nobody_is_told_twice(
    hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = folder / "policy.yaml"
    policy.write_text(DEFAULT_POLICY.read_text().replace("    also: []", "    also: [LEAD]"))
    with running_channel() as channel, running_channel() as lead:
        monkeypatch.setenv("LEAD", lead.webhook.replace("http://", "json://"))
        monkeypatch.setattr("worker.escalation.delivery.tell", by_post)
        lead.fail(times=1, status=500)
        here = Runtime(
            settings_for(
                hub.base,
                redis_url,
                folder,
                teams_webhook_url=SecretStr(channel.webhook),
                policy_file=policy,
            )
        )
        ticket_id = hub.ticket(**PASSWORD)
        route_all(here, [ticket_id])
        ask(hub, ticket_id, "exceeds_level_1")
        route_all(here, [ticket_id])
        notice = hub.truth("tickets", ticket_id)["properties"]["escalation_notice"]
        assert notice.endswith("told=TEAMS_WEBHOOK_URL")
        here.redis.delete(KEY + "LEAD")
        route_all(here, [ticket_id])
        notice = hub.truth("tickets", ticket_id)["properties"]["escalation_notice"]
        assert notice.startswith("sent")
        assert (len(channel.cards()), len(lead.cards())) == (1, 1)


def by_post(address: SecretStr, title: str, text: str) -> None:
    """A receiver that takes what the channel takes."""
    body = [{"type": "TextBlock", "text": f"{title} {text}"}]
    card = {"type": "AdaptiveCard", "version": "1.4", "body": body}
    post_card(SecretStr(address.get_secret_value().replace("json://", "http://")), card)
