"""A circuit breaker for the whole account: while HubSpot is away, nearly nobody calls.

Shared by all processes through Redis. After `TRIPS_AT` failures in a row it opens for a growing,
jittered while; then one call a second may probe, and the first answer closes it.
"""

from __future__ import annotations

import redis
from redis.backoff import FullJitterBackoff

KEY = "ticket-worker:breaker"
TRIPS_AT = 5
LONGEST_S = 30.0
PROBE_EVERY_S = 1.0
BACKOFF = FullJitterBackoff(cap=LONGEST_S, base=1.0)

# Returns how many ms to wait before calling; 0 lets this call through. KEYS: state, probe.
_ADMIT = """
local failures = tonumber(redis.call('HGET', KEYS[1], 'failures') or '0')
if failures < tonumber(ARGV[1]) then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local opens = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if now < opens then return math.ceil(opens - now) end
if ARGV[3] == 'look' then return 0 end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 0 end
return math.max(1, redis.call('PTTL', KEYS[2]))
"""

# KEYS: state. ARGV: ms that the breaker stays open from now, failures that trip it.
_FAILED = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if failures >= tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'until', math.ceil(now + tonumber(ARGV[1])))
end
redis.call('PEXPIRE', KEYS[1], 600000)
return failures
"""


class Breaker:
    """One per process; the state is in Redis."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._admit = client.register_script(_ADMIT)
        self._failed = client.register_script(_FAILED)
        self._failures = 0

    def wait_s(self) -> float:
        """Seconds until a call may go out; 0 takes the right to make one now."""
        return self._ask("call")

    def closed_for_s(self) -> float:
        """Seconds for which nobody may call, without taking a probe."""
        return self._ask("look")

    def failed(self) -> None:
        """A call got no usable answer."""
        self._failures += 1
        beyond = max(0, self._failures - TRIPS_AT)
        open_ms = int(1000 * max(PROBE_EVERY_S, BACKOFF.compute(min(beyond, 6))))
        self._failures = int(self._failed(keys=[KEY], args=[open_ms, TRIPS_AT]))

    def answered(self) -> None:
        """HubSpot answered, whatever it said."""
        if self._failures or self._redis.exists(KEY):
            self._failures = 0
            self._redis.delete(KEY)

    def _ask(self, how: str) -> float:
        wait = self._admit(
            keys=[KEY, KEY + ":probe"], args=[TRIPS_AT, int(PROBE_EVERY_S * 1000), how]
        )
        return int(wait) / 1000
