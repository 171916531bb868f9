"""The ladder: what becomes of a request where the worker may observe, suggest or route."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from tests.simulator.hub import Hub
from tests.stack import route_all, settings_for, writes
from tests.worker.escalation.test_flow_of_requests import ask
from tests.worker.people import PASSWORD, PERSON, move, stage_label
from worker.routing.policy import DEFAULT_POLICY
from worker.runtime import Runtime

Make = Callable[..., Runtime]


@pytest.fixture
def worker(hub: Hub, redis_url: str, folder: Path) -> Make:
    """A worker in a mode, with a mode of its own for some queues."""

    def make(mode: str, **queues: str) -> Runtime:
        text = DEFAULT_POLICY.read_text()
        for queue, own in queues.items():
            text = text.replace(
                f"\n  {queue}:\n    label:", f"\n  {queue}:\n    mode: {own}\n    label:", 1
            )
        path = folder / f"policy-{mode}-{'-'.join(queues.values())}.yaml"
        path.write_text(text)
        return Runtime(
            settings_for(hub.base, redis_url, folder, routing_mode=mode, policy_file=path)
        )

    return make


def observed(folder: Path) -> list[dict[str, object]]:
    files = sorted((folder / "observe").glob("*.jsonl"))
    return [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]


def test_observing_writes_down_what_would_be_handed_off_and_nothing_to_hubspot(
    hub: Hub, here: Runtime, worker: Make, folder: Path
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    before = len(writes(hub, ticket_id))
    ask(hub, ticket_id, "exceeds_level_1")
    observer = worker("observe")
    assert route_all(observer, [ticket_id]) == "1 ticket: 1 asking for a hand-off, observed"
    assert route_all(observer, [ticket_id]) == "1 ticket: 1 observed before"
    assert len(writes(hub, ticket_id)) == before
    (line,) = observed(folder)
    assert (line["id"], line["owner"], line["to"]) == (ticket_id, "level_1", "level_2")
    assert "5.8" in str(line["sentence"])


def test_suggesting_answers_the_request_and_moves_nothing(
    hub: Hub, here: Runtime, worker: Make
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    assert route_all(worker("suggest"), [ticket_id]) == "1 ticket: 1 hand-off suggested"
    ticket = hub.truth("tickets", ticket_id)
    said = ticket["properties"]
    assert stage_label(hub, ticket) == "Level 1 Support"
    assert (said["routing_queue"], said["routing_status"]) == ("level_1", "decided")
    assert not said.get("escalation_request")
    assert "move it by hand" in said["escalation_note"]
    move(hub, ticket_id, "Level 2 Support", "user", PERSON)
    route_all(worker("suggest"), [ticket_id])
    said = hub.truth("tickets", ticket_id)["properties"]
    assert (said["routing_queue"], said["routing_status"]) == ("level_2", "locked")


@pytest.mark.parametrize("careful", ["level_1", "level_2"])
def test_the_more_careful_of_the_two_queues_holds(
    hub: Hub, here: Runtime, worker: Make, careful: str
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    told = route_all(worker("route", **{careful: "suggest"}), [ticket_id])
    assert told == "1 ticket: 1 hand-off suggested"


def test_other_queues_go_on_where_one_is_trusted_less(
    hub: Hub, here: Runtime, worker: Make
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    ask(hub, ticket_id, "exceeds_level_1")
    assert route_all(worker("route", it="observe"), [ticket_id]) == "1 ticket: 1 handed off"


def test_in_a_queue_that_is_observed_a_persons_move_is_kept_and_nothing_is_written(
    hub: Hub, here: Runtime, worker: Make
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "IT", "user", PERSON)
    before = len(writes(hub, ticket_id))
    route_all(worker("route", it="observe"), [ticket_id])
    assert len(writes(hub, ticket_id)) == before
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "IT"


def test_a_queue_that_only_suggests_sends_nothing_back_from_intake(
    hub: Hub, here: Runtime, worker: Make
) -> None:
    ticket_id = hub.ticket(**PASSWORD)
    route_all(here, [ticket_id])
    move(hub, ticket_id, "New", "workflow", "31")
    told = route_all(worker("route", level_1="suggest"), [ticket_id])
    assert told == "1 ticket: 1 back in intake and left there"
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "New"
    assert route_all(here, [ticket_id]) == "1 ticket: 1 sent back to their queue"
