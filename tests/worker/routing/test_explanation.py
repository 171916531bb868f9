from __future__ import annotations

import pytest

from tests.worker.routing.decisions import decision
from worker.routing.explanation import reason
from worker.routing.policy import Policy


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (1.0, "100% sure"),  # a rule
        (0.999, "over 99% sure"),
        (0.995, "over 99% sure"),
        (0.994, "99% sure"),
        (0.5, "50% sure"),
        (0.004, "under 1% sure"),
    ],
)
def test_what_only_rounds_to_certainty_is_not_said_to_be_certain(
    policy: Policy, confidence: float, words: str
) -> None:
    said = reason(decision("soc2_report", confidence), policy, None, cut=0, client_known=True)
    assert f", {words}." in said
