from __future__ import annotations

from worker.routing.policy import Policy
from worker.routing.portal_view import ROUTING_STATUSES, PortalView, problems


def complete(policy: Policy) -> PortalView:
    return PortalView(
        live_queues=frozenset(policy.queues),
        options={
            "routing_queue": frozenset(policy.queues),
            "routing_ticket_type": frozenset(policy.types),
            "routing_status": frozenset(ROUTING_STATUSES),
            "escalation_request": frozenset(policy.requests),
        },
    )


def test_complete_portal_takes_the_policy(policy: Policy) -> None:
    assert problems(policy, complete(policy)) == []


def test_queue_without_a_live_stage_is_named(policy: Policy) -> None:
    whole = complete(policy)
    portal = PortalView(frozenset(policy.queues) - {"ocr"}, whole.options)
    (problem,) = problems(policy, portal)
    assert "ocr" in problem
    assert "setup" in problem


def test_missing_option_and_missing_property_are_named(policy: Policy) -> None:
    whole = complete(policy)
    options = dict(whole.options)
    options["routing_ticket_type"] = frozenset(policy.types) - {"soc2_report"}
    del options["routing_status"]
    found = problems(policy, PortalView(whole.live_queues, options))
    assert len(found) == 2
    assert any("soc2_report" in problem for problem in found)
    assert any("routing_status" in problem for problem in found)
