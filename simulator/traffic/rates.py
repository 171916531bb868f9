"""HubSpot's call limits: ten-second windows, searches a second, calls a day.

Sizes stand in `simulator.settings`; which calls are exempt is written in HubSpot's specification
(`x-hubspot-rate-limit-exemptions`). Windows are measured in real time, not the portal's; a day
ends at midnight of the account's time zone.
"""

import time
import uuid
from collections import deque
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from simulator.rules.refusals import Refusal
from simulator.settings import Settings

Bucket = Literal["ten_secondly", "associations", "search", "none"]

_SEARCHES_A_SECOND = 5
_WINDOW_S = 10.0


class _Window:
    """Calls let through within the last `length` seconds."""

    def __init__(self, length: float) -> None:
        self._length = length
        self._times: deque[float] = deque()
        self.peak = 0

    def used(self, now: float) -> int:
        while self._times and self._times[0] <= now - self._length:
            self._times.popleft()
        return len(self._times)

    def take(self, now: float) -> None:
        self._times.append(now)
        self.peak = max(self.peak, self.used(now))

    def forget_peak(self) -> None:
        self.peak = 0


class Rates:
    """Counts the calls of our app and refuses those above a limit."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.ten_secondly = _Window(_WINDOW_S)
        self.associations = _Window(_WINDOW_S)
        self.search = _Window(1.0)
        self.daily = 0
        self._day = self._today(time.time())

    def admit(self, bucket: Bucket) -> None:
        """Counts one call. Raises Refusal (429) at a limit, and then counts nothing."""
        now = time.monotonic()
        if (today := self._today(time.time())) != self._day:
            self.daily, self._day = 0, today
        limits = self._settings.limits
        if self._settings.rates_enabled:
            if self.daily >= limits.daily:
                raise self._refusal("DAILY", "daily", bucket)
            if bucket == "search" and self.search.used(now) >= _SEARCHES_A_SECOND:
                raise self._refusal("SECONDLY", "secondly", bucket)
            for name, window, limit in (
                ("ten_secondly", self.ten_secondly, limits.ten_secondly),
                ("associations", self.associations, limits.associations),
            ):
                if bucket == name and window.used(now) >= limit:
                    raise self._refusal("TEN_SECONDLY_ROLLING", "ten_secondly_rolling", bucket)
        self.daily += 1
        if bucket == "search":
            self.search.take(now)
        elif bucket == "ten_secondly":
            self.ten_secondly.take(now)
        elif bucket == "associations":
            self.associations.take(now)

    def _today(self, seconds: float) -> date:
        zone = ZoneInfo(self._settings.time_zone)
        return datetime.fromtimestamp(seconds, UTC).astimezone(zone).date()

    def headers(self, bucket: Bucket) -> dict[str, str]:
        """The limit headers of an answer: none on search, the daily ones alone on exempt calls."""
        if bucket in ("search", "none"):
            return {}
        limits = self._settings.limits
        shown = {
            "X-HubSpot-RateLimit-Daily": str(limits.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, limits.daily - self.daily)),
        }
        if bucket == "ten_secondly":
            left = limits.ten_secondly - self.ten_secondly.used(time.monotonic())
            shown["X-HubSpot-RateLimit-Interval-Milliseconds"] = "10000"
            shown["X-HubSpot-RateLimit-Max"] = str(limits.ten_secondly)
            shown["X-HubSpot-RateLimit-Remaining"] = str(max(0, left))
        return shown

    def _refusal(self, policy: str, words: str, bucket: Bucket) -> Refusal:
        headers = self.headers(bucket)
        if self._settings.assume("retry_after_on_429"):
            headers["Retry-After"] = "1" if policy == "SECONDLY" else "10"
        return rate_refusal(policy, words, self._settings, headers)


def rate_refusal(
    policy: str, words: str, settings: Settings, headers: dict[str, str] | None = None
) -> Refusal:
    """HubSpot's 429: its policy name tells which limit was reached."""
    extra = {
        "errorType": "RATE_LIMIT",
        "policyName": policy,
        "requestId": uuid.uuid4().hex,
    }
    if policy == "TEN_SECONDLY_ROLLING":
        extra["groupName"] = (
            f"publicapi:private_app-api-calls-ten-secondly:{settings.app_id}:{settings.portal_id}"
        )
    return Refusal(
        429, f"You have reached your {words} limit.", "RATE_LIMITS", extra=extra, headers=headers
    )
