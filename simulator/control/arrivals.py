"""Tickets arriving through the portal's channels, as HubSpot would make them.

HubSpot makes or finds the sender's contact, and links contact and company to the ticket, often
only some time after the ticket is there.
"""

from typing import Any

from simulator.state import actors
from simulator.state.actors import Actor
from simulator.state.clock import iso, parse_time
from simulator.state.object_types import COMPANY, CONTACT, EMAIL, TICKET
from simulator.state.portal import Portal
from simulator.state.records import Record

_FIELDS = {
    "subject",
    "content",
    "source_type",
    "created_by_user_id",
    "from_email",
    "from_name",
    "company_id",
    "company_domain",
    "contact_id",
    "attach_after_s",
    "announce",
    "pipeline",
    "stage",
    "created_at",
    "properties",
}


def arrive(portal: Portal, given: dict[str, Any]) -> Record:
    """One ticket, with its links now or later. Raises ValueError that names what is wrong."""
    unknown = sorted(set(given) - _FIELDS)
    if unknown:
        raise ValueError(f"a ticket has no {unknown}; it has {sorted(_FIELDS)}")
    announce = given.get("announce") is not False
    actor = _creator(given)
    contact = _contact(portal, given, announce)
    company = _company(portal, given, contact)
    at_ms = parse_time(str(given["created_at"])) if given.get("created_at") else None
    ticket = portal.create(TICKET, _values(portal, given), actor, at_ms, silent=not announce)
    if given.get("from_email") and given.get("source_type") == "EMAIL":
        _email(portal, given, ticket, contact)
    delay_s = _delay_s(portal, given)

    def attach() -> None:
        if portal.find(TICKET, ticket.id) is not ticket:
            return
        for other, types in ((contact, [16]), (company, [26])):
            if other is not None and portal.find(other.kind, other.id) is other:
                portal.associate(ticket, other, types, actors.HUBSPOT, told=announce)

    if delay_s > 0:
        portal.agenda.at(portal.clock.now_ms() + round(delay_s * 1000), attach)
    else:
        attach()
    return ticket


def _creator(given: dict[str, Any]) -> Actor:
    if given.get("created_by_user_id"):
        return actors.user(given["created_by_user_id"])
    return actors.channel(str(given.get("source_type") or "EMAIL"))


def _values(portal: Portal, given: dict[str, Any]) -> dict[str, str]:
    values = {name: str(value) for name, value in (given.get("properties") or {}).items()}
    for name in ("subject", "content", "source_type"):
        if given.get(name):
            values[name] = str(given[name])
    pipeline_id = str(given.get("pipeline") or "0")
    if pipeline_id not in portal.pipelines:
        raise ValueError(f"there is no pipeline {pipeline_id!r}: {sorted(portal.pipelines)}")
    values["hs_pipeline"] = pipeline_id
    pipeline = portal.pipelines[pipeline_id]
    stage = str(given.get("stage") or pipeline.live_stages()[0].id)
    if stage not in pipeline.stages:
        raise ValueError(
            f"pipeline {pipeline_id} has no stage {stage!r}: {sorted(pipeline.stages)}"
        )
    values["hs_pipeline_stage"] = stage
    return values


def _contact(portal: Portal, given: dict[str, Any], announce: bool) -> Record | None:
    if given.get("contact_id"):
        found = portal.find(CONTACT, int(given["contact_id"]))
        if found is None:
            raise ValueError(f"there is no contact {given['contact_id']}")
        return found
    email = str(given.get("from_email") or "").lower()
    if not email:
        return None
    for contact_id in portal.table(CONTACT).with_value("email", email):
        found = portal.find(CONTACT, contact_id)
        if found is not None:
            return found
    first, _, last = str(given.get("from_name") or "").partition(" ")
    values = {"email": email, "firstname": first, "lastname": last}
    contact = portal.create(CONTACT, values, actors.channel("EMAIL"), silent=not announce)
    company = _by_domain(portal, email.rpartition("@")[2])
    if company is not None:
        portal.associate(contact, company, [1], actors.HUBSPOT)
    return contact


def _by_domain(portal: Portal, domain: str) -> Record | None:
    for company_id in portal.table(COMPANY).with_value("domain", domain):
        found = portal.find(COMPANY, company_id)
        if found is not None:
            return found
    return None


def _company(portal: Portal, given: dict[str, Any], contact: Record | None) -> Record | None:
    if given.get("company_id"):
        found = portal.find(COMPANY, int(given["company_id"]))
        if found is None:
            raise ValueError(f"there is no company {given['company_id']}")
        return found
    if given.get("company_domain"):
        found = _by_domain(portal, str(given["company_domain"]))
        if found is None:
            raise ValueError(f"no company has the domain {given['company_domain']!r}")
        return found
    if contact is None:
        return None
    primary = portal.associations.primary((CONTACT.id, COMPANY.id), contact.id)
    return None if primary is None else portal.find(COMPANY, primary)


def _delay_s(portal: Portal, given: dict[str, Any]) -> float:
    if given.get("attach_after_s") is not None:
        return float(given["attach_after_s"])
    settings = portal.settings
    if portal.random.random() >= settings.late_attach_share:
        return 0.0
    return portal.random.uniform(0, settings.late_attach_max_s)


def _email(portal: Portal, given: dict[str, Any], ticket: Record, contact: Record | None) -> None:
    """The first message as an e-mail on the ticket's timeline: it knows who wrote."""
    first, _, last = str(given.get("from_name") or "").partition(" ")
    values = {
        "hs_timestamp": iso(ticket.created_ms),
        "hs_email_subject": str(given.get("subject") or ""),
        "hs_email_text": str(given.get("content") or ""),
        "hs_email_direction": "INCOMING_EMAIL",
        "hs_email_status": "SENT",
        "hs_email_from_email": str(given["from_email"]).lower(),
        "hs_email_from_firstname": first,
        "hs_email_from_lastname": last,
    }
    email = portal.create(EMAIL, values, actors.channel("EMAIL"), ticket.created_ms, silent=True)
    portal.associate(email, ticket, [224], actors.HUBSPOT, told=False)
    if contact is not None:
        portal.associate(email, contact, [198], actors.HUBSPOT, told=False)
    ticket.values["hs_originating_email_engagement_id"] = str(email.id)
