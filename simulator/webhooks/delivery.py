"""Deliveries to the target URL: batched, signed, bounded, and tried again.

HubSpot's webhooks guide: at most 100 events a request, 10 requests at a time, 5 s for an answer,
any 4xx or 5xx tried again up to 10 times over 24 hours. The spacing is ours to set.
"""

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.state.changes import Change
from simulator.state.portal import Portal
from simulator.webhooks import signature, subscriptions
from simulator.webhooks.events import Event, Matcher
from simulator.webhooks.post import Undelivered, post

BATCH = 100
_LOG = 500


@dataclass
class Target:
    """Where and how to deliver. `drop` and `duplicate` are shares of events."""

    target_url: str = ""
    client_secret: str = ""
    subscriptions: dict[str, Any] = field(default_factory=dict)
    duplicate: float = 0.0
    drop: float = 0.0
    shuffle: bool = False
    signature: str = "v3"
    retry_delays_s: list[float] = field(
        default_factory=lambda: [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0, 60.0, 60.0, 60.0]
    )
    enabled: bool = True
    deadline_s: float = 5.0
    batch_window_s: float = 0.05
    max_concurrent_requests: int = 10

    def check(self) -> None:
        """Raises ValueError that names the wrong field."""
        if self.signature not in ("v1", "v3"):
            raise ValueError(f"signature must be v1 or v3, not {self.signature!r}")
        for name in ("duplicate", "drop"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, not {getattr(self, name)!r}")
        if len(self.retry_delays_s) > 10:
            raise ValueError(
                "HubSpot tries again at most 10 times: give 10 retry_delays_s or fewer"
            )


class Webhooks:
    """The events waiting and under way, and what became of the others."""

    def __init__(self) -> None:
        self.target = Target()
        self._waiting: deque[Event] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._forget()

    def _forget(self) -> None:
        self._matcher = Matcher(subscriptions.read(self.target.subscriptions))
        self._dice = random.Random(0)  # noqa: S311 - repeatable drops, guards nothing
        self._counts = {"delivered": 0, "failed": 0, "retried": 0, "dropped": 0, "requests": 0}
        self._under_way = 0
        self._log: deque[dict[str, Any]] = deque(maxlen=_LOG)

    def attach(self, portal: Portal) -> None:
        """Listens to a portal, and forgets what the one before had to tell."""
        self._portal = portal
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        self._forget()
        self._dice = random.Random(portal.random.random())  # noqa: S311
        portal.listeners.append(self.hear)

    def configure(self, given: dict[str, Any]) -> None:
        """Takes a new target. Raises ValueError for what HubSpot or we could not use."""
        known = set(Target.__dataclass_fields__)
        unknown = sorted(set(given) - known)
        if unknown:
            raise ValueError(f"webhooks have no {unknown}; they have {sorted(known)}")
        present = {name: getattr(self.target, name) for name in known}
        target = Target(**{**present, **given})
        target.check()
        matcher = Matcher(subscriptions.read(target.subscriptions))
        self.target, self._matcher = target, matcher

    def hear(self, change: Change) -> None:
        """Turns a change into events and queues them, less the dropped, plus the doubled."""
        if not self.target.enabled or not self.target.target_url:
            return
        for event in self._matcher.events(change, self._portal.settings, self._dice):
            if self.target.drop and self._dice.random() < self.target.drop:
                self._counts["dropped"] += 1
                continue
            self._waiting.append(event)
            if self.target.duplicate and self._dice.random() < self.target.duplicate:
                self._waiting.append(dict(event))
        if self._waiting:
            self._wake.set()

    def as_json(self) -> dict[str, Any]:
        pending = len(self._waiting) + self._under_way
        return {**self._counts, "pending": pending, "log": list(self._log)}

    async def run(self) -> None:
        """Delivers until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(self.target.batch_window_s)
            if self.target.shuffle:
                events = list(self._waiting)
                self._dice.shuffle(events)
                self._waiting = deque(events)
            while self._waiting:
                if len(self._tasks) >= self.target.max_concurrent_requests:
                    await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                    continue
                count = min(BATCH, len(self._waiting))
                self._send_soon([self._waiting.popleft() for _ in range(count)], 0)
            self._wake.clear()

    def _send_soon(self, batch: list[Event], attempt: int, stamp_ms: int | None = None) -> None:
        """Starts a delivery. It is stamped with real time: the receiver's clock is not ours."""
        self._under_way += len(batch)
        stamp = round(time.time() * 1000) if stamp_ms is None else stamp_ms
        task = asyncio.create_task(self._send(batch, attempt, stamp))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, batch: list[Event], attempt: int, stamp_ms: int) -> None:
        began = time.monotonic()
        counts, target = self._counts, self.target
        body = orjson.dumps([{**event, "attemptNumber": attempt} for event in batch])
        counts["requests"] += 1
        try:
            status = await post(
                target.target_url, body, self._headers(body, stamp_ms), target.deadline_s
            )
            outcome = str(status)
        except Undelivered as error:
            status, outcome = 0, str(error)
        self._log.append(
            {
                "attempt": attempt,
                "events": len(batch),
                "outcome": outcome,
                "ms": round((time.monotonic() - began) * 1000, 1),
            }
        )
        if counts is not self._counts:
            return
        if 200 <= status < 400:
            counts["delivered"] += len(batch)
            self._under_way -= len(batch)
        elif attempt < len(target.retry_delays_s):
            counts["retried"] += len(batch)
            loop = asyncio.get_running_loop()
            delay = target.retry_delays_s[attempt]
            loop.call_later(delay, self._again, batch, attempt + 1, stamp_ms, counts)
        else:
            counts["failed"] += len(batch)
            self._under_way -= len(batch)

    def _again(
        self, batch: list[Event], attempt: int, stamp_ms: int, counts: dict[str, int]
    ) -> None:
        if counts is not self._counts:
            return
        self._under_way -= len(batch)
        if not self._portal.settings.assume("retry_keeps_event_id"):
            batch = [{**event, "eventId": self._dice.randrange(1, 2**32)} for event in batch]
        restamp = self._portal.settings.assume("retry_restamps_timestamp")
        self._send_soon(batch, attempt, None if restamp else stamp_ms)

    def _headers(self, body: bytes, stamp_ms: int) -> dict[str, str]:
        target = self.target
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0",
            "X-HubSpot-Signature": signature.v1(target.client_secret, body),
            "X-HubSpot-Signature-Version": "v1",
        }
        if target.signature == "v3":
            headers["X-HubSpot-Request-Timestamp"] = str(stamp_ms)
            headers["X-HubSpot-Signature-v3"] = signature.v3(
                target.client_secret, "POST", target.target_url, body, stamp_ms
            )
        return headers
