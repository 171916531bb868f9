"""Everything that can be said against a policy without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from worker.routing.examples import Example
from worker.routing.lint.examples import lint_contradictions, lint_coverage
from worker.routing.lint.finding import Finding, Unchecked, Weight
from worker.routing.lint.rules import lint_rules
from worker.routing.lint.shadows import Guesses, lint_guesses, lint_shadows
from worker.routing.policy_document import PolicyDocument
from worker.routing.softmax import Floats
from worker.yaml_file import Lines, Place, line_of


def lint_policy(
    path: Path,
    document: PolicyDocument,
    lines: Lines,
    examples: Sequence[Example],
    margins: Floats | None,
) -> tuple[list[Finding], list[Unchecked]]:
    """Findings, errors first. `margins` are those of the examples with their voices held out, None
    where nothing has been learned from them yet."""

    def where(*place: str | int) -> str:
        return f"{path}, line {line_of(lines, place)}"

    types = {code: where("types", code) for code in document.types}
    rules = [where("rules", number) for number in range(len(document.rules))]
    found = [*lint_coverage(examples, types), *lint_contradictions(examples)]
    found += lint_rules(document.rules, rules)
    unchecked = []
    if margins is None:
        why = "nothing was learned from these very examples yet; run `ticket-worker train`"
        unchecked.append(Unchecked("which types take each other's tickets", why))
    else:
        guesses = Guesses(examples, margins, list(document.types))
        found += lint_shadows(guesses, types)
        found += lint_guesses(document.rules, rules, guesses)
    return sorted(found, key=lambda one: one.weight is not Weight.ERROR), unchecked


def lint_stages(
    path: Path, document: PolicyDocument, lines: Lines, stages: dict[str, bool]
) -> list[Finding]:
    """Queues whose stage is not in the portal. `stages`: for each queue that portal.yaml names a
    stage for, whether the portal has it."""
    found = []
    for code, queue in document.queues.items():
        if stages.get(code):
            continue
        place: Place = ("queues", code)
        named = code in stages
        found.append(
            Finding(
                Weight.ERROR,
                f"{path}, line {line_of(lines, place)}",
                f"the queue {code} ({queue.label}) has no stage in the portal"
                if named
                else f"portal.yaml names no stage for the queue {code} ({queue.label})",
                "`ticket-worker setup` would add the stage that portal.yaml names for it"
                if named
                else "Name one under `stages`, or delete the queue",
            )
        )
    return found
