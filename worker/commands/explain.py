"""`ticket-worker explain`: why a ticket is where it is, what was done, what would be done now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.settings import RoutingMode
from worker.commands.terminal import shown
from worker.escalation.ledger import NOTICE, entries_due
from worker.escalation.requests import MISSING, NOTE, HandOff, asked, owner_of
from worker.escalation.trust import mode_of, whose
from worker.hubspot.models import HistoryEntry, Record, moment
from worker.portal import Portal
from worker.routing.decision import Decision
from worker.routing.policy import Policy
from worker.runtime import Runtime
from worker.tickets.state import (
    DECIDED_AT,
    HISTORY,
    STAGE,
    TICKET_PROPERTIES,
    Step,
    Work,
    next_step,
)

STORED = (
    "routing_queue",
    "routing_ticket_type",
    "routing_status",
    "routing_confidence",
    "routing_guideline",
    DECIDED_AT,
    "routing_policy_version",
    "client_record_missing",
    "routing_reason",
    NOTE,
    MISSING,
    NOTICE,
)


def run_explain(here: Runtime, ticket_id: str, console: Console) -> int:
    """Exit status 1 when HubSpot has no such ticket. Raises the gateway's errors."""
    policy = here.policy.current()
    portal = here.portal.current(policy)
    names = [*dict.fromkeys((*STORED, *TICKET_PROPERTIES))]
    reading = here.hubspot.read("tickets", [ticket_id], names, HISTORY)
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
    _stages(here, ticket, portal, console)
    _stored(ticket, console)
    console.print("\nWhat was done", style="bold")
    for line in what_was_done(ticket, policy, here.observations.last(ticket_id)):
        console.print(shown(f"  {line}"))
    decision = next(d for _, d in here.flow.preview([ticket_id], policy, portal).values())
    step = next_step(ticket, portal, here.now())
    hand_off = _hand_off(here, ticket, step, policy, portal)
    overall = here.settings.routing_mode
    console.print("\nWhat would be done now", style="bold")
    for line in what_would_be(ticket, step, decision, hand_off, policy, portal, overall):
        console.print(shown(f"  {line}"))
    _show(decision, console)
    return 0


# ---- what was done


def what_was_done(
    ticket: Record, policy: Policy, observed: Mapping[str, object] | None
) -> Iterator[str]:
    """The worker's last word on the ticket, in sentences."""
    status = ticket.get("routing_status")
    queue = _label(ticket.get("routing_queue"), policy)
    at = ticket.get(DECIDED_AT)
    when = f"{moment(at):%Y-%m-%d %H:%M} UTC" if at else "an unknown time"
    if status in {"decided", "triage"}:
        sure = "" if status == "decided" else ", for it was not sure of any other queue"
        yield f"At {when} the worker gave it to {queue}{sure}."
    elif status == "suggested":
        yield f"At {when} the worker suggested {queue} and moved nothing."
    elif status == "locked":
        yield f"A person gave it to {queue}; the worker does not move it of its own accord."
    elif status == "failed":
        yield f"At {when} the worker could not route it and left it in its stage (see the reason)."
    else:
        yield "The worker has written nothing on it."
    if observed and not status:
        to = _label(str(observed.get("routed_to") or observed.get("to") or ""), policy)
        seen = moment(str(observed["at"]))
        yield f"Observed at {seen:%Y-%m-%d %H:%M} UTC: it would have gone to {to}."
    for entry in entries_due(ticket.get(NOTICE)):
        told = f"told so far: {', '.join(entry.told)}" if entry.told else "nobody was told yet"
        yield f"The notice of {_request(entry.request, policy)} is still due; {told}."


# ---- what would be done


