"""Hand-offs by real processes, in calm weather: each carried out, each announced exactly once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import redis
from pydantic import SecretStr

from config.settings import Settings
from demo.people import HAND_OFFS
from demo.processes import answers
from tests.end_to_end.test_worker import decided, states, tickets
from tests.simulator.hub import Hub
from tests.stack import processes, until
from tests.teams_channel import running_channel
from tests.worker.people import PERSON
from worker.escalation.card_drawing import as_text
from worker.intake.inbox import Inbox

TICKETS = 12


def test_every_hand_off_is_announced_exactly_once(
    settings: tuple[Settings, Hub], tmp_path: Path
) -> None:
    """Every webhook comes twice, the poll finds each request and each due notice beside it, and
    two workers race: still one card for each.
    """
    with running_channel() as channel:
        here = settings[0].model_copy(update={"teams_webhook_url": SecretStr(channel.webhook)})
        hub = settings[1]
        hub.settings(latency_ms=80)
        hub.control("PUT", "/webhooks", {"duplicate": 1.0})
        names = ("worker --name w1", "worker --name w2", "beat", "receiver")
        with processes(here, *names, logs=tmp_path):
            url = f"http://127.0.0.1:{here.receiver_port}/healthz"
            until("the receiver answers", lambda: answers(url))
            ids = [i for n, i in enumerate(tickets(hub, 4 * TICKETS)) if n % 4 == 0]
            until("they are with Level 1", lambda: decided(hub, ids) == TICKETS)
            for request, queue in HAND_OFFS:
                for id_ in ids:
                    wish = {"escalation_request": request}
                    hub.act(
                        "user", PERSON, "update", object_type="tickets", id=id_, properties=wish
                    )
                until(f"all are in {queue}", lambda: queues(hub, ids) == {queue})  # noqa: B023
            wanted = TICKETS * len(HAND_OFFS)
            until("all were announced", lambda: len(channel.cards()) >= wanted)
            inbox = Inbox(redis.Redis.from_url(here.redis_url))
            until("the inbox is at rest", lambda: not inbox.counts()["due"])
        announced = Counter(
            (as_text(card)[1].rsplit("/", 1)[1], "→ IT" in as_text(card)[1])
            for card in channel.cards()
        )
    assert announced == Counter({(id_, to_it): 1 for id_ in ids for to_it in (False, True)})


def queues(hub: Hub, ids: list[str]) -> set[str]:
    return {row["properties"]["routing_queue"] for row in states(hub, ids)}
