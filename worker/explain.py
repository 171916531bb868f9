"""`ticket-worker explain`: why a ticket is where it is, and what would be decided now."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from worker.routing.decision import Decision
from worker.runtime import Runtime
from worker.terminal import shown
from worker.ticket_state import STAGE

STORED = (
    "routing_queue",
    "routing_ticket_type",
    "routing_status",
    "routing_confidence",
    "routing_guideline",
    "routing_decided_at",
    "routing_policy_version",
    "client_record_missing",
    "routing_reason",
)


def run_explain(here: Runtime, ticket_id: str, console: Console) -> int:
    """Exit status 1 when HubSpot has no such ticket. Raises the gateway's errors."""
    policy = here.policy.current()
    portal = here.portal.current(policy)
    reading = here.hubspot.read("tickets", [ticket_id], [*STORED, STAGE, "subject"], [STAGE])
    if ticket_id in reading.merged:
        console.print(f"Ticket {ticket_id} was merged; it lives on as {reading.merged[ticket_id]}.")
        return 1
    if ticket_id in reading.errors:
        console.print(shown(f"Ticket {ticket_id} can't be read: {reading.errors[ticket_id]}"))
        return 1
    if ticket_id not in reading.found:
        console.print(f"HubSpot has no ticket {ticket_id} (deleted, archived, or never there).")
        return 1
    ticket = reading.found[ticket_id]
    console.print(Text.assemble((f"Ticket {ticket_id}", "bold"), " ", shown(ticket.get("subject"))))
    console.print(shown(f"Stage now: {portal.labels.get(ticket.get(STAGE), ticket.get(STAGE))}"))
    for entry in reversed(ticket.history.get(STAGE, ())):
        who = f"user {entry.person}" if entry.person else f"{entry.source_type} {entry.source_id}"
        label = portal.labels.get(entry.value, entry.value)
        console.print(shown(f"  {entry.at:%Y-%m-%d %H:%M:%S}  {label}  by {who}"))
    table = Table(box=None, pad_edge=False, title="As decided", title_justify="left")
    table.add_column("property")
    table.add_column("value", overflow="fold")
    for name in STORED:
        table.add_row(name, shown(ticket.get(name) or "-"))
    console.print(table)
    for _, decision in here.flow.preview([ticket_id], policy, portal).values():
        _show(decision, console)
    return 0


def _show(decision: Decision, console: Console) -> None:
    verb = "decided" if decision.decided else "left to triage"
    console.print(
        f"\nDecided now it would be {verb}: {decision.ticket_type} ({decision.queue}, "
        f"{decision.confidence:.2f}), to {decision.routed_to}, policy {decision.policy_version}.",
        markup=False,
    )
    console.print(shown(decision.reason))
    for evidence in decision.evidence:
        console.print(shown(f"  for {evidence.supports}: {evidence.text}"))
    for lost in decision.alternatives:
        console.print(
            shown(f"  instead of {lost.ticket_type} ({lost.queue}), {lost.confidence:.2f}")
        )
    for topic in decision.topics:
        console.print(shown(f"  topic {topic.ticket_type} ({topic.queue}): {topic.excerpt}"))
    if decision.missing:
        console.print(shown(f"  the client record lacks: {', '.join(decision.missing)}"))
