"""Who is let in: v3 alone, v1 where it is allowed and until the first v3, nobody else."""

from __future__ import annotations

import orjson
import pytest
import redis
from structlog.testing import capture_logs

from tests.worker.web.door import NOW, Door, Headers, event, v1_headers, v3_headers
from worker.intake.inbox import Inbox

BODY = orjson.dumps([event()])
HOUR_MS = 3_600_000


def due(client: redis.Redis) -> int:
    counts = Inbox(client).counts()
    return counts["due"] + counts["waiting"]


def replaced(headers: Headers, name: bytes, *values: bytes) -> Headers:
    """The headers with those of one name replaced, by none or by several."""
    rest = [(n, v) for n, v in headers if n.lower() != name.lower()]
    return rest + [(name, value) for value in values]


def test_a_signed_delivery_is_taken(door: Door, redis_client: redis.Redis) -> None:
    assert door.deliver([event()]) == 202
    assert due(redis_client) == 1


def test_a_body_in_pieces_is_signed_as_a_whole(door: Door, redis_client: redis.Redis) -> None:
    pieces = [BODY[i : i + 7] for i in range(0, len(BODY), 7)]
    assert door.request(pieces, v3_headers(BODY)).status == 202
    assert due(redis_client) == 1


@pytest.mark.parametrize(
    "headers",
    [
        [],
        v1_headers(BODY),
        v3_headers(BODY, secret="another"),
        v3_headers(BODY, url="http://tickets.example.com/webhooks/hubspot"),
        v3_headers(BODY, method="PUT"),
        v3_headers(BODY + b" "),
        v3_headers(BODY, at_ms=NOW - 300_001),
        v3_headers(BODY, at_ms=NOW + 60_001),
        replaced(v3_headers(BODY), b"X-HubSpot-Request-Timestamp"),
        replaced(v3_headers(BODY), b"X-HubSpot-Request-Timestamp", b""),
        replaced(v3_headers(BODY), b"X-HubSpot-Request-Timestamp", b"\xff\xfe"),
        replaced(v3_headers(BODY), b"X-HubSpot-Signature-v3"),
        replaced(v3_headers(BODY), b"X-HubSpot-Signature-v3", b""),
        replaced(v3_headers(BODY), b"X-HubSpot-Signature-v3", b"\xe9" * 44),
        replaced(v3_headers(BODY), b"X-HubSpot-Signature-v3", b"A" * 30_000),
    ],
)
def test_anything_else_is_refused_and_changes_nothing(
    door: Door, redis_client: redis.Redis, headers: Headers
) -> None:
    answer = door.request([BODY], headers)
    assert (answer.status, due(redis_client)) == (401, 0)
    assert b"secret" not in answer.body


def test_two_signatures_or_two_timestamps_are_refused(
    door: Door, redis_client: redis.Redis
) -> None:
    good = v3_headers(BODY)
    twice: list[Headers] = [
        [*good, (b"X-HubSpot-Signature-v3", b"x")],
        [(b"X-HubSpot-Signature-v3", b"x"), *good],
        [*good, (b"X-HubSpot-Request-Timestamp", str(NOW).encode())],
        [*good, good[-1]],
    ]
    assert [door.request([BODY], headers).status for headers in twice] == [401] * 4
    assert due(redis_client) == 0


def test_the_case_of_header_names_does_not_count(door: Door) -> None:
    for change in (bytes.upper, bytes.lower):
        body = orjson.dumps([event(eventId=change(b"x").decode())])
        headers = [(change(name), value) for name, value in v3_headers(body)]
        assert door.request([body], headers).status == 202


def test_an_exact_repeat_is_acknowledged_and_has_no_effect(
    door: Door, redis_client: redis.Redis
) -> None:
    assert door.deliver([event()]) == 202
    redis_client.delete(*redis_client.keys("ticket-worker:inbox:*"))
    door.now_ms += 200_000
    assert door.deliver([event()], at_ms=NOW) == 202
    assert due(redis_client) == 0
    assert redis_client.hgetall("ticket-worker:counters")[b"webhook_repeats"] == b"1"


def test_the_same_events_signed_anew_are_taken_again(door: Door, redis_client: redis.Redis) -> None:
    assert door.deliver([event()]) == 202
    redis_client.delete(*redis_client.keys("ticket-worker:inbox:*"))
    door.now_ms += 1
    assert door.deliver([event()]) == 202
    assert due(redis_client) == 1


