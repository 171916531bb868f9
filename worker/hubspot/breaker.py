"""A circuit breaker for the whole account: while HubSpot is away, nearly nobody calls.

Shared by all processes through Redis. After `TRIPS_AT` failures in a row it opens for a growing,
jittered while; then one call a second may probe, and the first answer closes it.
"""

from __future__ import annotations

from collections.abc import Callable

import redis
from redis.backoff import FullJitterBackoff

KEY = "ticket-worker:breaker"
TRIPS_AT = 5
LONGEST_S = 30.0
PROBE_EVERY_S = 1.0
BACKOFF = FullJitterBackoff(cap=LONGEST_S, base=1.0)

# A moment in ms for both scripts: ARGV[1], or Redis's own clock where that is empty.
_NOW = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + time[2] / 1000
end
"""

# Returns how many ms to wait before calling; 0 lets this call through. ARGV: moment, failures that
# trip it, ms between probes, "call" or "look".
_ADMIT = """
local state = redis.call('HMGET', KEYS[1], 'failures', 'until', 'probed')
if tonumber(state[1] or '0') < tonumber(ARGV[2]) then return 0 end
local free = math.max(tonumber(state[2] or '0'), tonumber(state[3] or '0') + tonumber(ARGV[3]))
if now < free then return math.ceil(free - now) end
if ARGV[4] == 'call' then redis.call('HSET', KEYS[1], 'probed', string.format('%.0f', now)) end
return 0
"""

# ARGV: moment, failures that trip it, ms that it stays open from now.
_FAILED = """
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if failures >= tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'until', string.format('%.0f', math.ceil(now + tonumber(ARGV[3]))))
end
redis.call('PEXPIRE', KEYS[1], 600000)
return failures
"""


class Breaker:
    """One per process; the state is in Redis."""

    def __init__(
        self, client: redis.Redis, clock_ms: Callable[[], float | str] = lambda: ""
    ) -> None:
        """`clock_ms` stands in for Redis's clock, which all processes share."""
        self._redis = client
        self._clock_ms = clock_ms
        self._admit = client.register_script(_NOW + _ADMIT)
        self._failed = client.register_script(_NOW + _FAILED)
        self._failures = 0

    def wait_s(self) -> float:
        """Seconds until a call may go out; 0 takes the right to make one now."""
        return self._ask("call")

    def closed_for_s(self) -> float:
        """Seconds for which nobody may call, without taking a probe."""
        return self._ask("look")

    @property
    def tripped(self) -> bool:
        """Whether HubSpot is taken to be away, so that a failure says nothing of what was asked."""
        return int(self._redis.hget(KEY, "failures") or 0) >= TRIPS_AT

    def failed(self) -> None:
        """A call got no usable answer."""
        self._failures += 1
        beyond = max(0, self._failures - TRIPS_AT)
        open_ms = int(1000 * max(PROBE_EVERY_S, BACKOFF.compute(min(beyond, 6))))
        args = [self._clock_ms(), TRIPS_AT, open_ms]
        self._failures = int(self._failed(keys=[KEY], args=args))

    def answered(self) -> None:
        """HubSpot answered, whatever it said."""
        if self._failures or self._redis.exists(KEY):
            self._failures = 0
            self._redis.delete(KEY)

    def _ask(self, how: str) -> float:
        args = [self._clock_ms(), TRIPS_AT, int(PROBE_EVERY_S * 1000), how]
        return int(self._admit(keys=[KEY], args=args)) / 1000
