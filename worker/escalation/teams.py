"""Posts cards to Teams through a Workflows webhook. Its address is the key to the channel: it is in
no log line and no exception.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from pydantic import SecretStr

from worker.escalation.card_drawing import Card, encoded

CONNECT_S, READ_S = 3.05, 15.0
LONGEST_WAIT_S = 3600.0
"""The longest that a receiver's Retry-After is taken at its word."""


class NotDelivered(Exception):
    """A notice may not have reached its receiver and stays due. `retry_after_s` is the wait that
    the receiver asked for, in seconds, or None.
    """

    def __init__(self, why: str, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


def post_card(url: SecretStr, card: Card) -> None:
    """Post a card, and be sure of a 2xx. Raises `NotDelivered` for everything else: the card may
    have been shown all the same (a time-out says nothing).
    """
    # Raised outside the `except`, so that the library's error, which names the address, is not
    # carried along.
    failure = _posted(url, encoded(card))
    if failure is not None:
        raise failure


def _posted(url: SecretStr, body: bytes) -> NotDelivered | None:
    if not url.get_secret_value():
        return NotDelivered(
            "The channel has no address. Nothing was sent; set the variable that the policy names."
        )
    try:
        with (
            requests.Session() as session,
            _untrusting(session).post(
                url.get_secret_value(),
                data=body,
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,  # the answer's body says nothing that we need
            ) as answer,
        ):
            status, wait = answer.status_code, answer.headers.get("Retry-After", "")
    except (requests.RequestException, ValueError, OSError) as error:
        return NotDelivered(f"Teams could not be reached ({type(error).__name__}).")
    if 200 <= status < 300:
        return None
    return NotDelivered(f"Teams answered {status}{_mend(status)}.", seconds(wait))


def _untrusting(session: requests.Session) -> requests.Session:
    """No proxy, password file or certificate bundle that the environment names."""
    session.trust_env = False
    return session


def _mend(status: int) -> str:
    if status in {401, 403, 404, 410}:
        return ": the webhook was removed or its address is wrong; make a new one in Workflows"
    if 300 <= status < 400:
        return ": the address points elsewhere, and redirects are not followed"
    return ": the message is too long" if status == 413 else ""


def seconds(retry_after: str) -> float | None:
    """A Retry-After header (RFC 9110: seconds or a date), from 0 to `LONGEST_WAIT_S`."""
    text = retry_after.strip()
    try:
        wait = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        wait = (at - datetime.now(UTC)).total_seconds()
    if not math.isfinite(wait):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT_S)
