"""`explain` on every rung of the ladder: what was done, what would be, and the mode that holds."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.simulator.hub import Hub
from tests.stack import route_all
from tests.worker.escalation.test_flow_of_requests import ask
from tests.worker.escalation.test_ladder import Make, worker
from tests.worker.people import PASSWORD, PERSON, client, move
from worker.commands.explain import run_explain
from worker.runtime import Runtime

__all__ = ["worker"]


def said(here: Runtime, ticket_id: str) -> str:
    output = io.StringIO()
    assert run_explain(here, ticket_id, Console(file=output, width=200, highlight=False)) == 0
    return output.getvalue()


@pytest.mark.parametrize(
    ("mode", "done", "next_"),
    [
        (
            "observe",
            "Observed at",
            "Decided (it is new) for Level 1 Support, written to var/observe",
        ),
        (
            "suggest",
            "the worker suggested Level 1 Support and moved nothing",
            "Nothing: it was sug",
        ),
        ("route", "the worker gave it to Level 1 Support", "Nothing: it is where it belongs"),
    ],
)
def test_each_rung_says_what_it_did_and_would_do(
    hub: Hub, worker: Make, mode: str, done: str, next_: str
) -> None:
    here = worker(mode)
    company, contact = client(hub)
    ticket_id = hub.ticket(**PASSWORD, contact_id=contact, company_id=company)
    route_all(here, [ticket_id])
    text = said(here, ticket_id)
    assert done in text
    assert next_ in text
    assert f"Mode for Level 1 Support: {mode}, by ROUTING_MODE" in text


@pytest.mark.parametrize("mode", ["suggest", "route"])
def test_a_queues_own_mode_is_told_with_who_set_it(hub: Hub, worker: Make, mode: str) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    text = said(worker(mode, level_1="observe"), ticket_id)
    assert "Decided (it is new) for Level 1 Support, written to var/observe alone." in text
    assert "Mode for Level 1 Support: observe, by the queue's own mode in the policy." in text


@pytest.mark.parametrize(
    ("queues", "so"),
    [
        ({}, "asked for by user 7002"),
        ({"level_2": "suggest"}, "as a suggestion, and the ticket is not moved"),
        ({"level_2": "observe"}, "to var/observe alone; the request stays on the ticket"),
    ],
)
def test_an_open_request_is_explained_before_it_is_taken_up(
    hub: Hub, here: Runtime, worker: Make, queues: dict[str, str], so: str
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    text = said(worker("route", **queues), ticket_id)
    assert (
        "The request on it is answered so. Exceeds Level 1: handed from Level 1 Support to" in text
    )
    assert so in text
    assert f"Mode for Level 2 Support: {queues.get('level_2', 'route')}" in text
    ticket = hub.truth("tickets", ticket_id)
    assert ticket["properties"]["escalation_request"] == "exceeds_level_1", "nothing is written"


def test_who_moved_it_is_told_and_a_persons_move_stands(
    hub: Hub, here: Runtime, folder: Path
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "IT", "user", PERSON)
    text = said(here, ticket_id)
    assert f"IT  by user {PERSON}" in text
    assert "Level 1 Support  by this worker" in text
    assert f"user {PERSON} moved it to IT, which stands; it is noted on the ticket." in text
    route_all(here, [ticket_id])
    assert "A person gave it to IT" in said(here, ticket_id)
