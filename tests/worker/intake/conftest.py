"""An inbox in a real Redis, and a way to let time pass in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from worker.intake.inbox import KEYS, Inbox

PassTime = Callable[[float], None]


@pytest.fixture
def inbox(redis_client: redis.Redis) -> Inbox:
    return Inbox(redis_client)


# Every moment that the inbox holds is moved back: the same as so much time going by.
_BACK = """
for _, key in ipairs(KEYS) do
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    redis.call('ZINCRBY', key, -tonumber(ARGV[1]), member)
  end
end
"""


def time_passes(client: redis.Redis, seconds: float) -> None:
    """Let time go by for the inbox."""
    keys = [KEYS[name] for name in ("due", "begun", "leased", "settled")]
    client.eval(_BACK, len(keys), *keys, str(1000 * seconds))
    if quiet := client.hget(KEYS["memory"], "quiet"):
        client.hset(KEYS["memory"], "quiet", str(int(quiet) - int(1000 * seconds)))


def members(client: redis.Redis, name: str) -> set[str]:
    """The ids in one of the inbox's sorted sets or hashes."""
    key = KEYS[name]
    kind = client.type(key)
    found = client.zrange(key, 0, -1) if kind == b"zset" else client.hkeys(key)
    return {one.decode() for one in found if isinstance(one, bytes)}


@pytest.fixture
def forward(redis_client: redis.Redis) -> PassTime:
    return lambda seconds: time_passes(redis_client, seconds)
