"""Finds the clients of tickets: associations and records from HubSpot, with a cache in Redis.

Records are kept for ten minutes and dropped when HubSpot says that they changed (the receiver
does that); a contact's id leads to the cached records that name the person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import redis
from pydantic import TypeAdapter, ValidationError

from config.portal import PortalNames
from worker.clients.record import AdminContact, ClientRecord
from worker.clients.resolution import (
    Attached,
    Contact,
    Resolved,
    by_domain,
    domain_to_ask,
    resolve,
)
from worker.hubspot.models import Association, Record
from worker.hubspot.service import HubSpotService
from worker.portal import same_label

CACHE_S = 600
COMPANY_KEY = "ticket-worker:client:company:"
CONTACT_KEY = "ticket-worker:client:contact:"
NAMED_BY_KEY = "ticket-worker:client:named-by:"  # contact id → companies whose record names it
COMPANY_PROPERTIES = (
    "name",
    "domain",
    "erp_system",
    "customization_summary",
    "managed_services",
    "client_record_status",
    "client_record_missing",
)
CONTACT_PROPERTIES = ("email", "firstname", "lastname", "associatedcompanyid")
MOST_ADMIN_CONTACTS = 20  # of one client; more say nothing more to a reader
MOST_CONTACTS_READ = 500  # of one client, where only a property tells who is administrative
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
    """Who the clients are. Thread-safe; raises the gateway's errors."""

    def __init__(self, hubspot: HubSpotService, cache: redis.Redis, names: PortalNames) -> None:
        self._hubspot = hubspot
        self._cache = cache
        self._names = names

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
        reading = self._hubspot.read("companies", company_ids, COMPANY_PROPERTIES)
        companies = dict(reading.found)
        if reading.merged:
            lives = self._hubspot.read(
                "companies", set(reading.merged.values()), COMPANY_PROPERTIES
            )
            companies |= {
                asked: lives.found[live]
                for asked, live in reading.merged.items()
                if live in lives.found
            }
        admins = self._admin_contacts({record.id for record in companies.values()}, by_label)
        return {
            asked: _record(company, admins[company.id])
            for asked, company in companies.items()
            if company.id in admins
        }

    def _admin_contacts(
        self, company_ids: Collection[str], by_label: bool
    ) -> dict[str, tuple[AdminContact, ...]]:
        """Administrative contacts by company; by label, or by a contact property. A company whose
        people could not be read is absent: nobody may be told that it has none.
        """
        people = self._hubspot.associated("companies", "contacts", company_ids)
        chosen = {
            company_id: list(
                dict.fromkeys(
                    a.to_id
                    for a in people.found.get(company_id, ())
                    if not by_label or self._is_admin(a)
                )
            )[: MOST_ADMIN_CONTACTS if by_label else MOST_CONTACTS_READ]
            for company_id in company_ids
            if company_id not in people.errors
        }
        wanted = sorted({one for some in chosen.values() for one in some})
        properties = [*CONTACT_PROPERTIES]
        if not by_label:
            properties.append(self._names.admin_contact_property)
        reading = self._hubspot.read("contacts", wanted, properties)
        return {
            company_id: tuple(
                _admin(reading.found[one])
                for one in ids
                if one in reading.found and (by_label or self._has_role(reading.found[one]))
            )[:MOST_ADMIN_CONTACTS]
            for company_id, ids in chosen.items()
            if reading.errors.keys().isdisjoint(ids)
        }

    def _is_admin(self, association: Association) -> bool:
        wanted = self._names.admin_contact_label
        return any(same_label(label, wanted) for label in association.labels)

    def _has_role(self, contact: Record) -> bool:
        value = contact.get(self._names.admin_contact_property)
        return self._names.admin_contact_value.casefold() in value.casefold().split(";")

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


def _record(company: Record, admins: tuple[AdminContact, ...]) -> ClientRecord:
    return ClientRecord(
        company_id=company.id,
        name=company.get("name"),
        domain=company.get("domain"),
        erp_system=company.get("erp_system"),
        customization_summary=company.get("customization_summary"),
        managed_services=company.get("managed_services").strip().lower() in {"true", "yes"},
        admin_contacts=admins,
        record_status=company.get("client_record_status"),
        record_missing=company.get("client_record_missing"),
    )


def _admin(contact: Record) -> AdminContact:
    name = " ".join(p for p in (contact.get("firstname"), contact.get("lastname")) if p)
    return AdminContact(contact.id, name, contact.get("email"))
