"""Thousands of requests that nobody sensible sends: none gets in, none breaks anything."""

from __future__ import annotations

import random
import resource
from typing import Any

import orjson
import redis

from tests.worker.web.door import NOW, Door, Headers, event, v1_headers, v3_headers

SEED = 20261123
NAMES = (
    b"X-HubSpot-Signature-v3",
    b"X-HubSpot-Request-Timestamp",
    b"X-HubSpot-Signature",
    b"X-HubSpot-Signature-Version",
    b"Content-Length",
    b"Content-Type",
    b"Host",
)


def twisted(dice: random.Random, headers: Headers) -> Headers:
    """Headers of which at least one that is signed or signs is wrong."""
    found = list(headers)
    choice = dice.randrange(8)
    at = dice.choice([len(found) - 1, len(found) - 2])
    name, value = found[at]
    if choice == 0:
        del found[at]
    elif choice == 1:
        found[at] = (name, dice.randbytes(dice.randrange(60)))
    elif choice == 2:
        spot = dice.randrange(len(value))
        found[at] = (name, value[:spot] + bytes([value[spot] ^ 1]) + value[spot + 1 :])
    elif choice == 3:
        found.append((name, dice.choice([value, b"", b"\xff"])))
    elif choice == 4:
        found[at] = (name, value[: dice.randrange(len(value))])
    elif choice == 5:
        found[at] = (name, value + dice.choice([b" ", b"=", b"\x00", b",", value]))
    elif choice == 6:
        found = [(n, v) for n, v in found if n != b"X-HubSpot-Signature-v3"]
    else:
        found[at] = (name, dice.choice([b"", b"-1", b"NaN", b"\xb2", b"9" * 400, "é".encode()]))
    for _ in range(dice.randrange(3)):
        extra = dice.choice(NAMES[3:4] + NAMES[5:])
        found.append((extra, dice.randbytes(dice.randrange(20))))
    dice.shuffle(found)
    return found


def forged(dice: random.Random, number: int) -> tuple[bytes, Headers]:
    """A delivery that is forged, stale or downgraded in one of many ways."""
    body = orjson.dumps([event(object_id=number)])
    way = dice.randrange(5)
    if way == 0:
        at_ms = dice.choice([NOW - 300_001 - dice.randrange(10**9), NOW + 60_001, 0, 10**15])
        return body, v3_headers(body, at_ms=at_ms)
    if way == 1:
        return body, v3_headers(body, secret=dice.choice(["", "x", "the-client-secret"]))
    if way == 2:
        return body[: dice.randrange(len(body))], v3_headers(body)
    if way == 3:
        return body, v1_headers(body)
    return body, twisted(dice, v3_headers(body))


def memory_mib() -> float:
    """The most that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_no_forged_delivery_gets_in_and_memory_stays_flat(
    door: Door, redis_client: redis.Redis
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - repeatable, guards nothing
    statuses: dict[int, int] = {}
    for n in range(4000):
        if n == 500:
            before = memory_mib()
        body, headers = forged(dice, 1 + n)
        status = door.request([body], headers).status
        statuses[status] = statuses.get(status, 0) + 1
    assert statuses == {401: 4000}
    assert redis_client.keys("*") == [b"ticket-worker:counters"]
    assert memory_mib() - before < 10


def junk(dice: random.Random, depth: int = 0) -> Any:
    """Any JSON value, often one that looks like part of an event."""
    kinds = 9 if depth < 3 else 7
    match dice.randrange(kinds):
        case 0:
            return dice.choice([None, True, False])
        case 1:
            return dice.choice([0, -1, 2**63, 2**64 - 1, 101, 33, NOW])
        case 2:
            return dice.choice([0.5, -0.0, 1e308])
        case 3:
            return dice.choice(["", "101", "0-5", "userId:7", "4711", "INTEGRATION", "\x00", "é😀"])
        case 4:
            kinds_ = ["ticket", "company", "contact", "object", "deal", "", "ticket.ticket"]
            actions = ["creation", "propertyChange", "associationChange", "merge", "", "x"]
            return f"{dice.choice(kinds_)}.{dice.choice(actions)}"
        case 5 | 6:
            return dice.choice(["TICKET_TO_COMPANY", "hs_pipeline_stage", "routing_queue", "_TO_"])
        case 7:
            return [junk(dice, depth + 1) for _ in range(dice.randrange(4))]
        case _:
            return {
                dice.choice([*event(), "propertyName", "fromObjectId", "toObjectId", "é"]): junk(
                    dice, depth + 1
                )
                for _ in range(dice.randrange(5))
            }


def test_an_authentic_body_of_any_json_is_answered(door: Door, redis_client: redis.Redis) -> None:
    redis_client.set("ticket-worker:identity", "4711")
    redis_client.set("ticket-worker:portal-id", "33")
    dice = random.Random(SEED)  # noqa: S311
    seen: set[int] = set()
    for n in range(2000):
        events = [
            {**event(), **{dice.choice([*event()]): junk(dice) for _ in range(3)}}
            if dice.random() < 0.7
            else junk(dice)
            for _ in range(dice.randrange(5))
        ]
        body: Any = junk(dice) if n % 10 == 0 else events
        raw = orjson.dumps(body)
        if n % 25 == 0 and raw:
            raw = raw[: dice.randrange(len(raw))] + dice.randbytes(3)
        door.now_ms += 1
        seen.add(door.deliver(raw))
    assert seen == {202, 400}
    for id_ in redis_client.zrange("ticket-worker:inbox:due", 0, -1):
        assert bytes(id_).isdigit()  # type: ignore[arg-type]
