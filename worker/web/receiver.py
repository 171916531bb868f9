"""The public listener: HubSpot's webhooks come in, ticket ids go into the inbox. Nothing else.

It answers 2xx to anything authentic, because HubSpot delivers every other answer ten times more.
It writes ids, never publishes to Celery, and says 503 when Redis does not take them in time.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson
import redis.asyncio
import redis.exceptions
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from worker.clients.directory import COMPANY_KEY, CONTACT_KEY, NAMED_BY_KEY
from worker.counters import KEY as COUNTERS_KEY
from worker.hubspot.webhooks import (
    V1_OLDEST_MS,
    Wanted,
    is_authentic_v1,
    is_authentic_v3,
    signed_uri,
    wanted,
)
from worker.identity import KEY as IDENTITY_KEY
from worker.intake.inbox import ANNOUNCE_KEYS, ANNOUNCE_LUA, Source, announce_args
from worker.portal import PORTAL_ID_KEY

MAX_BODY_BYTES = 1024 * 1024
BODY_S = 5.0  # HubSpot itself gives up after five seconds
REDIS_S = 1.0
V3_SEEN_KEY = "ticket-worker:webhook:v3-seen"
V1_BODY_KEY = "ticket-worker:webhook:v1-body:"
V1_REMEMBERED_S = 26 * 3600
# Drops cached client records that name a contact. KEYS: for each contact its own and its index.
_FORGET_CONTACTS = """
for i = 1, #KEYS, 2 do
  for _, company in ipairs(redis.call('SMEMBERS', KEYS[i + 1])) do
    redis.call('UNLINK', ARGV[1] .. company)
  end
  redis.call('UNLINK', KEYS[i], KEYS[i + 1])
end
return 1
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Known:
    """What Redis tells about deliveries."""

    own_source_id: str
    portal_id: str
    v3_seen: bool


class Receiver:
    """The webhook endpoint. `clock_ms` is the time of day in milliseconds."""

    def __init__(
        self,
        client: redis.asyncio.Redis,
        secret: str,
        public_url: str,
        allow_v1: bool = False,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._redis = client
        self._secret = secret
        self._uri = signed_uri(public_url)
        self._allow_v1 = allow_v1
        self._clock_ms = clock_ms

    async def receive(self, request: Request) -> Response:
        """One delivery. 202 accepted; 400, 401, 413, 408 or 503 otherwise."""
        try:
            body = await asyncio.wait_for(_body(request), BODY_S)
        except (TimeoutError, ClientDisconnect):
            return PlainTextResponse("the body did not arrive in time", 408)
        if body is None:
            return PlainTextResponse("the body is larger than 1 MiB", 413)
        try:
            async with asyncio.timeout(REDIS_S):
                return await self._take(request, body)
        except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
            log.error("webhook_not_taken", why=type(error).__name__)
            return PlainTextResponse("not taken; deliver again", 503, {"Retry-After": "5"})

    async def _take(self, request: Request, body: bytes) -> Response:
        signature_v3 = request.headers.get("X-HubSpot-Signature-v3")
        by_v1 = signature_v3 is None
        if signature_v3 is not None:
            timestamp = request.headers.get("X-HubSpot-Request-Timestamp", "")
            authentic = is_authentic_v3(
                self._secret, "POST", self._uri, body, timestamp, signature_v3, self._clock_ms()
            )
        else:
            signature_v1 = request.headers.get("X-HubSpot-Signature", "")
            authentic = self._allow_v1 and is_authentic_v1(self._secret, body, signature_v1)
        if not authentic:
            return _unauthorized()
        known = await self._known()
        events = _events(body)
        if by_v1 and (known.v3_seen or not await self._fresh_v1(body, events)):
            return _unauthorized()
        if events is None:
            return PlainTextResponse("the body is no JSON array of events", 400)
        asked = wanted(events, known.own_source_id, known.portal_id)
        if asked.foreign:
            log.warning("events_of_another_portal", count=asked.foreign, portal=known.portal_id)
        await self._write(asked, len(events), body if by_v1 else None, first_v3=not known.v3_seen)
        return Response(status_code=202)

    async def _known(self) -> Known:
        source, portal, v3 = await self._redis.mget(IDENTITY_KEY, PORTAL_ID_KEY, V3_SEEN_KEY)
        return Known(_text(source), _text(portal), v3 is not None)

    async def _fresh_v1(self, body: bytes, events: list[object] | None) -> bool:
        """v1 protects from no replay: old events and bodies seen before are refused."""
        log.warning("webhook_signed_v1", mend="HubSpot signs v3 too; see docs/security.md")
        oldest = self._clock_ms() - V1_OLDEST_MS
        for event in events or []:
            at = event.get("occurredAt") if isinstance(event, dict) else None
            if not isinstance(at, int) or at < oldest:
                return False
        return not await self._redis.exists(_v1_body_key(body))

    async def _write(
        self, asked: Wanted, events: int, v1_body: bytes | None, first_v3: bool
    ) -> None:
        """Everything a delivery asks for, in one round trip and all or nothing."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for ids, source in ((asked.news, Source.WEBHOOK), (asked.nudged, Source.ASSOCIATION)):
                if ids:
                    pipe.eval(
                        ANNOUNCE_LUA,
                        len(ANNOUNCE_KEYS),
                        *ANNOUNCE_KEYS,
                        *announce_args(sorted(ids), source),
                    )
            if asked.companies:
                pipe.unlink(*(COMPANY_KEY + one for one in sorted(asked.companies)))
            if asked.contacts:
                keys = [
                    k
                    for one in sorted(asked.contacts)
                    for k in (CONTACT_KEY + one, NAMED_BY_KEY + one)
                ]
                pipe.eval(_FORGET_CONTACTS, len(keys), *keys, COMPANY_KEY)
            if v1_body is not None:
                pipe.set(_v1_body_key(v1_body), "1", ex=V1_REMEMBERED_S)
            elif first_v3:
                pipe.set(V3_SEEN_KEY, "1")
            pipe.hincrby(COUNTERS_KEY, "webhook_events", events)
            pipe.hincrby(COUNTERS_KEY, "webhook_echoes", asked.echoes)
            await pipe.execute()


async def _body(request: Request) -> bytes | None:
    """The raw body, or None when it is too large; never more than that is held."""
    length = request.headers.get("Content-Length", "0")
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _events(body: bytes) -> list[object] | None:
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return events if isinstance(events, list) else None


def _unauthorized() -> Response:
    return PlainTextResponse("the signature is missing or wrong", 401)


def _v1_body_key(body: bytes) -> str:
    return V1_BODY_KEY + hashlib.sha256(body).hexdigest()


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")


async def healthz(_: Request) -> Response:
    """The listener is alive. Says nothing about Redis or HubSpot; `/readyz` does, in private."""
    return PlainTextResponse("ok")


def make_public_app(receiver: Receiver) -> Starlette:
    """The public listener answers these two paths alone."""
    return Starlette(
        routes=[
            Route("/webhooks/hubspot", receiver.receive, methods=["POST"]),
            Route("/healthz", healthz, methods=["GET"]),
        ]
    )
