"""Finds the clients of tickets: associations and records from HubSpot, with a cache in Redis.

Records are kept for ten minutes and dropped when HubSpot says that they changed (the receiver
does that); a contact's id leads to the cached records that name the person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import redis
from pydantic import TypeAdapter, ValidationError

from config.portal import PortalNames
from worker.clients.admin_contacts import (
    COMPANY_PROPERTIES,
    CONTACT_PROPERTIES,
    AdminContacts,
    client_record,
    properties_of,
)
from worker.clients.record import ClientRecord
from worker.clients.resolution import (
    Attached,
    Contact,
    Resolved,
    by_domain,
    domain_to_ask,
    resolve,
)
from worker.clients.rules import ClientRecordRules
from worker.hubspot.service import HubSpotService

CACHE_S = 600
COMPANY_KEY = "ticket-worker:client:company:"
CONTACT_KEY = "ticket-worker:client:contact:"
NAMED_BY_KEY = "ticket-worker:client:named-by:"  # contact id → companies whose record names it
DOMAINS_PER_SEARCH = 50
RECORD = TypeAdapter(ClientRecord)
CONTACT = TypeAdapter(Contact)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lookup:
    """What was found for a batch of tickets, by ticket id."""

    attached: Mapping[str, Attached]
    resolved: Mapping[str, Resolved] = field(default_factory=dict)
    records: Mapping[str, ClientRecord] = field(default_factory=dict)  # by company id

    def record(self, ticket_id: str) -> ClientRecord | None:
        found = self.resolved.get(ticket_id)
        return self.records.get(found.company_id) if found else None

    def sender(self, ticket_id: str) -> str:
        attached = self.attached.get(ticket_id)
        return attached.sender if attached else ""


class ClientDirectory:
    """Who the clients are. Thread-safe; raises the gateway's errors.

    `rules`: the policy's rules in force, which may look at further properties.
    """

    def __init__(
        self,
        hubspot: HubSpotService,
        cache: redis.Redis,
        names: PortalNames,
        rules: Callable[[], ClientRecordRules | None] = lambda: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._hubspot = hubspot
        self._cache = cache
        self._names = names
        self._rules = rules
        self._clock = clock
        self._admins = AdminContacts(hubspot, names)

    def look_up(self, ticket_ids: Collection[str], by_label: bool) -> Lookup:
        """Resolve the clients of up to 100 tickets and read their records, in full batches.
        `by_label`: administrative contacts are told by an association label, else by a property.
        """
        companies = self._hubspot.associated("tickets", "companies", ticket_ids)
        people = self._hubspot.associated("tickets", "contacts", ticket_ids)
        contacts = self._contacts({a.to_id for some in people.found.values() for a in some})
        attached = {
            ticket_id: Attached(
                companies=[(a.to_id, a.type_ids) for a in companies.found.get(ticket_id, ())],
                contacts=[
                    contacts[a.to_id]
                    for a in people.found.get(ticket_id, ())
                    if a.to_id in contacts
                ],
            )
            for ticket_id in ticket_ids
        }
        resolved = {t: found for t, a in attached.items() if (found := resolve(a))}
        resolved |= self._by_domain({t: a for t, a in attached.items() if t not in resolved})
        records = self.records({found.company_id for found in resolved.values()}, by_label)
        return Lookup(attached, resolved, records)

    def records(self, company_ids: Collection[str], by_label: bool) -> dict[str, ClientRecord]:
        """Client records by company id; a company that is gone is absent."""
        records = self._cached(COMPANY_KEY, RECORD, company_ids)
        wanted = [one for one in company_ids if one not in records]
        if wanted:
            fresh = self._read_records(wanted, by_label)
            self._remember_records(fresh.values())
            records |= fresh
        return records

    def forget(self, company_ids: Collection[str]) -> None:
        """Drop cached records that have changed."""
        if company_ids:
            self._cache.delete(*(COMPANY_KEY + one for one in company_ids))

    def _read_records(
        self, company_ids: Collection[str], by_label: bool
    ) -> dict[str, ClientRecord]:
        more, of_contacts = properties_of(self._rules())
        properties = [*COMPANY_PROPERTIES, *more]
        reading = self._hubspot.read("companies", company_ids, properties)
        companies = dict(reading.found)
        if reading.merged:
            lives = self._hubspot.read("companies", set(reading.merged.values()), properties)
            companies |= {
                asked: lives.found[live]
                for asked, live in reading.merged.items()
                if live in lives.found
            }
        as_of = self._clock()
        ids = {record.id for record in companies.values()}
        admins = self._admins.of(ids, by_label, of_contacts)
        return {
            asked: client_record(company, admins[company.id], as_of, more)
            for asked, company in companies.items()
            if company.id in admins
        }

    def _contacts(self, contact_ids: Collection[str]) -> dict[str, Contact]:
        contacts = self._cached(CONTACT_KEY, CONTACT, contact_ids)
        wanted = sorted(one for one in contact_ids if one not in contacts)
        if not wanted:
            return contacts
        fresh = {
            asked: Contact(asked, record.get("email"), record.get("associatedcompanyid"))
            for asked, record in self._hubspot.read(
                "contacts", wanted, CONTACT_PROPERTIES
            ).found.items()
        }
        pipe = self._cache.pipeline(transaction=False)
        for contact in fresh.values():
            pipe.set(CONTACT_KEY + contact.id, CONTACT.dump_json(contact), ex=CACHE_S)
        pipe.execute()
        return contacts | fresh

    def _by_domain(self, unresolved: Mapping[str, Attached]) -> dict[str, Resolved]:
        asked = {
            ticket_id: domain
            for ticket_id, attached in unresolved.items()
            if (
                domain := domain_to_ask(
                    attached, self._names.own_domains, self._names.free_mail_domains
                )
            )
        }
        domains = sorted(set(asked.values()))
        owners: dict[str, set[str]] = {}
        for start in range(0, len(domains), DOMAINS_PER_SEARCH):
            owners |= self._hubspot.companies_by_domain(domains[start : start + DOMAINS_PER_SEARCH])
        return {t: found for t, domain in asked.items() if (found := by_domain(domain, owners))}

    def _cached(self, prefix: str, kind: TypeAdapter[T], ids: Collection[str]) -> dict[str, T]:
        """What is kept of these ids. What another version of the worker wrote is left out."""
        asked = list(ids)
        kept: dict[str, T] = {}
        values = self._cache.mget([prefix + one for one in asked]) if asked else []
        for one, raw in zip(asked, values, strict=True):
            with suppress(ValidationError):
                if raw:
                    kept[one] = kind.validate_json(raw)
        return kept

    def _remember_records(self, records: Iterable[ClientRecord]) -> None:
        pipe = self._cache.pipeline(transaction=False)
        for record in records:
            pipe.set(COMPANY_KEY + record.company_id, RECORD.dump_json(record), ex=CACHE_S)
            for contact in record.admin_contacts:
                pipe.sadd(NAMED_BY_KEY + contact.contact_id, record.company_id)
                pipe.expire(NAMED_BY_KEY + contact.contact_id, CACHE_S)
        pipe.execute()
