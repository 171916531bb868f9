"""Wakes `route_tickets` when the inbox has something due: a thread inside each worker process.

It sleeps on the inbox's bell and on the next due time, and publishes at most one wake-up at a
time, so that Flower shows one task for each batch and no empty ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import redis
import structlog

from worker.intake.inbox import COMPANY_MS, Inbox

WAKE_KEY = "ticket-worker:wake"
WAKE_LOST_MS = 2_000  # a wake-up not taken up by then is taken for lost
LONGEST_SLEEP_S = 1.0
AFTER_AN_ERROR_S = 1.0
log = structlog.get_logger()


class Waker:
    """Publishes wake-ups for due ids. `wake` is told nothing; the task claims for itself."""

    def __init__(
        self,
        inbox: Inbox,
        client: redis.Redis,
        wake: Callable[[], object],
        pause_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._inbox = inbox
        self._pause_s = pause_s
        self._redis = client
        self._wake = wake
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception as error:
                # Redis may be away; the bell is tried again, and the poll finds what was missed.
                log.warning("waker_waits", why=str(error))
                self._stop.wait(AFTER_AN_ERROR_S)

    def look(self) -> None:
        """Wake the task if something is due, else sleep until something may be."""
        wait = self._inbox.next_due_s()
        if wait is None or wait > 0:
            self._inbox.wait_for_bell(min(max(wait or LONGEST_SLEEP_S, 0.02), LONGEST_SLEEP_S))
            return
        if (pause_s := self._pause_s()) > 0:
            # HubSpot is away: the work waits in the inbox, in order, and no slot sleeps for it.
            self._stop.wait(min(pause_s, LONGEST_SLEEP_S))
            return
        if ring(self._redis):
            self._wake()
        self._stop.wait(COMPANY_MS / 1000 / 3)


def ring(client: redis.Redis) -> bool:
    """Take the right to publish the one wake-up in flight."""
    return bool(client.set(WAKE_KEY, "1", nx=True, px=WAKE_LOST_MS))


def woken(client: redis.Redis) -> None:
    """The wake-up has arrived: the next one may be published."""
    client.delete(WAKE_KEY)
