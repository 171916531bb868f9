"""Who we are in HubSpot's histories: learned from properties that only we write."""

from __future__ import annotations

import time

import redis

from worker.hubspot.models import Record
from worker.tickets.state import OURS

KEY = "ticket-worker:identity"
APP_SOURCES = frozenset({"INTEGRATION", "API"})  # a person or a workflow may touch it too
NOTED_AGAIN_S = 60.0  # Redis may have been emptied; the receiver reads it there


class Identity:
    """Our source id as HubSpot notes it. The receiver needs it to know our own echoes."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._known = ""
        self._noted_at = 0.0

    @property
    def source_id(self) -> str:
        """Empty while nothing of ours has been read back."""
        if not self._known:
            value = self._redis.get(KEY)
            self._known = value.decode() if isinstance(value, bytes) else str(value or "")
        return self._known

    def learn(self, ticket: Record) -> None:
        """Take our source id from the newest entry of `routing_decided_at` that an app made, or of
        `escalation_handled_at` on a ticket that was handed on before it was ever decided.
        """
        entries = (entry for name in OURS for entry in ticket.history.get(name, ()))
        newest = next((e.source_id for e in entries if e.source_type in APP_SOURCES), "")
        if not newest:
            return
        if newest != self._known or time.monotonic() - self._noted_at > NOTED_AGAIN_S:
            self._redis.set(KEY, newest)
            self._known, self._noted_at = newest, time.monotonic()
