"""Redis killed and started again, idle and at work: how soon does the work go on?"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chaos.ledger import Ledger
from chaos.stack import Stack
from demo.portal import arrival, samples

BUSY_WITH = 40  # tickets under way when Redis dies
LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Round:
    """One restart. `seconds`: from Redis being back to the decision on a ticket that came then."""

    busy: bool
    kept_data: bool
    seconds: float


class RedisRounds:
    """Restarts on one stack, one after the other, idle and busy in turn."""

    def __init__(self, running: Stack) -> None:
        self._running = running
        self._portal = running.portal
        self._ledger = Ledger(str(self._portal.control("GET", "/settings")["app_id"]))
        self._senders = self._portal.senders()
        self._numbers = itertools.count()
        self.ids: list[str] = []

    def rounds(self, count: int, forget_every: int = 5) -> Iterator[Round]:
        """Restart `count` times; each `forget_every`th time Redis comes back without its data."""
        self._until_decided(self._arrive(3), LONGEST_S)
        for number in range(1, count + 1):
            busy = number % 2 == 0
            if busy:
                self._arrive(BUSY_WITH)
                time.sleep(0.4)
            keeps = number % forget_every != 0
            self._running.redis.restart(keep_data=keeps)
            seconds = self._until_decided(self._arrive(1), LONGEST_S)
            yield Round(busy, keeps, seconds)
            self._until_decided(self.ids, LONGEST_S)

    def undecided(self) -> list[str]:
        self._ledger.feed(self._portal.control("GET", f"/log?after={self._ledger.next}"))
        return [one for one in self.ids if not self._ledger.of([one])[0].decided]

    def doubled(self) -> int:
        return sum(story.doubled for story in self._ledger.of(self.ids))

    def _arrive(self, count: int) -> list[str]:
        chosen: list[dict[str, Any]] = []
        for sample in itertools.islice(itertools.cycle(samples()), count):
            row = arrival(sample, next(self._numbers), self._senders, announce=True)
            chosen.append({**row, "attach_after_s": 0})
        ids = self._portal.arrive(chosen)
        self.ids += ids
        return ids

    def _until_decided(self, ids: list[str], within_s: float) -> float:
        began = time.monotonic()
        while set(self.undecided()) & set(ids) and time.monotonic() - began < within_s:
            time.sleep(0.1)
        return time.monotonic() - began
