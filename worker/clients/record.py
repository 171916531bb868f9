"""The client record: what the guidelines (5.9) want known of every client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ResolvedBy(StrEnum):
    """How the client of a ticket was found, surest first."""

    PRIMARY_COMPANY = "primary company of the ticket"
    ASSOCIATED_COMPANY = "company associated with the ticket"
    CONTACT_COMPANY = "primary company of the contact"
    EMAIL_DOMAIN = "e-mail domain of the sender"


@dataclass(frozen=True, slots=True)
class AdminContact:
    """A person of the client who may decide about the account. `undeliverable`: HubSpot says that
    mail to the address does not arrive; `gone`: somebody marked the person as no longer there.
    `more` are further properties that the policy's rules look at.
    """

    contact_id: str
    name: str
    email: str
    undeliverable: bool = False
    gone: bool = False
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """One client company as HubSpot had it at `as_of`; `worker.clients.completeness` says what it
    lacks. `more` are further properties that the policy's rules look at.
    """

    company_id: str
    name: str
    domain: str
    erp_system: str
    customization_summary: str
    managed_services: bool
    admin_contacts: tuple[AdminContact, ...] = ()
    record_status: str = ""
    record_missing: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime | None = None
