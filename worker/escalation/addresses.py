"""Do the channels and receivers that the policy names have addresses? For the doctor (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from worker.escalation.delivery import Addresses
from worker.routing.escalation_rules import TEAM_TICKETING, NoticeRules, Notices


def unaddressed(notices: Notices, addresses: Addresses) -> Iterator[tuple[str, bool | None, str]]:
    """Variable, whether it is well (None: worth knowing), and what that means, for each receiver
    that the policy names. Team Ticketing alone may be left out.
    """
    for variable, queues in _named(notices).items():
        where = ", ".join(queues)
        if addresses.address(variable).get_secret_value():
            yield variable, True, f"has an address; told of {where}"
        elif variable == TEAM_TICKETING:
            yield variable, None, f"not set: Team Ticketing is not told of {where}"
        else:
            yield (
                variable,
                False,
                f"The policy names it for {where}, and it holds no address, so nobody is told. Set "
                "it in .env, or take it out of `notices` in the policy.",
            )


def _named(notices: Notices) -> dict[str, list[str]]:
    """Variables in the policy's order, and for which queues they stand."""
    found: dict[str, list[str]] = {}
    sections: list[tuple[str, NoticeRules]] = [
        *notices.queues.items(),
        ("all others", notices.default),
    ]
    for queue, rules in sections:
        for variable in (rules.channel, *rules.also):
            found.setdefault(variable, []).append(queue)
    return found