def test_a_signature_is_remembered_as_long_as_it_could_pass(
    door: Door, redis_client: redis.Redis
) -> None:
    door.deliver([event()], at_ms=NOW + 60_000)  # passes for six minutes from now
    (key,) = redis_client.keys("ticket-worker:webhook:v3-delivery:*")
    assert 358 <= redis_client.ttl(key) <= 360


def test_what_the_inbox_did_not_take_is_not_taken_for_a_repeat(
    door: Door, redis_client: redis.Redis
) -> None:
    redis_client.set("ticket-worker:inbox:due", "not a sorted set")
    assert door.deliver([event()]) == 503
    redis_client.delete("ticket-worker:inbox:due")
    assert door.deliver([event()]) == 202
    assert due(redis_client) == 1


# ---- v1


def test_v1_is_taken_only_where_it_is_allowed_and_with_a_warning(
    door: Door, lenient_door: Door, redis_client: redis.Redis
) -> None:
    assert door.deliver_v1([event()]) == 401
    with capture_logs() as logs:
        assert lenient_door.deliver_v1([event()]) == 202
    assert [one["log_level"] for one in logs if one["event"] == "webhook_signed_v1"] == ["warning"]
    assert due(redis_client) == 1


def test_v1_with_a_wrong_signature_or_two_is_refused(lenient_door: Door) -> None:
    good = v1_headers(BODY)
    assert lenient_door.request([BODY], v1_headers(BODY, "another")).status == 401
    assert lenient_door.request([BODY], [*good, good[-1]]).status == 401
    assert lenient_door.request([BODY], []).status == 401


def test_v1_of_events_older_than_25_hours_is_refused(lenient_door: Door) -> None:
    recent, old = NOW - 25 * HOUR_MS, NOW - 25 * HOUR_MS - 1
    assert lenient_door.deliver_v1([event(occurredAt=recent)]) == 202
    assert lenient_door.deliver_v1([event(), event(occurredAt=old)]) == 401
    for timeless in (None, "1790000000000", 1.79e12, True):
        assert lenient_door.deliver_v1([event(occurredAt=timeless)]) == 401
    assert lenient_door.deliver_v1([event(), 7]) == 401


def test_v1_of_a_body_seen_before_is_refused(lenient_door: Door, redis_client: redis.Redis) -> None:
    assert lenient_door.deliver_v1([event()]) == 202
    assert lenient_door.deliver_v1([event()]) == 401
    (key,) = redis_client.keys("ticket-worker:webhook:v1-body:*")
    assert redis_client.ttl(key) > 25 * 3600
    assert lenient_door.deliver_v1([event(attemptNumber=1)]) == 202


def test_the_first_v3_delivery_ends_v1_for_good(
    lenient_door: Door, redis_client: redis.Redis, redis_url: str
) -> None:
    assert lenient_door.deliver_v1([event(eventId=1)]) == 202
    assert lenient_door.deliver([event(eventId=2)]) == 202
    assert lenient_door.deliver_v1([event(eventId=3)]) == 401
    another = Door(redis_url, allow_v1=True)  # a receiver started later
    try:
        assert another.deliver_v1([event(eventId=4)]) == 401
    finally:
        another.close()
    redis_client.flushall()
    assert lenient_door.deliver_v1([event(eventId=5)]) == 401


def test_a_wrong_v3_is_not_saved_by_a_right_v1(
    lenient_door: Door, redis_client: redis.Redis
) -> None:
    for signature in (b"", b"x", b"\xff"):
        headers = replaced(v3_headers(BODY), b"X-HubSpot-Signature-v3", signature)
        assert lenient_door.request([BODY], headers).status == 401
    assert due(redis_client) == 0
    assert lenient_door.deliver_v1([event()]) == 202  # a wrong v3 has not ended v1


# ---- telling of it


def test_refusals_are_told_once_a_minute_with_the_mend(door: Door) -> None:
    with capture_logs() as logs:
        for _ in range(50):
            door.deliver([event()], secret="another")
        door.now_ms += 60_000
        door.deliver([event()], secret="another")
    told = [one for one in logs if one["event"] == "webhooks_refused"]
    assert [one["deliveries"] for one in told] == [1, 50]
    assert "HUBSPOT_CLIENT_SECRET" in told[0]["mend"]
    assert "WEBHOOK_PUBLIC_URL" in told[0]["mend"]


def test_refusals_are_counted_by_why_at_most_once_a_second(
    door: Door, redis_client: redis.Redis
) -> None:
    for _ in range(30):
        door.request([BODY])
    door.now_ms += 1000
    door.deliver([event()], at_ms=1)
    counters = redis_client.hgetall("ticket-worker:counters")
    assert counters == {b"webhook_refused:unsigned": b"30", b"webhook_refused:stale": b"1"}
