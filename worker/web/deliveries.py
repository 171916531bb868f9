"""Webhook deliveries in Redis: what is known of earlier ones, and what a new one writes.

Three round trips for a delivery: what is known, what it asks for, and that it came.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

import redis.asyncio

from worker.clients.directory import COMPANY_KEY, CONTACT_KEY, NAMED_BY_KEY
from worker.clients.recheck import KEY as CHANGED_KEY
from worker.clients.recheck import MOST_KEPT
from worker.hubspot.webhooks import Wanted
from worker.intake.inbox import ANNOUNCE_KEYS, ANNOUNCE_LUA, Source, announce_args
from worker.portal import PORTAL_ID_KEY
from worker.processes.counters import KEY as COUNTERS_KEY
from worker.tickets.identity import KEY as IDENTITY_KEY

V3_SEEN_KEY = "ticket-worker:webhook:v3-seen"
V3_DELIVERY_KEY = "ticket-worker:webhook:v3-delivery:"
V1_BODY_KEY = "ticket-worker:webhook:v1-body:"
V3_REMEMBERED_S = 6 * 60  # as long as a signature can pass: five minutes back, one ahead
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


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery under the key by which a repeat of it is known."""

    by_v1: bool
    key: str

    @classmethod
    def v3(cls, signature: str) -> Delivery:
        """HubSpot signs each attempt anew, so the same signature is the same request."""
        return cls(False, V3_DELIVERY_KEY + signature)

    @classmethod
    def v1(cls, body: bytes) -> Delivery:
        return cls(True, V1_BODY_KEY + hashlib.sha256(body).hexdigest())


@dataclass(frozen=True, slots=True)
class Known:
    """What Redis tells: who we are, and whether this delivery or any of v3 came before."""

    own_source_id: str
    portal_id: str
    v3_seen: bool
    repeated: bool


class Deliveries:
    """The receiver's side of Redis. Every method raises redis's errors."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._redis = client

    async def known(self, delivery: Delivery) -> Known:
        source, portal, v3, same = await self._redis.mget(
            IDENTITY_KEY, PORTAL_ID_KEY, V3_SEEN_KEY, delivery.key
        )
        return Known(_text(source), _text(portal), v3 is not None, same is not None)

    async def take(self, delivery: Delivery, asked: Wanted, counts: Mapping[str, int]) -> None:
        """Everything a delivery asks for; after that, and only then, that it came."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for ids, source in ((asked.news, Source.WEBHOOK), (asked.nudged, Source.ASSOCIATION)):
                if ids:
                    args = announce_args(sorted(ids), source)
                    pipe.eval(ANNOUNCE_LUA, len(ANNOUNCE_KEYS), *ANNOUNCE_KEYS, *args)
            if asked.companies:
                pipe.unlink(*(COMPANY_KEY + one for one in sorted(asked.companies)))
            if asked.contacts:
                keys = [
                    key
                    for one in sorted(asked.contacts)
                    for key in (CONTACT_KEY + one, NAMED_BY_KEY + one)
                ]
                pipe.eval(_FORGET_CONTACTS, len(keys), *keys, COMPANY_KEY)
            changed = [f"company:{one}" for one in asked.companies]
            changed += [f"contact:{one}" for one in asked.contacts]
            if changed:
                pipe.zadd(CHANGED_KEY, dict.fromkeys(sorted(changed), time.time()))
                pipe.zremrangebyrank(CHANGED_KEY, 0, -MOST_KEPT - 1)
            _count(pipe, counts)
            await pipe.execute()
        # Not in that transaction: Redis runs what follows a command that failed.
        async with self._redis.pipeline(transaction=False) as pipe:
            if delivery.by_v1:
                pipe.set(delivery.key, "1", ex=V1_REMEMBERED_S)
            else:
                pipe.set(delivery.key, "1", ex=V3_REMEMBERED_S)
                pipe.set(V3_SEEN_KEY, "1")
            await pipe.execute()

    async def count(self, counts: Mapping[str, int]) -> None:
        """Add to the totals that the metrics page shows."""
        async with self._redis.pipeline(transaction=False) as pipe:
            _count(pipe, counts)
            await pipe.execute()


def _count(pipe: redis.asyncio.client.Pipeline, counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        if count:
            pipe.hincrby(COUNTERS_KEY, name, count)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
