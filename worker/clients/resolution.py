"""Who the client of a ticket is, from what HubSpot has attached to it (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from worker.clients.record import ResolvedBy

PRIMARY_TICKET_TO_COMPANY = 26  # HubSpot: association type of a ticket's primary company


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as far as resolving needs it."""

    id: str
    email: str
    company_id: str  # HubSpot's `associatedcompanyid`: the contact's primary company


@dataclass(frozen=True, slots=True)
class Attached:
    """What hangs on a ticket: companies with their association types, contacts in order."""

    companies: Sequence[tuple[str, Collection[int]]] = ()
    contacts: Sequence[Contact] = ()

    @property
    def sender(self) -> str:
        """The address the ticket came from: that of its first contact that has one."""
        return next((c.email.strip().lower() for c in self.contacts if c.email.strip()), "")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The client's company and how it was found."""

    company_id: str
    by: ResolvedBy


def resolve(attached: Attached) -> Resolved | None:
    """The client by association: primary company, any company, the contact's primary company."""
    for company_id, types in attached.companies:
        if PRIMARY_TICKET_TO_COMPANY in types:
            return Resolved(company_id, ResolvedBy.PRIMARY_COMPANY)
    for company_id, _ in attached.companies:
        return Resolved(company_id, ResolvedBy.ASSOCIATED_COMPANY)
    for contact in attached.contacts:
        if contact.company_id:
            return Resolved(contact.company_id, ResolvedBy.CONTACT_COMPANY)
    return None


def domain_to_ask(attached: Attached, own: Collection[str], free_mail: Collection[str]) -> str:
    """The sender's domain where it may tell the client: never a free-mail domain or our own."""
    domain = domain_of(attached.sender)
    return "" if domain in own or domain in free_mail else domain


def by_domain(domain: str, companies: Mapping[str, Collection[str]]) -> Resolved | None:
    """The one company with the sender's domain; two with the same domain tell nothing."""
    owners = companies.get(domain, ())
    if len(owners) != 1:
        return None
    return Resolved(next(iter(owners)), ResolvedBy.EMAIL_DOMAIN)


def domain_of(email: str) -> str:
    """The part after the last @, lower case; empty where there is none."""
    _, at, domain = email.strip().lower().rpartition("@")
    return domain if at else ""
