"""The policy in force in one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from worker.routing.policy import Policy, PolicyError

LOOKED_AT_S = 10.0
log = structlog.get_logger()


class PolicyKeeper:
    """The policy in force. A changed file is taken over when it is right; a wrong one is told of
    in the log and the last good one stays. Nobody waits for either: learning new examples takes a
    minute, and tickets are decided under the old policy until then. Thread-safe.
    """

    def __init__(
        self,
        load: Callable[[], Policy],
        fingerprint: Callable[[], object],
        looked_at_s: float = LOOKED_AT_S,
    ) -> None:
        self._load = load
        self._fingerprint = fingerprint
        self._looked_at_s = looked_at_s
        self._lock = threading.Lock()
        self._seen = fingerprint()
        self._policy = load()
        self._looked = time.monotonic()
        self._taking_over: threading.Thread | None = None

    def current(self) -> Policy:
        with self._lock:
            if self._due():
                self._looked = time.monotonic()
                seen = self._fingerprint()
                if seen != self._seen:
                    self._seen = seen
                    self._taking_over = threading.Thread(
                        target=self._take_over, name="policy", daemon=True
                    )
                    self._taking_over.start()
            return self._policy

    def _due(self) -> bool:
        busy = self._taking_over is not None and self._taking_over.is_alive()
        return not busy and time.monotonic() - self._looked >= self._looked_at_s

    def _take_over(self) -> None:
        kept = self._policy.version
        try:
            self._policy = self._load()
            log.info("policy_taken_over", version=self._policy.version)
        except PolicyError as error:
            log.error("policy_refused", why=str(error), kept=kept)
        except Exception:
            log.exception("policy_refused", kept=kept)
