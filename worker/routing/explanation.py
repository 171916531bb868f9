"""The sentence on the ticket: where it goes, by which section, what spoke for it and against."""

from __future__ import annotations

from worker.routing.decision import Candidate, Evidence
from worker.routing.policy import Policy, Rule

MISSING_WORDS = {
    "admin_contacts": "administrative contact",
    "erp_system": "ERP system",
    "customization_summary": "customization summary",
}


def reason(
    *,
    policy: Policy,
    ticket_type: str,
    confidence: float,
    decided: bool,
    guideline: str,
    evidence: tuple[Evidence, ...],
    alternatives: tuple[Candidate, ...],
    rule: Rule | None,
    cut: int,
    client_known: bool,
    missing: tuple[str, ...],
) -> str:
    """Why, in sentences that a support agent understands; at most some 1,500 characters."""
    kind = policy.types[ticket_type]
    queue = policy.queues[kind.queue]
    section = section_name(guideline)
    sure = f"{confidence:.0%} sure"
    parts = []
    if decided:
        parts.append(f"{queue.label}: {kind.label} ({section}), {sure}.")
    else:
        bar = policy.bar(ticket_type)
        parts.append(
            f"Level 1 triage: most likely {kind.label} for {queue.label} ({section}), but only "
            f"{sure}, and {bar:.0%} is asked for."
        )
    if rule:
        parts.append(f"Rule: {rule.name}.")
    words = spoken(evidence, ticket_type)
    if words:
        parts.append(f"Words: {words}.")
    if alternatives:
        parts.append(
            "Next: " + "; ".join(_runner_up(policy, c, evidence) for c in alternatives) + "."
        )
    if not client_known:
        parts.append("The client is not known.")
    elif missing:
        names = ", ".join(MISSING_WORDS.get(name, name) for name in missing)
        parts.append(f"The client record lacks: {names}.")
    if cut:
        parts.append(f"{cut:,} characters from the middle of the text were not read.")
    parts.append(f"Policy {policy.version}.")
    return " ".join(parts)


def section_name(guideline: str) -> str:
    """A section as the guidelines are quoted to a reader."""
    return "guidelines, coverage table" if guideline == "coverage" else f"guidelines {guideline}"


def spoken(evidence: tuple[Evidence, ...], ticket_type: str) -> str:
    """The words that spoke for a type, quoted."""
    return ", ".join(
        f"“{item.text}”"
        for item in evidence
        if item.supports == ticket_type and not item.text.startswith("rule: ")
    )


def _runner_up(policy: Policy, candidate: Candidate, evidence: tuple[Evidence, ...]) -> str:
    kind = policy.types[candidate.ticket_type]
    words = spoken(evidence, candidate.ticket_type)
    said = f" ({words})" if words else ""
    return f"{kind.label}, {policy.queues[kind.queue].label}, {candidate.confidence:.0%}{said}"
