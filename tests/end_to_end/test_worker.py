"""Real processes: receiver, Celery workers, beat, a Redis-compatible server, the simulator."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import redis

from config.settings import Settings
from demo.processes import answers
from tests.simulator.hub import Hub
from tests.stack import processes, until
from worker.intake.inbox import Inbox

TEXTS = [
    "Please reset my password for the portal.",
    "Please send your current SOC 2 report for our auditors.",
    "Write us a SQL query over the invoice tables.",
    "Please train the OCR on the new layout of this vendor, samples attached.",
]


def tickets(hub: Hub, number: int, announce: bool = True) -> list[str]:
    """Tickets of the clients in turn, attached at once."""
    contacts = [
        c["id"] for c in hub.control("GET", "/objects/contacts?properties=email")["results"]
    ]
    rows = [
        {
            "subject": f"request {n}",
            "content": TEXTS[n % len(TEXTS)],
            "contact_id": contacts[n % len(contacts)],
            "attach_after_s": 0,
            "announce": announce,
            "source_type": "EMAIL",
        }
        for n in range(number)
    ]
    ids: list[str] = hub.control("POST", "/tickets", {"tickets": rows})["ids"]
    return ids


def states(hub: Hub, ids: list[str]) -> list[dict[str, Any]]:
    wanted = "routing_status,routing_queue,hs_pipeline_stage,client_record_missing"
    rows: list[dict[str, Any]] = []
    for start in range(0, len(ids), 500):
        part = ",".join(ids[start : start + 500])
        rows += hub.control("GET", f"/objects/tickets?ids={part}&properties={wanted}")["results"]
    return rows


def decided(hub: Hub, ids: list[str]) -> int:
    return sum(bool(row["properties"].get("routing_status")) for row in states(hub, ids))


def moves(hub: Hub) -> dict[str, int]:
    """How often our app wrote the stage of each ticket."""
    found: dict[str, int] = {}
    after = 0
    while True:
        page = hub.control("GET", f"/log?after={after}")
        for entry in page["entries"]:
            if entry["actor"]["kind"] == "app" and "hs_pipeline_stage" in entry["changes"]:
                found[entry["id"]] = found.get(entry["id"], 0) + 1
        if page["next"] == after:
            return found
        after = page["next"]


def test_a_burst_of_a_thousand_tickets_of_two_hundred_clients(
    settings: tuple[Settings, Hub], tmp_path: Path
) -> None:
    """By the simulator's counters: at most 0.08 ten-second calls, 0.02 searches and 0.05
    association calls a ticket; every ticket moved once, none of them a second time.
    """
    here, hub = settings
    with processes(here, "worker --name w1", "worker --name w2", "receiver", logs=tmp_path):
        until(
            "the receiver answers",
            lambda: answers(f"http://127.0.0.1:{here.receiver_port}/healthz"),
        )
        first = tickets(hub, 4)
        until("the worker runs", lambda: decided(hub, first) == 4)
        hub.control("POST", "/counters/reset", {})
        ids = tickets(hub, 1000)
        until("all are decided", lambda: decided(hub, ids) == 1000, 60)
        inbox = Inbox(redis.Redis.from_url(here.redis_url))
        until("the inbox is empty", lambda: not sum(inbox.counts().values()))
        counters = hub.control("GET", "/counters")
    assert counters["ten_secondly"] <= 80, counters
    assert counters["search"] <= 20, counters
    assert counters["associations"] <= 50, counters
    assert counters["status"].get("429", 0) == 0, counters
    assert set(moves(hub).values()) == {1}
    assert {row["properties"]["client_record_missing"] for row in states(hub, ids)} != {
        "client unknown"
    }


def test_the_poll_finds_what_no_webhook_told_and_leaves_twelve_thousand_old_tickets_alone(
    settings: tuple[Settings, Hub], tmp_path: Path
) -> None:
    here, hub = settings
    hub.control("POST", "/bulk", {"tickets": 12_000, "ticket_defaults": {"closed_share": 0.5}})
    hub.settings(index_delay_s=1)
    with processes(here, "worker --name w1", "beat", logs=tmp_path):
        ids = tickets(hub, 6, announce=False)
        until("all are decided", lambda: decided(hub, ids) == 6, 30)
        more = tickets(hub, 6, announce=False)
        until("all are decided", lambda: decided(hub, more) == 6, 30)
    log = hub.control("GET", "/log?after=0")["entries"]
    ours = {e["id"] for e in log if e["actor"]["kind"] == "app" and e["object_type"] == "tickets"}
    assert ours == {*ids, *more}


def test_celery_keeps_one_readable_result_for_each_batch_and_none_for_nothing(
    settings: tuple[Settings, Hub], tmp_path: Path
) -> None:
    here, hub = settings
    client = redis.Redis.from_url(here.redis_url)

    def results() -> list[str]:
        raw = client.mget(client.keys("celery-task-meta-*"))
        return [str(orjson.loads(one)["result"]) for one in raw if one]

    with processes(here, "worker --name w1", "receiver", logs=tmp_path):
        url = f"http://127.0.0.1:{here.receiver_port}/healthz"
        until("the receiver answers", lambda: answers(url))
        ids = tickets(hub, 3)
        until("they are decided", lambda: decided(hub, ids) == 3, 30)
        until("the result is kept", lambda: any("decided" in one for one in results()))
        time.sleep(1)  # an empty wake-up would come now
    wanted = f"3 tickets: 3 decided [{' '.join(ids)}]"
    assert results() == [wanted]


def test_a_client_attached_late_reaches_the_ticket_within_seconds(
    settings: tuple[Settings, Hub], tmp_path: Path
) -> None:
    here, hub = settings
    contact = hub.control("GET", "/objects/contacts?properties=email")["results"][0]["id"]
    with processes(here, "worker --name w1", "receiver", logs=tmp_path):
        until(
            "the receiver answers",
            lambda: answers(f"http://127.0.0.1:{here.receiver_port}/healthz"),
        )
        ticket_id = hub.ticket(content=TEXTS[0], contact_id=contact, attach_after_s=3)
        until("it is decided", lambda: decided(hub, [ticket_id]) == 1)
        assert (
            states(hub, [ticket_id])[0]["properties"]["client_record_missing"] == "client unknown"
        )

        def known() -> bool:
            said = states(hub, [ticket_id])[0]["properties"].get("client_record_missing")
            return bool(said != "client unknown")

        until("its client is on it", known)
    assert moves(hub) == {ticket_id: 1}


def test_go_live_is_when_the_portal_got_our_properties(settings: tuple[Settings, Hub]) -> None:
    from worker.runtime import Runtime

    here = Runtime(settings[0])
    portal = here.portal.current(here.policy.current())
    assert abs((datetime.now(UTC) - portal.go_live).total_seconds()) < 120
