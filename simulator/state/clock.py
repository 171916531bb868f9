"""The portal's own time, which a test may move forward, and what is due at a time."""

import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime


def iso(at_ms: int) -> str:
    """The time as HubSpot writes it: UTC, milliseconds left out when they are zero."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    if at_ms % 1000:
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def parse_time(text: str) -> int | None:
    """Epoch milliseconds of an ISO 8601 text or of a decimal number; None when it is neither."""
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


class Clock:
    """Wall time plus what tests have added to it, in epoch milliseconds."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def now_ms(self) -> int:
        return int(time.time() * 1000) + self.ahead_ms

    def advance(self, seconds: float) -> None:
        """Moves time forward. Raises ValueError for a negative step: histories only grow."""
        if seconds < 0:
            raise ValueError("the clock only goes forward: advance_s must not be negative")
        self.ahead_ms += round(seconds * 1000)


class Agenda:
    """Things that happen later by the portal's clock, such as a contact attached late."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, due_ms: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (due_ms, next(self._order), action))

    def clear(self) -> None:
        self._heap.clear()

    def run_due(self, now_ms: int) -> int:
        """Runs everything due, oldest first; returns how many."""
        done = 0
        while self._heap and self._heap[0][0] <= now_ms:
            _, _, action = heapq.heappop(self._heap)
            action()
            done += 1
        return done
