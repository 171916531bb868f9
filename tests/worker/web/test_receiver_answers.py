"""What the public listener answers, whatever it is sent."""

from __future__ import annotations

import asyncio
from itertools import repeat
from typing import Any

import orjson
import pytest
import redis

from tests.worker.web.door import PATH, Door, call, event, scope_of, v3_headers
from worker.intake.inbox import Inbox
from worker.web.receiver import LARGE_AT_ONCE, LARGE_BYTES

MIB = 1024 * 1024


def padded(size: int) -> bytes:
    """A signed body of so many bytes: one event and white space."""
    body = orjson.dumps([event()])
    return body + b" " * (size - len(body))


def test_up_to_a_hundred_events_at_once(door: Door, redis_client: redis.Redis) -> None:
    assert door.deliver([event(object_id=1000 + n) for n in range(100)]) == 202
    assert Inbox(redis_client).counts()["due"] == 100


@pytest.mark.parametrize(
    "body",
    [
        [],
        [event("deal.creation")],
        [event("ticket.deletion")],
        [{}, None, 1, "x", [[]]],
        [event("conversation.newMessage", object_id=5), {"subscriptionType": 7}],
    ],
)
def test_authentic_events_that_are_ignored_are_acknowledged(
    door: Door, redis_client: redis.Redis, body: object
) -> None:
    assert door.deliver(body) == 202
    assert Inbox(redis_client).counts()["due"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"objectId": 1}',
        b"null",
        b"[",
        b"[1,]",
        b"[NaN]",
        b"\xff\xfe",
        b'["\xed\xa0\x80"]',
        b"[" * 5000,
        b"<html></html>",
        b"\x1f\x8b\x08\x00",
        "[]".encode("utf-16"),
    ],
)
def test_an_authentic_body_that_is_no_json_array_is_400(door: Door, body: bytes) -> None:
    assert door.deliver(body) == 400


def test_a_body_of_one_mebibyte_is_read_and_one_byte_more_is_not(door: Door) -> None:
    assert door.deliver(padded(MIB)) == 202
    assert door.deliver(padded(MIB + 1)) == 413


def test_too_large_is_told_from_content_length_before_the_body_is_read(door: Door) -> None:
    body = padded(100)
    for length in (b"1048577", b"9" * 20, b"9" * 5000):
        chunks = iter([body])
        answer = door.request(chunks, [*v3_headers(body), (b"Content-Length", length)])
        assert (answer.status, answer.headers[b"connection"]) == (413, b"close")
        assert next(chunks) == body


def test_a_body_in_chunks_without_a_length_is_cut_off(door: Door) -> None:
    chunks = repeat(b"x" * 65536, 1000)
    answer = door.request(chunks, v3_headers(b"x"))
    assert (answer.status, answer.headers[b"connection"]) == (413, b"close")
    assert len(list(chunks)) >= 1000 - MIB // 65536 - 2


def test_many_large_bodies_wait_for_a_place_and_hubspots_deliveries_do_not(door: Door) -> None:
    read = 0
    chunk = b"x" * 65_536

    async def stranger() -> None:
        mine = 0

        async def receive() -> dict[str, Any]:
            nonlocal read, mine
            if mine + len(chunk) > MIB:
                await asyncio.Event().wait()  # the last bytes never come
            mine += len(chunk)
            read += len(chunk)
            return {"type": "http.request", "body": chunk, "more_body": True}

        async def send(_: Any) -> None: ...

        await door.app(scope_of("POST", PATH, []), receive, send)

    async def flood() -> int:
        strangers = [asyncio.create_task(stranger()) for _ in range(60)]
        for _ in range(200):  # as far as they get
            await asyncio.sleep(0)
        body = padded(100)
        answer = await call(door.app, "POST", PATH, v3_headers(body), [body])
        for one in strangers:
            one.cancel()
        await asyncio.gather(*strangers, return_exceptions=True)
        return answer.status

    assert door.run(flood) == 202
    assert 60 * LARGE_BYTES < read <= LARGE_AT_ONCE * MIB + 60 * (LARGE_BYTES + len(chunk))
    assert door.deliver(padded(MIB)) == 202, "the places are free again"


def test_headers_of_32_kibibytes_are_read_and_more_are_not(
    door: Door, redis_client: redis.Redis
) -> None:
    body = padded(100)
    signed = v3_headers(body)
    room = 32 * 1024 - sum(len(name) + len(value) for name, value in signed)
    assert door.request([body], [*signed, (b"X-F", b"x" * (room - 3))]).status == 202
    redis_client.flushall()
    answer = door.request([body], [*signed, (b"X-F", b"x" * (room - 2))])
    assert (answer.status, answer.headers[b"connection"]) == (431, b"close")
    assert redis_client.keys("*") == []


@pytest.mark.parametrize("length", [b"-1", b"abc", b"", b"1.5", b"\xb2", b"0x10", b"1 1"])
def test_a_length_that_is_no_number_is_400(door: Door, length: bytes) -> None:
    body = padded(100)
    assert door.request([body], [*v3_headers(body), (b"Content-Length", length)]).status == 400


def test_more_events_than_hubspot_ever_sends_are_refused(door: Door) -> None:
    assert door.deliver([event(object_id=n) for n in range(1, 1001)]) == 202
    assert door.deliver([{}] * 1001) == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_only_post_is_answered(door: Door, method: str) -> None:
    body = padded(100)
    assert door.request([body], v3_headers(body), method=method).status == 405


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/webhooks", "/webhooks/hubspot/", "/webhooks/hubspot/x", "//webhooks/hubspot"),
        *("/metrics", "/readyz", "/reports/", "/webhooks/HubSpot", "/healthz/", "/../healthz"),
    ],
)
def test_nothing_else_is_there(door: Door, path: str) -> None:
    body = padded(100)
    assert door.request([body], v3_headers(body), path=path).status == 404
    assert door.request(method="GET", path=path).status == 404


def test_health_needs_no_signature(door: Door) -> None:
    answer = door.request(method="GET", path="/healthz")
    assert (answer.status, answer.body) == (200, b"ok")
