"""The stand-in for Teams takes what Teams takes, and cards get there over a real wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from pydantic import SecretStr

from tests.teams_channel import TeamsChannel, running_channel
from tests.worker.escalation.test_cards import ONE, every_card, nasty
from worker.escalation.card_drawing import encoded, message
from worker.escalation.cards import hand_off_card
from worker.escalation.teams import NotDelivered, post_card


@pytest.fixture(scope="module")
def running() -> Iterator[TeamsChannel]:
    with running_channel() as channel:
        yield channel


@pytest.fixture
def channel(running: TeamsChannel) -> TeamsChannel:
    running.forget()
    return running


def test_cards_arrive_as_they_were_sent(channel: TeamsChannel) -> None:
    cards = [hand_off_card(ONE), *every_card(nasty())]
    for card in cards:
        post_card(SecretStr(channel.webhook), card)
    assert channel.cards() == cards
    kept = channel.posted()["cards"]
    assert [one["bytes"] for one in kept] == [len(encoded(card)) for card in cards]
    assert "s3cret" not in str(kept)


def test_what_teams_would_not_show_is_refused_with_the_reason(channel: TeamsChannel) -> None:
    card = hand_off_card(ONE)
    card["body"].append({"type": "TextBlock"})
    with pytest.raises(NotDelivered, match="answered 400"):
        post_card(SecretStr(channel.webhook), card)
    assert channel.posted()["cards"] == []
    assert f"body/{len(card['body']) - 1}:" in channel.posted()["refused"][0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"type": "message"}', 400),
        (b'{"type": "message", "attachments": [{"content": {}}]}', 400),
        (b" " * 30_000, 413),
    ],
)
def test_what_is_no_message_is_refused(channel: TeamsChannel, body: bytes, status: int) -> None:
    assert requests.post(channel.webhook, data=body, timeout=5).status_code == status
    assert len(channel.posted()["refused"]) == 1


def test_an_old_card_format_is_refused(channel: TeamsChannel) -> None:
    sent = message(hand_off_card(ONE))
    sent["attachments"][0]["contentType"] = "application/vnd.microsoft.teams.card.o365connector"
    assert requests.post(channel.webhook, json=sent, timeout=5).status_code == 400


def test_outages_can_be_had_and_end(channel: TeamsChannel) -> None:
    channel.fail(times=2, status=429, retry_after_s=1.5)
    for _ in range(2):
        with pytest.raises(NotDelivered) as raised:
            post_card(SecretStr(channel.webhook), hand_off_card(ONE))
        assert raised.value.retry_after_s == 1.5
    post_card(SecretStr(channel.webhook), hand_off_card(ONE))
    assert len(channel.cards()) == 1
    assert channel.posted()["failed"] == 2


def test_a_channel_that_is_gone_is_not_delivered() -> None:
    with running_channel() as channel:
        webhook = SecretStr(channel.webhook)
    with pytest.raises(NotDelivered, match="could not be reached") as raised:
        post_card(webhook, hand_off_card(ONE))
    assert "s3cret" not in str(raised.value)
