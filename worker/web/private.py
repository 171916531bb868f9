"""The private listener: is the worker ready, what has it counted, the report pages."""

from __future__ import annotations

import threading
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

from worker.clients.sweep_store import PROGRESS_KEY as SWEEP_KEY
from worker.escalation.assignment import OWNERLESS_KEY
from worker.hubspot.errors import HubSpotError
from worker.intake.inbox import Inbox
from worker.intake.reconcile import KEY as RECONCILED_KEY
from worker.processes.counters import Counters
from worker.web.receiver import healthz
from worker.web.reports import ReportPages

READY_KEPT_S = 15.0  # HubSpot is asked at most so often, whoever asks us
POLL_KEY = "ticket-worker:poll"
_SWEEP = {
    "companies": ("companies_checked", "Companies that the check of all clients has looked at"),
    "expected": ("companies_expected", "Companies that it was expected to look at"),
    "share": ("done_ratio", "How much of the check is done, 0 to 1"),
    "clients": ("clients", "Clients among the companies checked"),
    "complete": ("clients_complete", "Clients of these whose record is complete"),
    "started": ("started_timestamp_seconds", "When the check began"),
    "finished": ("finished_timestamp_seconds", "When it ended; 0 while it goes on"),
}
_HELP = {
    "ageing": "Tickets announced because they wait too long in their queue, by queue",
    "announced_by": "Tickets decided, by who announced them first",
    "clients_flagged": "Client records whose flag changed",
    "notices_sent": "Hand-offs that all their receivers know of",
    "owners_assigned": "Tickets given an owner",
    "loops_stopped": "Tickets left where they were because they kept coming back",
    "person_moves_restored": "People's moves that our write had gone over, put back",
    "unaccounted": "Undecided tickets that neither the inbox nor the failed list knew of",
    "hubspot_calls": "Calls to HubSpot by limit",
    "hubspot_status": "Answers of HubSpot by status",
    "routed_to": "Tickets decided, by queue",
    "tickets": "Tickets worked on, by what became of them",
    "webhook_echoes": "Webhook events that were echoes of our own writes",
    "webhook_events": "Webhook events taken",
    "webhook_foreign": "Webhook events of another portal",
    "webhook_refused": "Webhook deliveries refused, by why",
    "webhook_repeats": "Webhook deliveries that came again, exactly, and were not taken again",
}


class Readiness:
    """Whether Redis and HubSpot answer. HubSpot is asked at most every `READY_KEPT_S` seconds,
    by one thread at a time.
    """

    def __init__(
        self,
        client: redis.Redis,
        ask_hubspot: Callable[[], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = client
        self._ask_hubspot = ask_hubspot
        self._clock = clock
        self._lock = threading.Lock()
        self._asked = 0.0
        self._hubspot = ""

    def state(self) -> dict[str, str]:
        """`ok` or what is wrong, for each."""
        return {"redis": self._redis_state(), "hubspot": self._hubspot_state()}

    def _redis_state(self) -> str:
        try:
            self._redis.ping()
        except (redis.RedisError, OSError) as error:
            return f"does not answer: {type(error).__name__}"
        return "ok"

    def _hubspot_state(self) -> str:
        with self._lock:
            if not self._hubspot or self._clock() - self._asked > READY_KEPT_S:
                self._hubspot = self._ask()
                self._asked = self._clock()
            return self._hubspot

    def _ask(self) -> str:
        try:
            self._ask_hubspot()
        except (HubSpotError, redis.RedisError, OSError) as error:
            return str(error) or type(error).__name__
        return "ok"


class StateCollector(Collector):
    """Prometheus metrics from the state in Redis, which all processes share."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._inbox = Inbox(client)
        self._counters = Counters(client)

    def collect(self) -> Iterable[Metric]:
        """Every metric now. Raises redis's errors when Redis is away."""
        yield from self._totals()
        inbox = GaugeMetricFamily(
            "ticket_worker_inbox", "Ticket ids in the inbox", labels=["state"]
        )
        for state, number in self._inbox.counts().items():
            inbox.add_metric([state], number)
        yield inbox
        yield from self._poll()
        yield from self._reconciled()
        yield from self._sweep()
        yield from self._ownerless()

    def _ownerless(self) -> Iterable[Metric]:
        ownerless = GaugeMetricFamily(
            "ticket_worker_ownerless",
            "Tickets that nobody on their queue's list can take, at the last look",
            labels=["queue"],
        )
        for queue, count in self._redis.hgetall(OWNERLESS_KEY).items():
            ownerless.add_metric([_text(queue)], float(count))
        yield ownerless

    def _totals(self) -> Iterable[Metric]:
        """A family for each counter; where one of its totals has a label, all of them do."""
        totals: dict[str, dict[str, int]] = {}
        for name, count in sorted(self._counters.totals().items()):
            metric, _, label = name.partition(":")
            totals.setdefault(metric, {})[label] = count
        for metric, by_label in totals.items():
            labelled = any(by_label)
            family = CounterMetricFamily(
                f"ticket_worker_{metric}",
                _HELP.get(metric, metric),
                labels=["kind"] if labelled else None,
            )
            for label, count in by_label.items():
                family.add_metric([label] if labelled else [], count)
            yield family

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

    def _reconciled(self) -> Iterable[Metric]:
        said = {_text(k): float(v) for k, v in self._redis.hgetall(RECONCILED_KEY).items()}
        if not said:
            return
        yield GaugeMetricFamily(
            "ticket_worker_oldest_undecided_seconds",
            "Age of the oldest undecided ticket at the last count",
            said.pop("oldest_s"),
        )
        ages = GaugeMetricFamily(
            "ticket_worker_undecided_by_age", "Undecided tickets at the last count", labels=["age"]
        )
        for age, count in said.items():
            ages.add_metric([age], count)
        yield ages

    def _sweep(self) -> Iterable[Metric]:
        """How far the check of all clients has come, and what it found."""
        said = {_text(k): float(v) for k, v in self._redis.hgetall(SWEEP_KEY).items()}
        for name, (metric, text) in _SWEEP.items():
            if name in said:
                yield GaugeMetricFamily(f"ticket_worker_sweep_{metric}", text, said[name])


def make_private_app(
    client: redis.Redis,
    ask_hubspot: Callable[[], object],
    reports: ReportPages | None = None,
) -> Starlette:
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
            *(reports.routes() if reports else ()),
        ]
    )


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
