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
from worker.routing.escalation_rules import NoticeRules

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


RULES = NoticeRules(channel="CHANNEL")
WITH_LEAD = NoticeRules(channel="CHANNEL", also=("LEAD",))
LEAD = "json://receiver.example/hook"


def test_by_default_teams_alone_is_told(web: responses.RequestsMock) -> None:
    web.post(TEAMS, status=202)
    done = Delivery(Held(CHANNEL=TEAMS)).deliver(RULES, CARD)
    assert (done.told, done.everybody) == (("CHANNEL",), True)
    assert len(web.calls) == 1


def test_others_are_told_in_plain_words_with_the_link(web: responses.RequestsMock) -> None:
    web.post(TEAMS, status=202)
    web.post("http://receiver.example/hook", status=200)
    done = Delivery(Held(CHANNEL=TEAMS, LEAD=LEAD)).deliver(WITH_LEAD, CARD)
    assert (done.told, done.everybody) == (("CHANNEL", "LEAD"), True)
    told = sent(web.calls[1])
    assert told["title"] == "A ticket was handed off"
    assert "Level 1 Support → Level 2 Support" in told["message"]
    assert LINK in told["message"]


def test_slack_is_told(web: responses.RequestsMock) -> None:
    tokens = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    web.post(f"https://hooks.slack.com/services/{tokens}", body="ok")
    tell(SecretStr(f"slack://{tokens}"), "title", "text")
    assert "text" in str(sent(web.calls[0]))


def test_who_did_not_take_it_is_named_with_the_wait_and_the_others_are_told(
    web: responses.RequestsMock,
) -> None:
    web.post(TEAMS, status=503, headers={"Retry-After": "9"})
    web.post("http://receiver.example/hook", status=200)
    done = Delivery(Held(CHANNEL=TEAMS, LEAD=LEAD)).deliver(WITH_LEAD, CARD)
    assert (done.told, done.everybody) == (("LEAD",), False)
    assert done.failed["CHANNEL"].retry_after_s == 9


def test_at_the_next_try_only_those_are_told_who_do_not_know_yet(
    web: responses.RequestsMock,
) -> None:
    web.post(TEAMS, status=202)
    done = Delivery(Held(CHANNEL=TEAMS, LEAD=LEAD)).deliver(WITH_LEAD, CARD, told=("LEAD",))
    assert done.everybody
    assert [call.request.url for call in web.calls] == [TEAMS]


def test_who_is_to_be_left_alone_is_not_asked(web: responses.RequestsMock) -> None:
    done = Delivery(Held(CHANNEL=TEAMS)).deliver(RULES, CARD, away=("CHANNEL",))
    assert (done.told, done.failed, done.everybody) == ((), {}, False)
    assert len(web.calls) == 0


@pytest.mark.parametrize("address", ["no address", LEAD])
def test_one_who_can_not_be_told_does_not_repeat_teams(
    web: responses.RequestsMock, address: str
) -> None:
    web.post(TEAMS, status=202)
    if address == LEAD:
        web.post("http://receiver.example/hook", status=500)
    done = Delivery(Held(CHANNEL=TEAMS, LEAD=address)).deliver(WITH_LEAD, CARD)
    assert (done.told, list(done.failed), done.everybody) == (("CHANNEL",), ["LEAD"], False)
    assert web.calls[0].request.url == TEAMS


def test_an_address_is_in_no_error_and_no_log_line(
    web: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    web.post("http://receiver.example/s3cret-path", status=401, body="s3cret-answer")
    with caplog.at_level(logging.DEBUG), pytest.raises(NotDelivered) as raised:
        tell(SecretStr("json://ada:s3cret-pass@receiver.example/s3cret-path"), "title", "text")
    assert "s3cret" not in str(raised.value)
    assert "s3cret" not in caplog.text.replace("http://receiver.example:80", "")


def test_receivers_are_those_with_an_address_so_a_house_without_teams_has_its_mail() -> None:
    assert Delivery(Held(CHANNEL=TEAMS)).receivers(WITH_LEAD) == ("CHANNEL",)
    assert Delivery(Held(LEAD=LEAD)).receivers(WITH_LEAD) == ("LEAD",)
    assert Delivery(Held()).receivers(WITH_LEAD) == ()
    assert not Delivery(Held()).deliver(WITH_LEAD, CARD).everybody


def test_the_library_of_other_receivers_is_not_loaded_for_teams() -> None:
    code = "import sys, worker.escalation.delivery; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
