"""Decisions as the tests of figures need them: what was guessed, how sure, decided or not."""

from __future__ import annotations

from worker.routing.decision import Decision
from worker.routing.policy import DEFAULT_POLICY
from worker.routing.policy_document import LEVEL_1
from worker.routing.policy_file import read_document

DOCUMENT = read_document(DEFAULT_POLICY)


def decision(
    ticket_type: str, confidence: float = 0.9, *, decided: bool = True, id_: str = "1"
) -> Decision:
    queue = DOCUMENT.types[ticket_type].queue
    return Decision(
        id=id_,
        ticket_type=ticket_type,
        queue=queue,
        confidence=confidence,
        decided=decided,
        routed_to=queue if decided else LEVEL_1,
        guideline="5.1",
        reason="",
        evidence=(),
        alternatives=(),
        topics=(),
        missing=(),
        policy_version="v",
    )
