"""The public listener: HubSpot's webhooks come in, ticket ids go into the inbox. Nothing else.

It answers 2xx to anything authentic, because HubSpot delivers every other answer ten times more.
It writes ids, never publishes to Celery, and says 503 when Redis does not take them in time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet

import orjson
import redis.asyncio
import redis.exceptions
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from worker.hubspot.webhooks import (
    OUR_PROPERTIES,
    V1_OLDEST_MS,
    Verdict,
    check_v1,
    check_v3,
    signed_uri,
    wanted,
)
from worker.web.deliveries import Deliveries, Delivery
from worker.web.refusals import Refusals

MAX_HEAD_BYTES = 32 * 1024
MAX_BODY_BYTES = 1024 * 1024
# A delivery of HubSpot's 100 events is smaller. What is larger waits for a place in memory, so that
# strangers on all connections can't have us killed for the want of it.
LARGE_BYTES = 128 * 1024
LARGE_AT_ONCE = 8
MAX_EVENTS = 1000  # HubSpot: at most 100 in a delivery
BODY_S = 5.0  # HubSpot itself gives up after five seconds
REDIS_S = 1.0
SIGNATURE_V3 = "X-HubSpot-Signature-v3"
TIMESTAMP = "X-HubSpot-Request-Timestamp"
SIGNATURE_V1 = "X-HubSpot-Signature"
log = structlog.get_logger()


class Receiver:
    """The webhook endpoint.

    `clock_ms` is the time of day in milliseconds; `our_properties` what the worker writes, by
    the portal's names.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        secret: str,
        public_url: str,
        allow_v1: bool = False,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        our_properties: AbstractSet[str] = OUR_PROPERTIES,
    ) -> None:
        self._deliveries = Deliveries(client)
        self._secret = secret
        self._uri = signed_uri(public_url)
        self._allow_v1 = allow_v1
        self._clock_ms = clock_ms
        self._our_properties = our_properties
        self._refusals = Refusals()
        self._room_for_large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._v3_seen = False  # so that a flushed Redis brings v1 back only after a restart

    async def receive(self, request: Request) -> Response:
        """One delivery. 202 accepted; 400, 401, 408, 413, 431 or 503 otherwise."""
        if (refused := _refused_head(request) or _refused_length(request)) is not None:
            return refused
        async with contextlib.AsyncExitStack() as held:
            return await self._receive(request, held)

    async def _receive(self, request: Request, held: contextlib.AsyncExitStack) -> Response:
        try:
            body = await asyncio.wait_for(self._body(request, held), BODY_S)
        except (TimeoutError, ClientDisconnect):
            return _ended("the body did not arrive in time", 408)
        if body is None:
            return _ended("the body is larger than 1 MiB", 413)
        verdict, delivery = self._verify(request, body)
        if verdict is not Verdict.AUTHENTIC:
            return await self._unauthorized(verdict)
        try:
            async with asyncio.timeout(REDIS_S):
                return await self._take(delivery, body)
        except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
            log.error("webhook_not_taken", why=type(error).__name__)
            return PlainTextResponse("not taken; deliver again", 503, {"Retry-After": "5"})

    async def _body(self, request: Request, held: contextlib.AsyncExitStack) -> bytes | None:
        """The raw body, or None when it is too large; never more than that is held. A large one
        has a place for as long as `held` is open.
        """
        body = bytearray()
        large = False
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return None
            if len(body) > LARGE_BYTES and not large:
                large = True
                await held.enter_async_context(self._room_for_large)
        return bytes(body)

    def _verify(self, request: Request, body: bytes) -> tuple[Verdict, Delivery]:
        """A delivery that carries v3 is judged by v3, whatever else it carries."""
        found = {
            name: request.headers.getlist(name) for name in (SIGNATURE_V3, TIMESTAMP, SIGNATURE_V1)
        }
        one = {name: values[0] if values else "" for name, values in found.items()}
        if found[SIGNATURE_V3]:
            delivery = Delivery.v3(one[SIGNATURE_V3])
            # Two headers of one name: whoever made them, HubSpot did not.
            if len(found[SIGNATURE_V3]) > 1 or len(found[TIMESTAMP]) > 1:
                return Verdict.FORGED, delivery
            verdict = check_v3(
                self._secret,
                "POST",
                self._uri,
                body,
                one[TIMESTAMP],
                one[SIGNATURE_V3],
                self._clock_ms(),
            )
            return verdict, delivery
        delivery = Delivery.v1(body)
        if not self._allow_v1:
            return Verdict.UNSIGNED, delivery
        if len(found[SIGNATURE_V1]) > 1:
            return Verdict.FORGED, delivery
        return check_v1(self._secret, body, one[SIGNATURE_V1]), delivery

    async def _take(self, delivery: Delivery, body: bytes) -> Response:
        known = await self._deliveries.known(delivery)
        self._v3_seen = self._v3_seen or known.v3_seen or not delivery.by_v1
        events = _events(body)
        if delivery.by_v1:
            log.warning(
                "webhook_signed_v1",
                mend="v1 protects from no replay. Unset WEBHOOK_ALLOW_V1 once HubSpot sends v3.",
            )
            if self._v3_seen:
                return await self._unauthorized(Verdict.UNSIGNED)
            if known.repeated or not self._recent(events):
                return await self._unauthorized(Verdict.STALE)
        elif known.repeated:
            await self._deliveries.count({"webhook_repeats": 1})
            return Response(status_code=202)
        if events is None:
            return PlainTextResponse("the body is no JSON array of events", 400)
        if len(events) > MAX_EVENTS:
            return PlainTextResponse(f"more than {MAX_EVENTS} events", 413)
        asked = wanted(events, known.own_source_id, known.portal_id, self._our_properties)
        if asked.foreign:
            log.warning("events_of_another_portal", count=asked.foreign, portal=known.portal_id)
        counts = {
            "webhook_events": len(events),
            "webhook_echoes": asked.echoes,
            "webhook_foreign": asked.foreign,
        }
        await self._deliveries.take(delivery, asked, counts)
        return Response(status_code=202)

    def _recent(self, events: list[object] | None) -> bool:
        oldest = self._clock_ms() - V1_OLDEST_MS
        for event in events or []:
            at = event.get("occurredAt") if isinstance(event, dict) else None
            if not isinstance(at, int) or at < oldest:
                return False
        return True

    async def _unauthorized(self, verdict: Verdict) -> Response:
        if counts := self._refusals.add(verdict, self._clock_ms()):
            with contextlib.suppress(redis.exceptions.RedisError, OSError, TimeoutError):
                async with asyncio.timeout(REDIS_S):
                    await self._deliveries.count(counts)
        return PlainTextResponse("the signature is missing or wrong", 401)


