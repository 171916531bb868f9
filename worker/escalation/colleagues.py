"""Who our people are by name: a sentence that names a user by number tells its reader nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

import structlog

from worker.hubspot.errors import HubSpotError
from worker.hubspot.service import HubSpotService

KEPT_S = 600.0
log = structlog.get_logger()


class Colleagues:
    """Names by user id, from the owners API. Thread-safe; one list of owners in ten minutes."""

    def __init__(
        self, hubspot: HubSpotService, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._hubspot = hubspot
        self._clock = clock
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._asked: float | None = None

    def names(self, user_ids: Collection[str]) -> dict[str, str]:
        """Those that are known. Raises nothing of HubSpot's: a name is no reason to wait."""
        wanted = {one for one in user_ids if one}
        with self._lock:
            due = self._asked is None or self._clock() - self._asked > KEPT_S
            if due and wanted - self._names.keys():
                self._asked = self._clock()
                try:
                    owners = self._hubspot.active_owners()
                    self._names |= {o.user_id: o.name or o.email for o in owners if o.user_id}
                except HubSpotError as error:
                    log.warning("names_not_read", why=str(error))
            return {one: self._names[one] for one in wanted if self._names.get(one)}
