"""The client record: what the guidelines (5.9) want known of every client."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ResolvedBy(StrEnum):
    """How the client of a ticket was found, surest first."""

    PRIMARY_COMPANY = "primary company of the ticket"
    ASSOCIATED_COMPANY = "company associated with the ticket"
    CONTACT_COMPANY = "primary company of the contact"
    EMAIL_DOMAIN = "e-mail domain of the sender"


@dataclass(frozen=True, slots=True)
class AdminContact:
    """A person of the client who may decide about the account."""

    contact_id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """One client company as HubSpot has it; `worker.clients.completeness` says what it lacks."""

    company_id: str
    name: str
    domain: str
    erp_system: str
    customization_summary: str
    managed_services: bool
    admin_contacts: tuple[AdminContact, ...] = ()
    record_status: str = ""
    record_missing: str = ""
