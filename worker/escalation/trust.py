"""How far the worker is trusted with a queue: the overall mode and the queue's own (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from config.settings import RoutingMode
from worker.routing.policy_document import Queue

_LADDER = (RoutingMode.OBSERVE, RoutingMode.SUGGEST, RoutingMode.ROUTE)


class HasQueues(Protocol):
    @property
    def queues(self) -> Mapping[str, Queue]: ...


def mode_of(queue: str, policy: HasQueues, overall: RoutingMode) -> RoutingMode:
    """The more careful of the overall mode and the queue's. A queue that the policy does not know
    is treated as overall.
    """
    known = policy.queues.get(queue)
    own = known.mode if known and known.mode else overall
    return min(overall, own, key=_LADDER.index)


def mode_of_all(queues: Iterable[str], policy: HasQueues, overall: RoutingMode) -> RoutingMode:
    """The most careful mode of several queues: that of a hand-off from one to another."""
    return min((mode_of(queue, policy, overall) for queue in queues), key=_LADDER.index)


def whose(queue: str, policy: HasQueues, overall: RoutingMode) -> str:
    """Who set the mode that holds for a queue, in words: `ROUTING_MODE` or the queue."""
    known = policy.queues.get(queue)
    if known and known.mode and mode_of(queue, policy, overall) is not overall:
        return "the queue's own mode in the policy"
    return "ROUTING_MODE"
