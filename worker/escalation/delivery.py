"""Sends messages to the channels and receivers that the policy names."""

from __future__ import annotations

from typing import Protocol

import structlog
from pydantic import SecretStr

from worker.escalation.cards import Card, as_text
from worker.escalation.receivers import tell
from worker.escalation.teams import NotDelivered, post_card

log = structlog.get_logger()


class Addresses(Protocol):
    """Where the secret addresses come from: variable → address, empty when it is not set."""

    def address(self, variable: str) -> SecretStr: ...


class Delivery:
    """Thread-safe; keeps nothing."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    def reaches(self, channel: str) -> bool:
        """Whether the channel has an address at all."""
        return bool(self._addresses.address(channel).get_secret_value())

    def deliver(self, channel: str, also: tuple[str, ...], card: Card) -> None:
        """Post to the Teams channel, then tell the others. Raises `NotDelivered` when the channel
        did not take it, with nobody else told; what the others make of it is logged and not tried
        again, for that would repeat the channel's message.
        """
        post_card(self._addresses.address(channel), card)
        if not also:
            return
        title, text = as_text(card)
        for variable in also:
            try:
                tell(self._addresses.address(variable), title, text)
            except NotDelivered as error:
                log.warning("receiver_not_told", receiver=variable, why=str(error))