def what_would_be(
    ticket: Record,
    step: Step,
    decision: Decision,
    hand_off: HandOff | None,
    policy: Policy,
    portal: Portal,
    overall: RoutingMode,
) -> Iterator[str]:
    """What the worker would do with the ticket as it is now, and the mode that makes it so."""
    if hand_off:
        yield from _of_request(hand_off, policy, overall)
    elif step.work is Work.DECIDE:
        yield _of_decision(decision, step.why, policy, overall)
    elif step.work is Work.LOOK_AGAIN:
        yield f"It is decided once more when its client is known; until then it stays: {step.why}."
    elif step.work is Work.LOCK:
        mode = mode_of(step.queue, policy, overall)
        noted = "nothing is written" if mode is RoutingMode.OBSERVE else "it is noted on the ticket"
        yield f"{step.why} to {_label(step.queue, policy)}, which stands; {noted}."
    elif step.work is Work.RETURN:
        mode = mode_of(step.queue, policy, overall)
        done = (
            "it goes back" if mode is RoutingMode.ROUTE else "it is left there, and would go back"
        )
        yield f"{step.why}: {done} to {_label(step.queue, policy)}."
    elif ticket.get("routing_status") == "suggested" and step.work is Work.NOTHING:
        yield "Nothing: it was suggested. A person moves it, or `ticket-worker reroute` in route."
    else:
        yield f"Nothing: {step.why}."
    concerned = {step.queue or owner_of(ticket, portal), decision.routed_to}
    if hand_off:
        concerned = {hand_off.owner, hand_off.to} - {""}
    for queue in sorted(concerned):
        mode = mode_of(queue, policy, overall)
        yield f"Mode for {_label(queue, policy)}: {mode}, by {whose(queue, policy, overall)}."


def _of_decision(decision: Decision, why: str, policy: Policy, overall: RoutingMode) -> str:
    queue = _label(decision.routed_to, policy)
    return {
        RoutingMode.OBSERVE: f"Decided ({why}) for {queue}, written to var/observe alone.",
        RoutingMode.SUGGEST: f"Decided ({why}): {queue} is written on it, and it is not moved.",
        RoutingMode.ROUTE: f"Decided ({why}) and moved to {queue}.",
    }[mode_of(decision.routed_to, policy, overall)]


def _of_request(done: HandOff, policy: Policy, overall: RoutingMode) -> Iterator[str]:
    modes = {mode_of(queue, policy, overall) for queue in (done.owner, done.to) if queue}
    yield f"The request on it is answered so. {done.sentence}"
    if RoutingMode.OBSERVE in modes:
        yield "That is written to var/observe alone; the request stays on the ticket."
    elif RoutingMode.SUGGEST in modes and done.to:
        yield "That is written on the ticket as a suggestion, and the ticket is not moved."


def _hand_off(
    here: Runtime, ticket: Record, step: Step, policy: Policy, portal: Portal
) -> HandOff | None:
    if step.work is not Work.HAND_OFF or asked(ticket) is None:
        return None
    tickets, chosen = {ticket.id: ticket}, {ticket.id: step.queue}
    return here.hand_offs.look(tickets, chosen, policy, portal, {})[ticket.id]


# ---- how it is shown


def _stages(here: Runtime, ticket: Record, portal: Portal, console: Console) -> None:
    stage = ticket.get(STAGE)
    console.print(shown(f"Stage now: {portal.labels.get(stage, stage)}"))
    entries = ticket.history.get(STAGE, ())
    names = here.colleagues.names([entry.person for entry in entries])
    for entry in reversed(entries):
        label = portal.labels.get(entry.value, entry.value)
        who = _who(entry, names, here.identity.source_id)
        console.print(shown(f"  {entry.at:%Y-%m-%d %H:%M:%S}  {label}  by {who}"))


def _who(entry: HistoryEntry, names: Mapping[str, str], own_source_id: str) -> str:
    if entry.person:
        name = names.get(entry.person, "")
        return f"{name} (user {entry.person})" if name else f"user {entry.person}"
    if own_source_id and entry.source_id == own_source_id:
        return "this worker"
    return f"{entry.source_type} {entry.source_id}".strip()


def _stored(ticket: Record, console: Console) -> None:
    table = Table(box=None, pad_edge=False, title="On the ticket", title_justify="left")
    table.add_column("property")
    table.add_column("value", overflow="fold")
    for name in STORED:
        if ticket.get(name):
            table.add_row(name, shown(ticket.get(name)))
    if table.row_count:
        console.print(table)


def _show(decision: Decision, console: Console) -> None:
    sure = "" if decision.decided else ", not sure enough"
    console.print(
        f"\nIf decided now: {decision.ticket_type} ({decision.queue}, {decision.confidence:.2f}"
        f"{sure}), to {decision.routed_to}, policy {decision.policy_version}.",
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


def _label(queue: str, policy: Policy) -> str:
    return policy.queues[queue].label if queue in policy.queues else queue or "no queue"


def _request(name: str, policy: Policy) -> str:
    return f"“{policy.requests[name].label}”" if name in policy.requests else name
