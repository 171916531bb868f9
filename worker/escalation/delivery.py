"""Sends messages to the channels and receivers that the policy names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog
from pydantic import SecretStr

from worker.escalation.card_drawing import Card, as_text
from worker.escalation.receivers import tell
from worker.escalation.teams import NotDelivered, post_card
from worker.routing.escalation_rules import NoticeRules

log = structlog.get_logger()


class Addresses(Protocol):
    """Where the secret addresses come from: variable → address, empty when it is not set."""

    def address(self, variable: str) -> SecretStr: ...


@dataclass(frozen=True, slots=True)
class Told:
    """Who knows of a message by now (variables), whom it could not be told and why, and whether
    all know who have an address.
    """

    told: tuple[str, ...]
    failed: Mapping[str, NotDelivered]
    everybody: bool


class Delivery:
    """Thread-safe; keeps nothing."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    def receivers(self, rules: NoticeRules) -> tuple[str, ...]:
        """Those who have an address: the Teams channel first, then the others."""
        return tuple(one for one in (rules.channel, *rules.also) if self._has_address(one))

    def deliver(
        self, rules: NoticeRules, card: Card, told: Collection[str] = (), away: Collection[str] = ()
    ) -> Told:
        """Tell everybody who does not know yet, each by itself; `away` are left alone. Raises
        nothing: who was not told is told at the next try, and nobody a second time.
        """
        receivers = self.receivers(rules)
        known = list(told)
        failed: dict[str, NotDelivered] = {}
        for variable in receivers:
            if variable in known or variable in away:
                continue
            try:
                self._tell(variable, variable == rules.channel, card)
            except NotDelivered as error:
                log.warning("receiver_not_told", receiver=variable, why=str(error))
                failed[variable] = error
            else:
                known.append(variable)
        return Told(tuple(known), failed, bool(receivers) and set(receivers) <= set(known))

    def _tell(self, variable: str, is_channel: bool, card: Card) -> None:
        address = self._addresses.address(variable)
        if is_channel:
            post_card(address, card)
        else:
            tell(address, *as_text(card))

    def _has_address(self, variable: str) -> bool:
        return bool(self._addresses.address(variable).get_secret_value())
