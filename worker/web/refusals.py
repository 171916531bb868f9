"""Deliveries that were not let in: told in the log and counted, however many come."""

from __future__ import annotations

from collections import Counter

import structlog

from worker.hubspot.webhooks import Verdict

TELL_EVERY_MS = 60_000
COUNT_EVERY_MS = 1_000
COUNTER = "webhook_refused"
_MEND = {
    Verdict.UNSIGNED: "No signature that is taken. HubSpot signs v3; anything else is a stranger.",
    Verdict.STALE: "Signed too long ago or in the future. Is this machine's clock right?",
    Verdict.FORGED: (
        "The signature does not match. If these come from HubSpot, HUBSPOT_CLIENT_SECRET is not "
        "this app's or WEBHOOK_PUBLIC_URL is not the target URL entered in HubSpot."
    ),
}
log = structlog.get_logger()


class Refusals:
    """Gathers refusals, so that a flood of strangers costs neither log lines nor Redis calls."""

    def __init__(self) -> None:
        self._untold: Counter[Verdict] = Counter()
        self._uncounted: Counter[Verdict] = Counter()
        self._told_ms: dict[Verdict, int] = {}
        self._counted_ms = 0

    def add(self, verdict: Verdict, now_ms: int) -> dict[str, int]:
        """Note one; at most one log line a minute for each kind. Returns what is to be added to
        the counters now: at most once a second, empty otherwise.
        """
        self._untold[verdict] += 1
        self._uncounted[verdict] += 1
        if now_ms - self._told_ms.get(verdict, -TELL_EVERY_MS) >= TELL_EVERY_MS:
            self._told_ms[verdict] = now_ms
            count = self._untold.pop(verdict)
            log.warning("webhooks_refused", why=str(verdict), deliveries=count, mend=_MEND[verdict])
        if now_ms - self._counted_ms < COUNT_EVERY_MS:
            return {}
        self._counted_ms = now_ms
        counts = {f"{COUNTER}:{one}": number for one, number in self._uncounted.items()}
        self._uncounted.clear()
        return counts
