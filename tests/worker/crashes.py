"""What befalls a process at the worst moment, in the words of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.simulator.hub import Hub
from tests.stack import writes
from tests.worker.people import PERSON
from worker.intake.inbox import KEYS


@contextmanager
def dies_before(owner: object, name: str) -> Iterator[None]:
    """As if the process were killed when it is about to do this; its leases run out."""

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    with pytest.MonkeyPatch.context() as during:
        during.setattr(owner, name, killed)
        with pytest.raises(SystemExit):
            yield


def leases_run_out(client: redis.Redis) -> None:
    """The process that held them is dead for long enough."""
    client.delete(KEYS["leased"], KEYS["lease"])


def ask(hub: Hub, ticket_id: str, request: str = "exceeds_level_1") -> None:
    """An agent asks for a hand-off."""
    wish = {"escalation_request": request}
    hub.act("user", PERSON, "update", object_type="tickets", id=ticket_id, properties=wish)


def said(hub: Hub, ticket_id: str) -> dict[str, str]:
    """The properties of a ticket now."""
    found: dict[str, str] = hub.truth("tickets", ticket_id)["properties"]
    return found


def moves(hub: Hub, ticket_id: str) -> int:
    """How often we moved it."""
    return sum("hs_pipeline_stage" in entry["changes"] for entry in writes(hub, ticket_id))
