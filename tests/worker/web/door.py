"""The receiver without a network: signed deliveries through its application, in one call each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import redis.asyncio
import redis.asyncio.retry
from redis.backoff import NoBackoff
from starlette.applications import Starlette

from simulator.webhooks import signature
from worker.web.receiver import Receiver, make_public_app

SECRET = "the-client-secret-of-a-test"
URL = "https://tickets.example.com/webhooks/hubspot"
PATH = "/webhooks/hubspot"
NOW = 1_790_000_000_000
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Status 0: nothing."""

    status: int
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


async def call(
    app: Starlette, method: str, path: str, headers: Headers, chunks: Iterable[bytes]
) -> Answer:
    """One request as a server hands it over; the body in pieces. An error of the application is
    an error here.
    """
    waiting = iter(chunks)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        chunk = next(waiting, None)
        if chunk is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope_of(method, path, headers), receive, send)
    if not sent:
        return Answer(0)
    body = b"".join(one.get("body", b"") for one in sent[1:])
    return Answer(sent[0]["status"], dict(sent[0]["headers"]), body)


def scope_of(method: str, path: str, headers: Headers) -> dict[str, Any]:
    """A request as a server describes it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in headers],
        "client": ("203.0.113.9", 1),
        "server": ("127.0.0.1", 8080),
    }


def v3_headers(
    body: bytes, at_ms: int = NOW, secret: str = SECRET, url: str = URL, method: str = "POST"
) -> Headers:
    """The headers of a delivery as HubSpot signs it: v1 beside v3."""
    return [
        *v1_headers(body, secret),
        (b"X-HubSpot-Request-Timestamp", str(at_ms).encode()),
        (b"X-HubSpot-Signature-v3", signature.v3(secret, method, url, body, at_ms).encode()),
    ]


def v1_headers(body: bytes, secret: str = SECRET) -> Headers:
    return [
        (b"Content-Type", b"application/json"),
        (b"X-HubSpot-Signature-Version", b"v1"),
        (b"X-HubSpot-Signature", signature.v1(secret, body).encode()),
    ]


class Door:
    """A receiver on a Redis. Its clock stands still until it is moved."""

    def __init__(self, redis_url: str, allow_v1: bool = False) -> None:
        self._runner = asyncio.Runner()
        self.now_ms = NOW
        self.redis = redis.asyncio.Redis.from_url(
            redis_url,
            socket_timeout=1,
            socket_connect_timeout=1,
            retry=redis.asyncio.retry.Retry(NoBackoff(), 1),
        )
        self.app = make_public_app(
            Receiver(self.redis, SECRET, URL, allow_v1, clock_ms=lambda: self.now_ms)
        )

    def close(self) -> None:
        self.run(self.redis.aclose)
        self._runner.close()

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        async def task() -> Any:
            return await work()

        return self._runner.run(task())

    def request(
        self,
        chunks: Iterable[bytes] = (),
        headers: Headers | None = None,
        method: str = "POST",
        path: str = PATH,
    ) -> Answer:
        answer: Answer = self.run(lambda: call(self.app, method, path, headers or [], chunks))
        return answer

    def deliver(self, body: Any, **more: Any) -> int:
        """The status for a v3 delivery of events, or of bytes as they are."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.request([raw], v3_headers(raw, **{"at_ms": self.now_ms, **more})).status

    def deliver_v1(self, body: Any) -> int:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.request([raw], v1_headers(raw)).status


def event(kind: str = "ticket.creation", object_id: int = 101, **more: Any) -> dict[str, Any]:
    """An event as HubSpot sends it, by a person."""
    return {
        "eventId": 1,
        "subscriptionId": 25,
        "portalId": 33,
        "appId": 9,
        "occurredAt": NOW - 1000,
        "subscriptionType": kind,
        "attemptNumber": 0,
        "objectId": object_id,
        "changeSource": "CRM_UI",
        "sourceId": "userId:7",
        **more,
    }
