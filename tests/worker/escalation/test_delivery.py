"""Delivery: the Teams channel first, then whoever else is to be told; off unless named."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from pydantic import SecretStr

from tests.worker.escalation.test_cards import LINK, ONE
from worker.escalation.cards import hand_off_card
from worker.escalation.delivery import Delivery
from worker.escalation.receivers import tell
from worker.escalation.teams import NotDelivered

# The library asks for a module that Python is about to drop, and does without it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
TEAMS = "https://teams.example/workflows/1?sig=s3cret"
CARD = hand_off_card(ONE)


class Held:
    """Addresses by variable."""

    def __init__(self, **addresses: str) -> None:
        self._addresses = addresses

    def address(self, variable: str) -> SecretStr:
        return SecretStr(self._addresses.get(variable, ""))


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def sent(call: Any) -> Any:
    return json.loads(call.request.body)


def test_by_default_teams_alone_is_told(web: responses.RequestsMock) -> None:
    web.post(TEAMS, status=202)
    Delivery(Held(CHANNEL=TEAMS)).deliver("CHANNEL", (), CARD)
    assert len(web.calls) == 1


def test_others_are_told_in_plain_words_with_the_link(web: responses.RequestsMock) -> None:
    web.post(TEAMS, status=202)
    web.post("http://receiver.example/hook", status=200)
    delivery = Delivery(Held(CHANNEL=TEAMS, LEAD="json://receiver.example/hook"))
    delivery.deliver("CHANNEL", ("LEAD",), CARD)
    told = sent(web.calls[1])
    assert told["title"] == "A ticket was handed off"
    assert "Level 1 Support → Level 2 Support" in told["message"]
    assert LINK in told["message"]


def test_slack_is_told(web: responses.RequestsMock) -> None:
    tokens = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    web.post(f"https://hooks.slack.com/services/{tokens}", body="ok")
    tell(SecretStr(f"slack://{tokens}"), "title", "text")
    assert "text" in str(sent(web.calls[0]))


def test_when_teams_does_not_take_it_nobody_else_is_told(web: responses.RequestsMock) -> None:
    web.post(TEAMS, status=503, headers={"Retry-After": "9"})
    delivery = Delivery(Held(CHANNEL=TEAMS, LEAD="json://receiver.example/hook"))
    with pytest.raises(NotDelivered) as raised:
        delivery.deliver("CHANNEL", ("LEAD",), CARD)
    assert raised.value.retry_after_s == 9
    assert len(web.calls) == 1


@pytest.mark.parametrize("address", ["", "no address", "json://receiver.example/hook"])
def test_one_who_can_not_be_told_does_not_repeat_teams(
    web: responses.RequestsMock, address: str
) -> None:
    web.post(TEAMS, status=202)
    if address.startswith("json"):
        web.post("http://receiver.example/hook", status=500)
    Delivery(Held(CHANNEL=TEAMS, LEAD=address)).deliver("CHANNEL", ("LEAD",), CARD)
    assert web.calls[0].request.url == TEAMS


def test_an_address_is_in_no_error_and_no_log_line(
    web: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    web.post("http://receiver.example/s3cret-path", status=401, body="s3cret-answer")
    with caplog.at_level(logging.DEBUG), pytest.raises(NotDelivered) as raised:
        tell(SecretStr("json://ada:s3cret-pass@receiver.example/s3cret-path"), "title", "text")
    assert "s3cret" not in str(raised.value)
    assert "s3cret" not in caplog.text.replace("http://receiver.example:80", "")


def test_whether_a_channel_has_an_address() -> None:
    delivery = Delivery(Held(CHANNEL=TEAMS))
    assert delivery.reaches("CHANNEL")
    assert not delivery.reaches("OTHER")


def test_the_library_of_other_receivers_is_not_loaded_for_teams() -> None:
    code = "import sys, worker.escalation.delivery; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
