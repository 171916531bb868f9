"""The sentence on the ticket: where it goes, by which section, what spoke for it and against."""

from __future__ import annotations

from worker.routing.decision import Candidate, Decision, Evidence, Topic
from worker.routing.policy import GENERAL, LEVEL_1, Policy, Rule

RULE = "rule: "
"""Begins evidence that is a rule of the policy and no word of the ticket."""

MISSING_WORDS = {
    "admin_contacts": "administrative contact",
    "erp_system": "ERP system",
    "customization_summary": "customization summary",
}


def reason(
    decision: Decision, policy: Policy, rule: Rule | None, cut: int, client_known: bool
) -> str:
    """Why, in sentences that a support agent understands; at most some 1,500 characters. `cut`:
    characters that were not read."""
    parts = [_where(decision, policy)]
    if rule:
        parts.append(f"A rule of the policy says so: {rule.name}.")
    words = spoken(decision.evidence, decision.ticket_type)
    if words:
        parts.append(f"Words that speak for it: {words}.")
    if decision.alternatives and not decision.topics:
        runners_up = "; ".join(
            _runner_up(policy, one, decision.evidence) for one in decision.alternatives
        )
        parts.append(f"Considered too: {runners_up}.")
    if not client_known:
        parts.append("Missing: the client is not known.")
    elif decision.missing:
        names = ", ".join(MISSING_WORDS.get(name, name) for name in decision.missing)
        parts.append(f"Missing in the client record: {names}.")
    if cut:
        parts.append(f"{cut:,} characters from the middle of the text were not read.")
    parts.append(f"Policy version {policy.version}.")
    return " ".join(parts)


def _where(decision: Decision, policy: Policy) -> str:
    """Where the ticket goes, as what, and how sure that is."""
    kind, section = policy.types[decision.ticket_type], section_name(decision.guideline)
    queue = policy.queues[decision.queue]
    sure = f"{_percent(decision.confidence)} sure"
    if decision.topics:
        listed = "; ".join(
            f"({number}) {_request(topic, policy)}"
            for number, topic in enumerate(decision.topics, start=1)
        )
        count = len(decision.topics)
        if len({topic.queue for topic in decision.topics}) == 1:
            return (
                f"{queue.label}: this ticket holds {count} requests, all for this team: {listed}. "
                f"First of them: {kind.label} ({section}), {sure}."
            )
        if decision.ticket_type == GENERAL:
            return (
                f"{policy.queues[LEVEL_1].label}: this ticket holds {count} requests for different "
                f"teams, {sure}. Please split it ({section}): {listed}."
            )
        return (
            f"Level 1 triage: this ticket may hold {count} requests for different teams. Split it "
            f"if so: {listed}. If it is one: {kind.label} for {queue.label} ({section}), {sure}."
        )
    if decision.decided:
        return f"{queue.label}: {kind.label} ({section}), {sure}."
    return (
        f"Level 1 triage: most likely {kind.label} for {queue.label} ({section}), but only {sure}; "
        f"{policy.bar(decision.ticket_type):.0%} is needed to send it there unasked."
    )


def _request(topic: Topic, policy: Policy) -> str:
    label = policy.types[topic.ticket_type].label
    return f"{policy.queues[topic.queue].label}, {label}: “{topic.excerpt}”"


def section_name(guideline: str) -> str:
    """A section as the guidelines are quoted to a reader."""
    return "guidelines, coverage table" if guideline == "coverage" else f"guidelines {guideline}"


def spoken(evidence: tuple[Evidence, ...], ticket_type: str) -> str:
    """The words that spoke for a type, quoted."""
    return ", ".join(
        f"“{item.text}”"
        for item in evidence
        if item.supports == ticket_type and not item.text.startswith(RULE)
    )


def _runner_up(policy: Policy, candidate: Candidate, evidence: tuple[Evidence, ...]) -> str:
    kind = policy.types[candidate.ticket_type]
    words = spoken(evidence, candidate.ticket_type)
    said = f" ({words})" if words else ""
    chance = _percent(candidate.confidence)
    return f"{kind.label}, {policy.queues[kind.queue].label}, {chance}{said}"


def _percent(chance: float) -> str:
    """Whole percent; what only rounds to 0 or 100 is not said to be that."""
    if chance < 0.01:
        return "under 1%"
    return f"{chance:.0%}" if chance < 0.995 or chance == 1 else "over 99%"
