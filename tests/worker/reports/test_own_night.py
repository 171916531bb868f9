"""What the report says of the worker's own last day, asked of a simulated portal."""

from __future__ import annotations

from datetime import timedelta

from tests.simulator.hub import Hub
from tests.stack import route_all
from tests.worker.people import PERSON, move
from worker.escalation.hours import WorkingHours
from worker.reports.own_night import read_own_night
from worker.runtime import Runtime, gateway_by_night

RESET = "please reset my password, the portal refuses my login, locked out"


def test_corrected_are_the_tickets_that_people_moved_and_not_those_they_handed_on(
    hub: Hub, here: Runtime
) -> None:
    corrected, handed_on, kept = (hub.ticket(content=RESET) for _ in range(3))
    route_all(here, [corrected, handed_on, kept])
    asks = {"escalation_request": "exceeds_level_1"}
    hub.act("user", PERSON, "update", object_type="tickets", id=handed_on, properties=asks)
    move(hub, corrected, "OCR", "user", PERSON)
    move(hub, handed_on, "Product", "user", PERSON)
    route_all(here, [corrected, handed_on, kept])
    policy = here.policy.current()
    portal = here.portal.current(policy)
    hours = WorkingHours(policy.document.working_hours)
    hubspot = gateway_by_night(here.settings, here.redis, here.names)
    night = read_own_night(hubspot, portal, hours, here.now(), 7)
    assert night.corrected == 1
    tomorrow = here.now() + timedelta(days=1, minutes=1)
    assert read_own_night(hubspot, portal, hours, tomorrow, 7).corrected == 0
