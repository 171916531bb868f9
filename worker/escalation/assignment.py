"""Gives owners to tickets that came to a queue without one, as the policy says (docs/owners.md).

HubSpot knows which tickets these are, so there is nothing to lose: a ticket for whom nobody is
eligible is found again at the next look, until somebody is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import redis
import structlog

from config.settings import RoutingMode
from worker.escalation.hours import WorkingHours
from worker.escalation.owners import OWNER, choose, may_assign, trampled_owner
from worker.escalation.trust import mode_of
from worker.hubspot.models import Owner, Record, Update
from worker.hubspot.service import HubSpotService
from worker.intake.poll import Filter
from worker.portal import Portal
from worker.routing.escalation_rules import Assign, QueueOwners
from worker.routing.policy_document import PolicyDocument
from worker.tickets.effects import stamp
from worker.tickets.state import STAGE

LAST_KEY = "ticket-worker:last-owner"
OWNERLESS_KEY = "ticket-worker:ownerless"
"""In Redis, for metrics and reports: queue → tickets for whom nobody is eligible."""
MOST_A_LOOK = 200
"""Tickets that one look assigns; the next look takes the others."""
PROPERTIES = ("hs_pipeline", STAGE, OWNER, "hs_lastmodifieddate")
log = structlog.get_logger()


@dataclass(slots=True)
class Assigned:
    """What a look came to: tickets given an owner, and by queue those that nobody can take."""

    count: int = 0
    ownerless: dict[str, int] = field(default_factory=dict)
    given_back: int = 0

    def __str__(self) -> str:
        said = f"{self.count} given an owner"
        if self.given_back:
            said += f", {self.given_back} given back to whom somebody else chose meanwhile"
        for queue, count in self.ownerless.items():
            said += f", {count} in {queue} wait because nobody is eligible"
        return said


class Assignment:
    """One per process; thread-safe as its parts are. Raises the gateway's errors."""

    def __init__(self, hubspot: HubSpotService, client: redis.Redis) -> None:
        self._hubspot = hubspot
        self._redis = client

    def look(
        self, policy: PolicyDocument, portal: Portal, overall: RoutingMode, now: datetime
    ) -> Assigned:
        """Assign owners in the queues that the policy names and trusts (`route`). One search, one
        read for each 50 tickets, one call for the owners, one write for each 100.
        """
        done = Assigned()
        rules = {
            queue: own
            for queue, own in policy.owners.queues.items()
            if own.assign is not Assign.NONE
            and queue in portal.stage_of
            and mode_of(queue, policy, overall) is RoutingMode.ROUTE
        }
        waiting = self._waiting(rules, portal) if rules else {}
        if waiting:
            owners = self._hubspot.active_owners()
            rows = self._choose(waiting, rules, owners, policy, portal, now, done)
            self._write(rows, waiting, done)
        self._report(done)
        return done

    def _waiting(self, rules: Mapping[str, QueueOwners], portal: Portal) -> dict[str, Record]:
        stages = sorted(portal.stage_of[queue] for queue in rules)
        filters: list[Filter] = [
            {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
            {"propertyName": STAGE, "operator": "IN", "values": stages},
            {"propertyName": OWNER, "operator": "NOT_HAS_PROPERTY"},
            {"propertyName": "createdate", "operator": "GTE", "value": stamp(portal.go_live)},
        ]
        ids: list[str] = []
        for page, _ in self._hubspot.search_ids("tickets", [filters]):
            ids += page
            if len(ids) >= MOST_A_LOOK:
                break
        found = self._hubspot.read("tickets", ids[:MOST_A_LOOK], PROPERTIES, history=[OWNER]).found
        return {
            id_: ticket
            for id_, ticket in found.items()
            if may_assign(ticket)
            and ticket.get("hs_pipeline") == portal.pipeline_id
            and ticket.get(STAGE) in stages
        }

    def _choose(
        self,
        waiting: Mapping[str, Record],
        rules: Mapping[str, QueueOwners],
        owners: list[Owner],
        policy: PolicyDocument,
        portal: Portal,
        now: datetime,
        done: Assigned,
    ) -> list[Update]:
        today = WorkingHours(policy.working_hours).today(now)
        last = self._last()
        counts: dict[str, int] | None = None
        rows = []
        for id_ in sorted(waiting, key=int):  # the oldest first
            queue = portal.queue_of[waiting[id_].get(STAGE)]
            if counts is None and rules[queue].assign is Assign.LEAST_OPEN:
                counts = self._open_tickets(rules, owners, portal)
            choice = choose(
                rules[queue],
                owners,
                policy.owners.absences,
                counts or {},
                last.get(queue, ""),
                today,
            )
            if choice.owner_id is None:
                log.warning("ticket_without_owner", ticket=id_, queue=queue, why=choice.why)
                done.ownerless[queue] = done.ownerless.get(queue, 0) + 1
                continue
            last[queue] = choice.owner_id
            if counts is not None:
                counts[choice.owner_id] = counts.get(choice.owner_id, 0) + 1
            rows.append(Update(id_, {OWNER: choice.owner_id}))
        if rows:
            self._redis.hset(LAST_KEY, mapping=dict(last.items()))
        return rows

    def _write(self, rows: list[Update], seen: Mapping[str, Record], done: Assigned) -> None:
        if not rows:
            return
        given = {row.id: row.properties[OWNER] for row in rows}
        writing = self._hubspot.update("tickets", rows)
        done.count += len(writing.written)
        for id_, why in writing.refused.items():
            log.warning("owner_refused", ticket=id_, owner=given[id_], hubspot_said=why)
        # HubSpot has no compare-and-set: whom somebody chose between our read and our write is
        # put back.
        after = self._hubspot.read("tickets", sorted(writing.written), PROPERTIES, history=[OWNER])
        back = []
        for id_, ticket in after.found.items():
            chosen = trampled_owner(seen[id_].get("hs_lastmodifieddate"), ticket, given[id_])
            if chosen:
                log.info("owner_given_back", ticket=id_, owner=chosen)
                back.append(Update(id_, {OWNER: chosen}))
        if back:
            self._hubspot.update("tickets", back)
            done.given_back += len(back)
            done.count -= len(back)

    def _open_tickets(
        self, rules: Mapping[str, QueueOwners], owners: list[Owner], portal: Portal
    ) -> dict[str, int]:
        """Open tickets by owner, as search counts them (one search for each owner)."""
        named = {
            person.strip().casefold()
            for own in rules.values()
            if own.assign is Assign.LEAST_OPEN
            for person in own.owners
        }
        open_stages = sorted(set(portal.queue_of) | set(portal.intake))
        counts = {}
        for owner in owners:
            if not named & {owner.id, owner.email.casefold()}:
                continue
            filters: list[Filter] = [
                {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
                {"propertyName": STAGE, "operator": "IN", "values": open_stages},
                {"propertyName": OWNER, "operator": "EQ", "value": owner.id},
            ]
            _, total = next(self._hubspot.search_ids("tickets", [filters]))
            counts[owner.id] = total
        return counts

    def _last(self) -> dict[str, str]:
        rows = self._redis.hgetall(LAST_KEY)
        return {_text(queue): _text(owner) for queue, owner in rows.items()}

    def _report(self, done: Assigned) -> None:
        pipe = self._redis.pipeline()
        pipe.delete(OWNERLESS_KEY)
        if done.ownerless:
            pipe.hset(OWNERLESS_KEY, mapping=dict(done.ownerless.items()))
        pipe.execute()


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