def _refused_head(request: Request) -> Response | None:
    """The answer to headers of too many bytes. h11 alone bounds only what comes in pieces."""
    if sum(len(name) + len(value) for name, value in request.headers.raw) > MAX_HEAD_BYTES:
        return _ended("the headers are larger than 32 KiB", 431)
    return None


def _refused_length(request: Request) -> Response | None:
    """The answer to a body whose length is announced as none or too large."""
    length = request.headers.get("Content-Length", "0")
    if not (length.isascii() and length.isdigit()):
        return _ended("Content-Length is no number", 400)
    if len(length) > len(str(MAX_BODY_BYTES)) or int(length) > MAX_BODY_BYTES:
        return _ended("the body is larger than 1 MiB", 413)
    return None


def _ended(said: str, status: int) -> Response:
    """An answer before the whole body came; what is still to come is not read."""
    return PlainTextResponse(said, status, {"Connection": "close"})


def _events(body: bytes) -> list[object] | None:
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return events if isinstance(events, list) else None


async def healthz(_: Request) -> Response:
    """The listener is alive. Says nothing about Redis or HubSpot; `/readyz` does, in private."""
    return PlainTextResponse("ok")


def make_public_app(receiver: Receiver) -> Starlette:
    """The public listener answers these two paths alone."""
    app = Starlette(
        routes=[
            Route("/webhooks/hubspot", receiver.receive, methods=["POST"]),
            Route("/healthz", healthz, methods=["GET"]),
        ]
    )
    # A redirect would be built from the Host header, and HubSpot would not follow it.
    app.router.redirect_slashes = False
    return app
