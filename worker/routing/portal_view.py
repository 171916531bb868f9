"""A policy is active only when the portal can take what it decides."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from worker.routing.policy import Policy

ROUTING_STATUSES = ("decided", "triage", "suggested", "locked", "failed")


@dataclass(frozen=True, slots=True)
class PortalView:
    """What the portal offers: the queues that have a live stage, and the options of each
    enumeration property by our own name for it (`routing_queue`, `routing_ticket_type`, ...)."""

    live_queues: Set[str]
    options: Mapping[str, Set[str]]


def problems(policy: Policy, portal: PortalView) -> list[str]:
    """What keeps the policy from becoming active, one sentence each; empty when nothing does."""
    found = [
        f"The queue {code} ({queue.label}) has no live stage in the portal: "
        f"`ticket-worker setup` would add the stage that portal.yaml names for it."
        for code, queue in policy.queues.items()
        if code not in portal.live_queues
    ]
    needed: dict[str, list[str]] = {
        "routing_queue": list(policy.queues),
        "routing_ticket_type": list(policy.types),
        "routing_status": list(ROUTING_STATUSES),
        "escalation_request": list(policy.requests),
    }
    for name, values in needed.items():
        if name not in portal.options:
            found.append(
                f"The ticket property {name} is not in the portal: `ticket-worker setup` would "
                f"create it with {len(values)} options."
            )
            continue
        absent = [value for value in values if value not in portal.options[name]]
        if absent:
            found.append(
                f"The ticket property {name} lacks the option{'s' if len(absent) > 1 else ''} "
                f"{', '.join(absent)}: `ticket-worker setup` would append "
                f"{'them' if len(absent) > 1 else 'it'}."
            )
    return found
