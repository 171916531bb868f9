from __future__ import annotations

from worker.routing.candidates import candidate
from worker.routing.decide import Case
from worker.routing.policy import Policy
from worker.routing.ticket import Ticket


def test_the_proposed_type_is_the_likeliest_of_the_chosen_queue(policy: Policy) -> None:
    case = Case(Ticket("1", "SQL", "please teach the OCR this vendor's layout, samples attached"))
    for queue, kind in (("ocr", "ocr_training"), ("it", "non_reproducible_bug")):
        found = candidate(case, queue, policy)
        assert found is not None
        assert found.ticket_type == kind
    assert candidate(Case(Ticket("1", "", " ?!")), "ocr", policy) is None
