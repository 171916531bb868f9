"""Mass creation for load tests: quick, silent, and not written into the log.

A hundred thousand companies with their contacts come within seconds; search sees them at once.
"""

import gc
from typing import Any

from simulator.control.clients import CUSTOMIZATIONS, ERP_SYSTEMS, admin_label
from simulator.state import actors, derived
from simulator.state.association_types import DEFINED
from simulator.state.object_types import COMPANY, CONTACT, TICKET
from simulator.state.pipelines import Pipeline
from simulator.state.portal import Portal
from simulator.state.records import Record

_DAY_MS = 86_400_000
_SPECIAL = {"closed_share", "age_days"}


def create(portal: Portal, given: dict[str, Any]) -> dict[str, Any]:
    """Creates companies, contacts and tickets; returns first and last id of each.

    `ticket_defaults` are property values, plus `closed_share` (how many are closed, default half)
    and `age_days` (they are between one and so many days old, default 700). `complete_share` of
    the companies get a complete client record, if the properties for it exist.
    """
    importer = actors.named("import", "bulk")
    companies = _companies(portal, given, importer)
    contacts = _contacts(portal, int(given.get("contacts", 0)), companies, importer)
    _complete(portal, float(given.get("complete_share", 0.3)), companies)
    tickets = _tickets(portal, given, companies, contacts)
    gc.collect()
    gc.freeze()
    shown: dict[str, Any] = {}
    for name, made in (("companies", companies), ("contacts", contacts), ("tickets", tickets)):
        ends = [str(made[0].id), str(made[-1].id)] if made else []
        shown[name] = {"count": len(made), "ids": ends}
    return shown


def _companies(portal: Portal, given: dict[str, Any], importer: actors.Actor) -> list[Record]:
    table = portal.table(COMPANY)
    start = table.live
    made = []
    for number in range(int(given.get("companies", 0))):
        serial = start + number
        values = {"name": f"Client {serial:06d}", "domain": f"client{serial:06d}.example"}
        at_ms = portal.born_ms + (serial % 600) * _DAY_MS
        record = Record(COMPANY, table.new_id(), values, importer, at_ms)
        record.silent = True
        table.add(record)
        made.append(record)
    return made


def _contacts(
    portal: Portal, count: int, companies: list[Record], importer: actors.Actor
) -> list[Record]:
    table = portal.table(CONTACT)
    start = table.live
    pair = (CONTACT.id, COMPANY.id)
    made = []
    for number in range(count):
        company = companies[number % len(companies)] if companies else None
        domain = company.values["domain"] if company else "nowhere.example"
        values = {"email": f"person{start + number:07d}@{domain}", "firstname": "Pat"}
        at_ms = portal.born_ms + (number % 600) * _DAY_MS
        record = Record(CONTACT, table.new_id(), values, importer, at_ms)
        record.silent = True
        table.add(record)
        if company is not None:
            values["associatedcompanyid"] = str(company.id)
            portal.associations.link_quickly(pair, record.id, company.id, (1, 279), (2, 280))
        made.append(record)
    return made


def _complete(portal: Portal, share: float, companies: list[Record]) -> None:
    """Fills erp_system, customization_summary and an administrative contact, where they exist."""
    schema = portal.schemas[COMPANY.id]
    erp, summary = schema.live("erp_system"), schema.live("customization_summary")
    label = admin_label(portal, "Administrative contact")
    pair = (COMPANY.id, CONTACT.id)
    systems = [option.value for option in erp.options] if erp and erp.options else ERP_SYSTEMS
    for number, company in enumerate(companies[: round(len(companies) * share)]):
        if erp is not None:
            company.values["erp_system"] = systems[number % len(systems)]
        if summary is not None:
            company.values["customization_summary"] = CUSTOMIZATIONS[number % len(CUSTOMIZATIONS)]
        people = portal.associations.of(pair, company.id)
        if label is not None and people:
            first = next(iter(people))
            forward = (1, 279, label.id)
            backward = (2, 280, label.inverse_id)
            portal.associations.link_quickly(
                (CONTACT.id, COMPANY.id), first, company.id, forward, backward
            )


def _tickets(
    portal: Portal, given: dict[str, Any], companies: list[Record], contacts: list[Record]
) -> list[Record]:
    count = int(given.get("tickets", 0))
    defaults = dict(given.get("ticket_defaults") or {})
    closed_share = float(defaults.get("closed_share", 0.5))
    age_ms = int(defaults.get("age_days", 700)) * _DAY_MS
    fixed = {name: str(value) for name, value in defaults.items() if name not in _SPECIAL}
    pipeline = portal.pipelines[fixed.get("hs_pipeline", "0")]
    table = portal.table(TICKET)
    channel = actors.channel("EMAIL")
    now = portal.clock.now_ms()
    made = []
    for number in range(count):
        stage = fixed.get("hs_pipeline_stage") or _stage(pipeline, number, count, closed_share)
        values = {
            "subject": f"Old request {number}",
            "content": "An old request.",
            "source_type": "EMAIL",
            "hs_pipeline": pipeline.id,
            **fixed,
            "hs_pipeline_stage": stage,
        }
        at_ms = now - max(_DAY_MS, age_ms - number * age_ms // max(1, count))
        record = Record(TICKET, table.new_id(), values, channel, at_ms)
        record.silent = True
        derived.at_creation(portal, record)
        table.add(record)
        if contacts:
            contact = contacts[number % len(contacts)]
            portal.associations.link_quickly(
                (TICKET.id, CONTACT.id), record.id, contact.id, (16,), (15,)
            )
        if companies:
            company = companies[number % len(companies)]
            back = tuple(sorted(kind.inverse_id for kind in _company_types()))
            portal.associations.link_quickly(
                (TICKET.id, COMPANY.id), record.id, company.id, (26, 339), back
            )
            values.update(derived.company_values(portal, record))
        made.append(record)
    return made


def _company_types() -> list[Any]:
    return list(DEFINED[(TICKET.id, COMPANY.id)].values())


def _stage(pipeline: Pipeline, number: int, count: int, closed_share: float) -> str:
    """Closed for the first share of the tickets, then the open stages in turn."""
    stages = pipeline.live_stages()
    closed = [stage.id for stage in stages if stage.closed]
    opened = [stage.id for stage in stages if not stage.closed]
    if closed and number < count * closed_share:
        return closed[0]
    return opened[number % len(opened)] if opened else stages[0].id
