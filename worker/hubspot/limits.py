"""HubSpot's limits, kept across all processes by one reservation in Redis for each call.

Three buckets (HubSpot usage details): calls in ten seconds for each app, association calls in
ten seconds, searches in a second for the whole account. The rate is GCRA: smooth, exact over any
window, no polling. A caller waits at most `MAX_SLEEP_S`; whoever would wait longer gets
`RateLimited` and gives its work back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import redis

from worker.hubspot.errors import RateLimited

MAX_SLEEP_S = 2.0
BEHIND_CALLS = 2  # of a burst that work behind may use, so that a late wake-up costs no rate
SHARE = 0.95  # of a limit that we take at most; the rest is for jitter on the way
KEY = "ticket-worker:limit:"


class Bucket(StrEnum):
    TEN_SECONDS = "ten_seconds"
    ASSOCIATIONS = "associations"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` in any `window_s` seconds, of which `burst` at once."""

    calls: int
    window_s: float
    burst: int

    @property
    def interval_ms(self) -> float:
        return self.window_s * 1000 / max(1, self.calls - self.burst)

    @property
    def tolerance_ms(self) -> float:
        return self.interval_ms * (self.burst - 1)


def ten_second_rate(limit: int) -> Rate:
    """The share of a ten-second limit (HubSpot: 100 on Starter, 190 on Professional) we take."""
    calls = max(2, int(limit * SHARE))
    return Rate(calls, 10.0, min(10, calls // 2))


# HubSpot: 5 searches a second for everyone in the account; we leave two of them to the others.
SEARCH_RATE = Rate(calls=3, window_s=1.0, burst=1)
UNKNOWN_LIMIT = 100  # until the first answer's headers say; the smallest tier's
MOST_ASSOCIATION_CALLS = 150  # HubSpot: in ten seconds, on Professional and Enterprise
WINDOW_MS = "10000"

# A moment in ms for both scripts: ARGV[1], or Redis's own clock where that is empty.
_NOW = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + time[2] / 1000
end
"""

# Reserves on every bucket or on none. ARGV: moment, longest wait in ms, then interval and
# tolerance for each key. Returns the wait in ms, negative when not reserved.
_RESERVE = """
local longest = tonumber(ARGV[2])
local wait = 0
local tats = {}
for i, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  local tat = tonumber(redis.call('GET', key) or '0')
  if tat < now then tat = now end
  tats[i] = tat
  local ahead = tat - tolerance - now
  if ahead > wait then wait = ahead end
end
if wait > longest then return -math.ceil(wait) end
for i, key in ipairs(KEYS) do
  local tat = tats[i] + tonumber(ARGV[2 * i + 1])
  redis.call('SET', key, string.format('%.3f', tat), 'PX', math.ceil(tat - now) + 60000)
end
return math.ceil(wait)
"""

# Moves a bucket's clock forward. ARGV: moment, ms in which nobody calls, tolerance.
_HOLD = """
local tat = now + tonumber(ARGV[2]) + tonumber(ARGV[3])
if tat > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.3f', tat), 'PX', math.ceil(tat - now) + 60000)
end
return 1
"""


class Limiter:
    """Grants calls. One per process; the state is in Redis and shared by all of them."""

    def __init__(
        self,
        client: redis.Redis,
        sleep: Callable[[float], None] = time.sleep,
        clock_ms: Callable[[], float | str] = lambda: "",
    ) -> None:
        """`clock_ms` stands in for Redis's clock, which all processes share."""
        self._reserve = client.register_script(_NOW + _RESERVE)
        self._hold = client.register_script(_NOW + _HOLD)
        self._sleep = sleep
        self._clock_ms = clock_ms
        self._rates = {
            Bucket.TEN_SECONDS: ten_second_rate(UNKNOWN_LIMIT),
            Bucket.ASSOCIATIONS: ten_second_rate(UNKNOWN_LIMIT),
            Bucket.SEARCH: SEARCH_RATE,
        }

    def acquire(self, bucket: Bucket) -> None:
        """Wait for a place, at most `MAX_SLEEP_S`. Raises `RateLimited` when it would be longer."""
        rate = self._rates[bucket]
        wait_ms = int(
            self._reserve(
                keys=[KEY + bucket],
                args=[
                    self._clock_ms(),
                    MAX_SLEEP_S * 1000,
                    rate.interval_ms,
                    rate.tolerance_ms,
                ],
            )
        )
        if wait_ms < 0:
            raise RateLimited(
                f"our share of HubSpot's {bucket.replace('_', '-')} limit is used up",
                retry_after_s=-wait_ms / 1000,
            )
        if wait_ms:
            self._sleep(wait_ms / 1000)

    def try_behind(self, bucket: Bucket) -> float:
        """Take a place only where most of the burst stays free for others: for work that nobody
        waits for. 0 when taken, else the seconds until it may be worth a try.
        """
        rate = self._rates[bucket]
        tolerance_ms = min(rate.tolerance_ms, BEHIND_CALLS * rate.interval_ms)
        wait_ms = self._reserve(
            keys=[KEY + bucket], args=[self._clock_ms(), 0, rate.interval_ms, tolerance_ms]
        )
        return -int(wait_ms) / 1000

    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        """Take the limit from an answer's headers (HubSpot: searches carry none)."""
        limit = headers.get("X-HubSpot-RateLimit-Max", "")
        window = headers.get("X-HubSpot-RateLimit-Interval-Milliseconds", WINDOW_MS)
        if bucket is Bucket.SEARCH or window != WINDOW_MS or not limit.isdecimal():
            return
        most = int(limit)
        if bucket is Bucket.ASSOCIATIONS:
            # Whether the header of an association call means its own bucket is undocumented.
            most = min(most, MOST_ASSOCIATION_CALLS)
        if most > 0:
            self._rates[bucket] = ten_second_rate(most)

    def hold(self, bucket: Bucket, seconds: float) -> None:
        """HubSpot said 429: let nobody call on this bucket for `seconds`."""
        rate = self._rates[bucket]
        self._hold(keys=[KEY + bucket], args=[self._clock_ms(), seconds * 1000, rate.tolerance_ms])

    def hold_everything(self, seconds: float) -> None:
        """The day's quota is used up, or the account is locked."""
        for bucket in Bucket:
            self.hold(bucket, seconds)
