"""The overall mode and the queue's own: the more careful one holds."""

from __future__ import annotations

from types import MappingProxyType, SimpleNamespace

import pytest

from config.settings import RoutingMode
from worker.escalation.trust import mode_of
from worker.routing.policy_document import Queue

OBSERVE, SUGGEST, ROUTE = RoutingMode.OBSERVE, RoutingMode.SUGGEST, RoutingMode.ROUTE


@pytest.mark.parametrize("overall", RoutingMode)
@pytest.mark.parametrize("own", [None, *RoutingMode])
def test_the_more_careful_mode_holds(overall: RoutingMode, own: RoutingMode | None) -> None:
    policy = SimpleNamespace(queues=MappingProxyType({"it": Queue(label="IT", bar=0.5, mode=own)}))
    wanted = {
        OBSERVE: OBSERVE,
        SUGGEST: OBSERVE if own is OBSERVE else SUGGEST,
        ROUTE: own or ROUTE,
    }[overall]
    assert mode_of("it", policy, overall) is wanted


def test_a_queue_that_the_policy_does_not_know_is_treated_as_overall() -> None:
    assert mode_of("ghost", SimpleNamespace(queues={}), SUGGEST) is SUGGEST
