"""The private listener: is the worker ready, what has it counted, the report pages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import anyio.to_thread
import redis
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from worker.counters import Counters
from worker.hubspot.errors import HubSpotError
from worker.intake.inbox import Inbox
from worker.web.receiver import healthz

READY_KEPT_S = 15.0  # HubSpot is asked at most so often, whoever asks us
POLL_KEY = "ticket-worker:poll"
_HELP = {
    "announced_by": "Tickets decided, by who announced them first",
    "clients_flagged": "Client records whose flag changed",
    "hubspot_calls": "Calls to HubSpot by limit",
    "hubspot_status": "Answers of HubSpot by status",
    "routed_to": "Tickets decided, by queue",
    "tickets": "Tickets worked on, by what became of them",
    "webhook_echoes": "Webhook events that were echoes of our own writes",
    "webhook_events": "Webhook events taken",
}


class Readiness:
    """Whether Redis and HubSpot answer, asked at most every `READY_KEPT_S` seconds."""

    def __init__(self, client: redis.Redis, ask_hubspot: Callable[[], object]) -> None:
        self._redis = client
        self._ask_hubspot = ask_hubspot
        self._asked = 0.0
        self._state: dict[str, str] = {}

    def state(self) -> dict[str, str]:
        """`ok` or what is wrong, for each."""
        if not self._state or time.monotonic() - self._asked > READY_KEPT_S:
            self._asked = time.monotonic()
            self._state = {"redis": self._redis_state(), "hubspot": self._hubspot_state()}
        return self._state

    def _redis_state(self) -> str:
        try:
            self._redis.ping()
        except (redis.RedisError, OSError) as error:
            return f"does not answer: {type(error).__name__}"
        return "ok"

    def _hubspot_state(self) -> str:
        try:
            self._ask_hubspot()
        except (HubSpotError, redis.RedisError, OSError) as error:
            return str(error)
        return "ok"


class StateCollector(Collector):
    """Prometheus metrics from the state in Redis, which all processes share."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._inbox = Inbox(client)
        self._counters = Counters(client)

    def collect(self) -> Iterable[Metric]:
        """Every metric now. Raises redis's errors when Redis is away."""
        families: dict[str, CounterMetricFamily] = {}
        for name, count in sorted(self._counters.totals().items()):
            metric, _, label = name.partition(":")
            family = families.setdefault(
                metric,
                CounterMetricFamily(
                    f"ticket_worker_{metric}",
                    _HELP.get(metric, metric),
                    labels=["kind"] if label else None,
                ),
            )
            family.add_metric([label] if label else [], count)
        yield from families.values()
        inbox = GaugeMetricFamily(
            "ticket_worker_inbox", "Ticket ids in the inbox", labels=["state"]
        )
        for state, number in self._inbox.counts().items():
            inbox.add_metric([state], number)
        yield inbox
        yield from self._poll()

    def _poll(self) -> Iterable[Metric]:
        said = {_text(k): float(v) for k, v in self._redis.hgetall(POLL_KEY).items()}
        if said:
            yield GaugeMetricFamily(
                "ticket_worker_undecided", "Undecided tickets at the last poll", said["undecided"]
            )
            yield GaugeMetricFamily(
                "ticket_worker_poll_age_seconds",
                "Seconds since the last poll",
                time.time() - said["at"],
            )


def make_private_app(client: redis.Redis, ask_hubspot: Callable[[], object]) -> Starlette:
    """The private listener's application."""
    readiness = Readiness(client, ask_hubspot)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StateCollector(client))

    async def readyz(_: Request) -> Response:
        state = await anyio.to_thread.run_sync(readiness.state)
        return JSONResponse(state, 200 if set(state.values()) == {"ok"} else 503)

    async def metrics(_: Request) -> Response:
        try:
            page = await anyio.to_thread.run_sync(generate_latest, registry)
        except (redis.RedisError, OSError):
            return PlainTextResponse("Redis does not answer", 503)
        return Response(page, media_type="text/plain; version=0.0.4; charset=utf-8")

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
