"""Who may decide for a client: its administrative contacts, read from HubSpot."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from config.portal import PortalNames
from worker.clients.completeness import is_reachable, says_yes
from worker.clients.record import AdminContact, ClientRecord
from worker.clients.rules import ClientRecordRules
from worker.hubspot.models import Association, Record
from worker.hubspot.service import HubSpotService
from worker.portal import same_label

MOST_ADMIN_CONTACTS = 20  # of one client; more say nothing more to a reader
MOST_CONTACTS_READ = 10_000  # of one client; beyond, a client without any is not judged
# HubSpot's own record of what became of mail to a contact (its contact properties of these names).
BAD_ADDRESS, HARD_BOUNCE, QUARANTINED = (
    "hs_email_bad_address",
    "hs_email_hard_bounce_reason_enum",
    "hs_email_quarantined",
)
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


class AdminContacts:
    """Reads administrative contacts. Thread-safe; raises the gateway's errors."""

    def __init__(self, hubspot: HubSpotService, names: PortalNames) -> None:
        self._hubspot = hubspot
        self._names = names

    def of(
        self, company_ids: Collection[str], by_label: bool, more: Sequence[str] = ()
    ) -> dict[str, tuple[AdminContact, ...]]:
        """Administrative contacts by company; told by an association label, else by a contact
        property. `more`: further properties to read of each. Those who can be reached come
        first, at most twenty of a company. A company whose people could not be read is absent:
        nobody may be told that it has none.

        One association call for each 1,000 companies (one more for each 500 contacts of one of
        them), one batch read for each 100 contacts.
        """
        people = self._hubspot.associated("companies", "contacts", company_ids)
        linked = {
            company_id: list(
                dict.fromkeys(
                    a.to_id
                    for a in people.found.get(company_id, ())
                    if not by_label or self._is_admin(a)
                )
            )
            for company_id in company_ids
            if company_id not in people.errors
        }
        wanted = sorted({one for some in linked.values() for one in some[:MOST_CONTACTS_READ]})
        properties = [
            *CONTACT_PROPERTIES,
            BAD_ADDRESS,
            HARD_BOUNCE,
            QUARANTINED,
            self._names.admin_contact_gone_property,
            *more,
        ]
        if not by_label:
            properties.append(self._names.admin_contact_property)
        reading = self._hubspot.read("contacts", wanted, list(dict.fromkeys(properties)))
        found = {
            company_id: [
                self._admin(reading.found[one], more)
                for one in ids
                if one in reading.found and (by_label or self._has_role(reading.found[one]))
            ]
            for company_id, ids in linked.items()
            if reading.errors.keys().isdisjoint(ids)
        }
        return {
            company_id: tuple(sorted(some, key=lambda one: not is_reachable(one)))[
                :MOST_ADMIN_CONTACTS
            ]
            for company_id, some in found.items()
            if some or len(linked[company_id]) <= MOST_CONTACTS_READ
        }

    def _is_admin(self, association: Association) -> bool:
        wanted = self._names.admin_contact_label
        return any(same_label(label, wanted) for label in association.labels)

    def _has_role(self, contact: Record) -> bool:
        value = contact.get(self._names.admin_contact_property)
        return self._names.admin_contact_value.casefold() in value.casefold().split(";")

    def _admin(self, contact: Record, more: Sequence[str]) -> AdminContact:
        name = " ".join(p for p in (contact.get("firstname"), contact.get("lastname")) if p)
        said = contact.get(self._names.admin_contact_gone_property).strip().casefold()
        return AdminContact(
            contact_id=contact.id,
            name=name,
            email=contact.get("email"),
            undeliverable=bool(contact.get(HARD_BOUNCE))
            or says_yes(contact.get(BAD_ADDRESS))
            or says_yes(contact.get(QUARANTINED)),
            gone=said in self._names.admin_contact_gone_values,
            more={name: contact.get(name) for name in more if contact.get(name)},
        )


def client_record(
    company: Record,
    admins: tuple[AdminContact, ...],
    as_of: datetime | None = None,
    more: Sequence[str] = (),
) -> ClientRecord:
    """The client record of a company as HubSpot had it at `as_of` (pure)."""
    return ClientRecord(
        company_id=company.id,
        name=company.get("name"),
        domain=company.get("domain"),
        erp_system=company.get("erp_system"),
        customization_summary=company.get("customization_summary"),
        managed_services=says_yes(company.get("managed_services")),
        admin_contacts=admins,
        record_status=company.get("client_record_status"),
        record_missing=company.get("client_record_missing"),
        more=_held(company, more),
        as_of=as_of,
    )


def properties_of(rules: ClientRecordRules | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Further properties to read, of companies and of administrative contacts."""
    return (rules.company_properties, rules.contact_properties) if rules else ((), ())


def _held(company: Record, more: Sequence[str]) -> Mapping[str, str]:
    return {name: company.get(name) for name in more if company.get(name)}
