"""Records that HubSpot said have changed, checked again within a minute: a flag is cleared as soon
as its record is mended, and set when it falls back.

The receiver notes who changed; what is lost with Redis the nightly sweep finds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import redis

from config.portal import PortalNames
from worker.clients.admin_contacts import (
    COMPANY_PROPERTIES,
    AdminContacts,
    client_record,
    properties_of,
)
from worker.clients.completeness import is_client, missing
from worker.clients.rules import ClientRecordRules
from worker.clients.sweep import TASK
from worker.hubspot.by_night import HubSpotByNight
from worker.hubspot.models import Update
from worker.hubspot.service import BATCH
from worker.tickets.effects import client_flag

KEY = "ticket-worker:clients-changed"  # sorted set: company:<id> or contact:<id> → when (seconds)
SETTLES_S = 2.0  # people change several things at once
MOST_KEPT = 200_000
# Takes away what has been looked at, unless it has changed again since. ARGV: member, score, …
_DONE = """
for i = 1, #ARGV, 2 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score and tonumber(score) == tonumber(ARGV[i + 1]) then
    redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
return 1
"""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What became of up to 100 changes; `left` wait for the next time."""

    companies: int = 0
    changed: int = 0
    left: int = 0

    def __str__(self) -> str:
        return f"{self.companies} client records checked again, {self.changed} flags changed"


class Recheck:
    """Checks changed records. `flags`: whether flags may be written."""

    def __init__(
        self,
        hubspot: HubSpotByNight,
        client: redis.Redis,
        names: PortalNames,
        flags: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self._hubspot = hubspot
        self._redis = client
        self._admins = AdminContacts(hubspot, names)
        self._flags = flags
        self._clock = clock
        self._done = client.register_script(_DONE)

    def run(self, rules: ClientRecordRules, by_label: bool) -> Rechecked:
        """Look at up to 100 changes. Raises the gateway's errors; then they stay noted."""
        until = self._clock().timestamp() - SETTLES_S
        rows = self._redis.zrangebyscore(KEY, "-inf", until, start=0, num=BATCH, withscores=True)
        if not rows:
            return Rechecked()
        noted = [(_text(row[0]), float(row[1])) for row in rows]
        companies = {m.partition(":")[2] for m, _ in noted if m.startswith("company:")}
        contacts = {m.partition(":")[2] for m, _ in noted if m.startswith("contact:")}
        if contacts:
            links = self._hubspot.associated("contacts", "companies", contacts)
            companies |= {link.to_id for some in links.found.values() for link in some}
        changed = self._check(companies, rules, by_label) if self._flags and companies else 0
        self._done(
            keys=[KEY], args=[one for member, score in noted for one in (member, repr(score))]
        )
        return Rechecked(len(companies), changed, int(self._redis.zcard(KEY)))

    def _check(self, ids: set[str], rules: ClientRecordRules, by_label: bool) -> int:
        more, of_contacts = properties_of(rules)
        now = self._clock()
        reading = self._hubspot.read("companies", sorted(ids), [*COMPANY_PROPERTIES, TASK, *more])
        # A company without a status has not been checked yet; the sweep or a ticket does that.
        known = {c.id: c for c in reading.found.values() if c.get("client_record_status")}
        people = self._admins.of(sorted(known), by_label, of_contacts) if known else {}
        rows, tasks = [], []
        for company_id, admins in people.items():
            company = known[company_id]
            record = client_record(company, admins, now, more)
            if not is_client(record, rules):
                continue
            lacking = missing(record, rules)
            flag = client_flag(record, lacking, now)
            if flag is None:
                continue
            properties = dict(flag.properties)
            if not lacking and company.get(TASK):
                properties[TASK] = ""
                tasks.append(Update(company.get(TASK), {"hs_task_status": "COMPLETED"}))
            rows.append(Update(company_id, properties))
        if tasks:
            self._hubspot.update("tasks", tasks)
        return len(self._hubspot.update("companies", rows).written) if rows else 0


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
