"""Who we are in HubSpot's histories: learned from a property that only we write."""

from __future__ import annotations

import redis

from worker.hubspot.models import Record
from worker.ticket_state import DECIDED_AT

KEY = "ticket-worker:identity"


class Identity:
    """Our source id as HubSpot notes it. The receiver needs it to know our own echoes."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._known = ""

    @property
    def source_id(self) -> str:
        """Empty while nothing of ours has been read back."""
        if not self._known:
            value = self._redis.get(KEY)
            self._known = value.decode() if isinstance(value, bytes) else str(value or "")
        return self._known

    def learn(self, ticket: Record) -> None:
        """Take our source id from the newest entry of `routing_decided_at`."""
        entries = ticket.history.get(DECIDED_AT, ())
        newest = entries[0].source_id if entries else ""
        if newest and newest != self._known:
            self._known = newest
            self._redis.set(KEY, newest)
