"""Posting to Teams: 2xx or `NotDelivered`, and the address stays secret."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
import responses
from pydantic import SecretStr

from tests.worker.escalation.test_cards import ONE
from worker.escalation.card_drawing import message
from worker.escalation.cards import hand_off_card
from worker.escalation.teams import LONGEST_WAIT_S, NotDelivered, post_card, seconds

KEY = "sig-that-nobody-may-see"
URL = f"https://prod-1.westus.logic.azure.example/workflows/abc/triggers/manual?sig={KEY}"
CARD = hand_off_card(ONE)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def refusal() -> NotDelivered:
    with pytest.raises(NotDelivered) as raised:
        post_card(SecretStr(URL), CARD)
    return raised.value


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_card_is_posted_as_json_in_its_envelope(web: responses.RequestsMock, status: int) -> None:
    web.post(URL, status=status)
    post_card(SecretStr(URL), CARD)
    sent = web.calls[0].request
    assert json.loads(sent.body or "") == message(CARD)
    assert sent.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 413, 429, 500, 503])
def test_anything_but_2xx_is_not_delivered_and_no_redirect_is_followed(
    web: responses.RequestsMock, status: int
) -> None:
    web.post(URL, status=status, headers={"Location": "https://elsewhere.example/"})
    error = refusal()
    assert f"Teams answered {status}" in str(error)
    assert error.retry_after_s is None
    assert len(web.calls) == 1


@pytest.mark.parametrize(
    "fault",
    [
        requests.ConnectionError(f"refused for {URL}"),
        requests.Timeout(f"too slow: {URL}"),
        requests.exceptions.SSLError(URL),
        OSError(URL),
    ],
)
def test_the_address_is_in_no_error(web: responses.RequestsMock, fault: Exception) -> None:
    web.post(URL, body=fault)
    error = refusal()
    told = "".join(traceback.format_exception(error)) + repr(error)
    assert KEY not in told
    assert error.__context__ is None
    assert type(fault).__name__ in str(error)


def test_the_address_is_in_no_log_line(
    web: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    web.post(URL, status=500)
    with caplog.at_level(logging.DEBUG):
        refusal()
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    "address", ["not an address", "ftp://x.example", "https://", "https://[::1"]
)
def test_a_wrong_address_is_not_delivered(address: str) -> None:
    with pytest.raises(NotDelivered) as raised:
        post_card(SecretStr(address), CARD)
    assert address not in str(raised.value)


def test_no_address_is_said() -> None:
    with pytest.raises(NotDelivered, match="set the variable that the policy names"):
        post_card(SecretStr(""), CARD)


def test_the_wait_that_teams_asks_for_is_handed_on(web: responses.RequestsMock) -> None:
    web.post(URL, status=429, headers={"Retry-After": "17"})
    assert refusal().retry_after_s == 17


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("5", 5.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("999999", LONGEST_WAIT_S),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("soon", None),
        ("Mon, 99 Foo", None),
    ],
)
def test_retry_after_is_seconds_within_reason(header: str, wanted: float | None) -> None:
    assert seconds(header) == wanted


def test_retry_after_may_be_a_date() -> None:
    at = datetime.now(UTC) + timedelta(seconds=90)
    wait = seconds(format_datetime(at, usegmt=True))
    assert wait is not None
    assert 80 < wait <= 90


def test_the_environments_proxies_are_not_used(
    web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    web.post(URL, status=202)
    post_card(SecretStr(URL), CARD)
    assert not web.calls[0].request.req_kwargs["proxies"]  # type: ignore[attr-defined]


def test_every_wait_ends(web: responses.RequestsMock) -> None:
    web.post(URL, status=202)
    post_card(SecretStr(URL), CARD)
    connect, read = web.calls[0].request.req_kwargs["timeout"]  # type: ignore[attr-defined]
    assert 0 < connect < 10
    assert 0 < read <= 30
