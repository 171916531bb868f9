"""The private listener: ready or not, and what was counted."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable

import redis
from prometheus_client.parser import text_string_to_metric_families

from config.settings import load_settings
from tests.worker.web.door import Answer, call
from worker.clients.sweep import SweepState
from worker.clients.sweep_store import SweepStore
from worker.escalation.assignment import OWNERLESS_KEY
from worker.hubspot.errors import Rejected, Transient
from worker.intake.inbox import Inbox, Source
from worker.processes import embedded_redis
from worker.processes.counters import Counters
from worker.web.private import READY_KEPT_S, Readiness, make_private_app


def get(client: redis.Redis, path: str, ask: Callable[[], object] = dict) -> Answer:
    """The answer of a private listener whose HubSpot is `ask`."""
    return asyncio.run(call(make_private_app(client, ask), "GET", path, [], []))


def nobody() -> redis.Redis:
    """A client of a Redis that is not there."""
    url = f"redis://127.0.0.1:{embedded_redis.free_port()}/0"
    return redis.Redis.from_url(url, socket_connect_timeout=1)


def metrics(client: redis.Redis) -> dict[tuple[str, str], float]:
    """The samples by name and first label, as a Prometheus server reads them."""
    answer = get(client, "/metrics")
    assert answer.status == 200
    assert answer.headers[b"content-type"] == b"text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def test_ready_when_redis_and_hubspot_answer(redis_client: redis.Redis) -> None:
    answer = get(redis_client, "/readyz")
    assert (answer.status, answer.body) == (200, b'{"redis":"ok","hubspot":"ok"}')


def test_not_ready_without_redis() -> None:
    answer = get(nobody(), "/readyz")
    assert answer.status == 503
    assert b'"redis":"does not answer: ConnectionError"' in answer.body
    assert b'"hubspot":"ok"' in answer.body


def test_not_ready_without_hubspot_and_says_why(redis_client: redis.Redis) -> None:
    def refused() -> object:
        raise Rejected("GET /account-info: the token is wrong", 401)

    answer = get(redis_client, "/readyz", refused)
    assert answer.status == 503
    assert b"the token is wrong" in answer.body


def test_hubspot_is_asked_only_now_and_then_but_redis_each_time(redis_client: redis.Redis) -> None:
    now, asked = 1000.0, 0

    def ask() -> object:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise Transient("HubSpot is away")
        return {}

    readiness = Readiness(redis_client, ask, clock=lambda: now)
    assert [readiness.state()["hubspot"] for _ in range(5)] == ["ok"] * 5
    assert asked == 1
    now += READY_KEPT_S + 1
    assert readiness.state() == {"redis": "ok", "hubspot": "HubSpot is away"}
    now += READY_KEPT_S + 1
    assert readiness.state()["hubspot"] == "ok"
    assert Readiness(nobody(), ask).state()["redis"] != "ok"


def test_a_slow_hubspot_is_asked_by_one_at_a_time(redis_client: redis.Redis) -> None:
    asked: list[float] = []

    def slow() -> object:
        asked.append(time.monotonic())
        time.sleep(0.2)
        return {}

    readiness = Readiness(redis_client, slow)
    threads = [threading.Thread(target=readiness.state) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


def test_counts_are_prometheus_metrics(redis_client: redis.Redis) -> None:
    Counters(redis_client).add(
        {
            "webhook_events": 7,
            "webhook_refused:forged": 2,
            "hubspot_calls:search": 3,
            "hubspot_calls:ten_seconds": 5,
            'odd:with "quotes"\\ and\nlines': 1,
            "both": 1,
            "both:labelled": 2,
        }
    )
    Inbox(redis_client).announce(["1", "2"], Source.WEBHOOK)
    found = metrics(redis_client)
    assert found["ticket_worker_webhook_events_total", ""] == 7
    assert found["ticket_worker_webhook_refused_total", "forged"] == 2
    assert found["ticket_worker_hubspot_calls_total", "search"] == 3
    assert found["ticket_worker_hubspot_calls_total", "ten_seconds"] == 5
    assert found["ticket_worker_odd_total", 'with "quotes"\\ and\nlines'] == 1
    assert found["ticket_worker_both_total", "labelled"] == 2
    assert found["ticket_worker_inbox", "due"] == 2
    assert found["ticket_worker_inbox", "failed"] == 0


def test_the_last_poll_is_among_the_metrics(redis_client: redis.Redis) -> None:
    assert ("ticket_worker_undecided", "") not in metrics(redis_client)
    at = time.time() - 30
    redis_client.hset("ticket-worker:poll", mapping={"at": at, "undecided": 12})
    found = metrics(redis_client)
    assert found["ticket_worker_undecided", ""] == 12
    assert 29 < found["ticket_worker_poll_age_seconds", ""] < 40


def test_tickets_that_nobody_can_take_are_among_the_metrics(redis_client: redis.Redis) -> None:
    redis_client.hset(OWNERLESS_KEY, "level_2", 3)
    (found,) = [value for (name, _), value in metrics(redis_client).items() if "ownerless" in name]
    assert found == 3


def test_how_far_the_sweep_has_come_is_among_the_metrics(redis_client: redis.Redis) -> None:
    assert ("ticket_worker_sweep_companies_checked", "") not in metrics(redis_client)
    store = SweepStore(redis_client)
    assert store.take()
    at = SweepState("2026-11-23", 1795400000.0, expected=400)
    at.figures.companies, at.figures.clients, at.figures.complete = 100, 90, 60
    store.save(at)
    found = metrics(redis_client)
    assert found["ticket_worker_sweep_companies_checked", ""] == 100
    assert found["ticket_worker_sweep_done_ratio", ""] == 0.25
    assert found["ticket_worker_sweep_clients_complete", ""] == 60
    assert found["ticket_worker_sweep_finished_timestamp_seconds", ""] == 0


def test_metrics_without_redis_are_503() -> None:
    assert get(nobody(), "/metrics").status == 503
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        hung = redis.Redis.from_url(url, socket_timeout=0.2)
        assert get(hung, "/metrics").status == 503


def test_nothing_else_is_there_and_it_is_loopback_by_default(redis_client: redis.Redis) -> None:
    assert get(redis_client, "/healthz").status == 200
    assert get(redis_client, "/webhooks/hubspot").status == 404
    assert load_settings(_env_file=None).private_host == "127.0.0.1"
