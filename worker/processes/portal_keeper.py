"""The portal as the processes know it: read every ten minutes by one of them, shared by all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from worker.hubspot.errors import HubSpotError
from worker.portal import Portal, PortalNotReady
from worker.processes.shared_view import SharedView
from worker.routing.policy import Policy
from worker.routing.portal_view import problems

KEPT_S = 600.0
READ_AGAIN_S = 30.0  # after a reading that failed while an older one is at hand
log = structlog.get_logger()


class PortalKeeper:
    """The portal as read at most ten minutes ago, checked against the policy in force. While
    HubSpot does not tell it anew, what it told last stands.
    """

    def __init__(self, read: Callable[[], Portal], shared: SharedView[Portal]) -> None:
        self._read = read
        self._shared = shared
        self._lock = threading.Lock()
        self._portal: Portal | None = None
        self._until = 0.0  # when it is to be read anew, by the monotonic clock

    def current(self, policy: Policy) -> Portal:
        """Raises `PortalNotReady` when the portal can't take the policy's decisions, and the
        gateway's errors where nothing was ever read.
        """
        with self._lock:
            if self._portal is None or time.monotonic() > self._until:
                self._portal = self._taken()
            if wrong := problems(policy, self._portal.view):
                self._forget()  # read anew at the next try: somebody may have mended it
                raise PortalNotReady(" ".join(wrong))
            return self._portal

    def forget(self) -> None:
        """Something said that the portal has changed."""
        with self._lock:
            self._forget()

    def _taken(self) -> Portal:
        """What another process read lately, else what HubSpot says now."""
        kept = self._shared.load()
        if kept and kept.age_s < KEPT_S:
            self._until = time.monotonic() + KEPT_S - kept.age_s
            return kept.value
        try:
            portal = self._read()
        except HubSpotError as error:
            last = self._portal or (kept.value if kept else None)
            if last is None:
                raise
            log.warning("portal_not_read_anew", why=str(error))
            self._until = time.monotonic() + READ_AGAIN_S
            return last
        self._shared.store(portal)
        self._until = time.monotonic() + KEPT_S
        return portal

    def _forget(self) -> None:
        self._portal = None
        self._shared.forget()
