"""Client records as a support desk keeps them: complete, half complete, or empty."""

from typing import Any

from simulator.sample.companies import clients as sample_clients
from simulator.state import actors
from simulator.state.association_types import AssociationType
from simulator.state.object_types import COMPANY, CONTACT
from simulator.state.portal import Portal
from simulator.state.records import Record

LABEL = "Administrative contact"
_NAMES = ("erp_system", "customization_summary")
ERP_SYSTEMS = (
    "NetSuite",
    "Microsoft Dynamics GP",
    "SAP Business One",
    "Sage Intacct",
    "Acumatica",
    "Infor SyteLine",
    "QuickBooks Enterprise",
)
CUSTOMIZATIONS = (
    "Three-way match with a tolerance of 2 %, own approval step above $5,000.",
    "Invoices from two mailboxes, one for each warehouse; GL codes mapped from the vendor number.",
    "Custom export to the ERP every hour; credit notes are held for review.",
    "No customizations. Standard workflow, standard export.",
    "Single sign-on, approval by cost centre, weekly payment run file.",
    "Own OCR template for handwritten delivery notes; PO numbers start with a letter.",
)


def put(portal: Portal, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Fills the records of named companies. Raises ValueError for what is not there."""
    importer = actors.named("import", "clients")
    filled = []
    for row in rows:
        company = _company(portal, row)
        values = {name: str(value) for name, value in (row.get("properties") or {}).items()}
        _check(portal, values)
        portal.update(company, values, importer)
        for who in row.get("admin_contacts") or []:
            _appoint(portal, _contact(portal, str(who)), company, str(row.get("label") or LABEL))
        filled.append(str(company.id))
    return {"ids": filled}


def fill_sample(portal: Portal, given: dict[str, Any]) -> dict[str, list[str]]:
    """A third of the sample's clients complete, a third half complete, a third left empty.

    Half complete means in turn: no administrative contact, no summary, no ERP system. Without
    labels (Starter), `admin_property` names the contact property that marks the contact.
    Raises ValueError while the properties or the label are missing.
    """
    _check(portal, dict.fromkeys(_NAMES, ""))
    importer = actors.named("import", "clients")
    done: dict[str, list[str]] = {"complete": [], "half": [], "empty": []}
    for number, client in enumerate(sample_clients()):
        company = _company(portal, {"domain": client.domain})
        state = ("complete", "half", "empty")[number % 3]
        done[state].append(str(company.id))
        if state == "empty":
            continue
        lacking = ("admin", "customization_summary", "erp_system")[number // 3 % 3]
        values = _values(portal, number)
        if state == "half":
            values.pop(lacking, None)
        portal.update(company, values, importer)
        if state == "complete" or lacking != "admin":
            people = portal.associations.of((COMPANY.id, CONTACT.id), company.id)
            contact = portal.find(CONTACT, next(iter(people)))
            if contact is not None and given.get("admin_property"):
                portal.update(contact, {str(given["admin_property"]): "true"}, importer)
            elif contact is not None:
                _appoint(portal, contact, company, str(given.get("label") or LABEL))
    return done


def admin_label(portal: Portal, label: str) -> AssociationType | None:
    """The portal's label from contact to company with this name; None before it is made."""
    for kind in portal.associations.labels((CONTACT.id, COMPANY.id)).values():
        if kind.label == label:
            return kind
    return None


def _values(portal: Portal, number: int) -> dict[str, str]:
    values = {
        "erp_system": _choice(portal, "erp_system", ERP_SYSTEMS, number),
        "customization_summary": CUSTOMIZATIONS[number % len(CUSTOMIZATIONS)],
    }
    if portal.schemas[COMPANY.id].live("managed_services") is not None:
        values["managed_services"] = _choice(
            portal, "managed_services", ("true", "false"), number // 3
        )
    return values


def _choice(portal: Portal, name: str, otherwise: tuple[str, ...], number: int) -> str:
    definition = portal.schemas[COMPANY.id].live(name)
    options = [] if definition is None else [option.value for option in definition.options]
    chosen = options or list(otherwise)
    return chosen[number % len(chosen)]


def _check(portal: Portal, values: dict[str, str]) -> None:
    missing = [name for name in values if portal.schemas[COMPANY.id].live(name) is None]
    if missing:
        raise ValueError(f"companies have no property {missing}: create it first")


def _appoint(portal: Portal, contact: Record, company: Record, label: str) -> None:
    kind = admin_label(portal, label)
    if kind is None:
        raise ValueError(f"there is no label {label!r} from contact to company: create it first")
    present = portal.associations.of((CONTACT.id, COMPANY.id), contact.id).get(company.id, ())
    types = {*present, kind.id}
    portal.associate(contact, company, types, actors.named("import", "clients"))


def _company(portal: Portal, row: dict[str, Any]) -> Record:
    ids = [int(row["company_id"])] if row.get("company_id") else []
    if row.get("domain"):
        ids = portal.table(COMPANY).with_value("domain", str(row["domain"]))
    for company_id in ids:
        found = portal.find(COMPANY, company_id)
        if found is not None:
            return found
    raise ValueError(f"there is no company {row.get('company_id') or row.get('domain')!r}")


def _contact(portal: Portal, who: str) -> Record:
    ids = portal.table(CONTACT).with_value("email", who) if "@" in who else [int(who)]
    for contact_id in ids:
        found = portal.find(CONTACT, contact_id)
        if found is not None:
            return found
    raise ValueError(f"there is no contact {who!r}")
