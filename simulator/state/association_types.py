"""HubSpot's own association types, and which of them set the primary record.

Numbers: HubSpot's associations guide and the official client's association table.
"""

from typing import NamedTuple

from simulator.state.object_types import COMPANY, CONTACT, EMAIL, NOTE, TASK, TICKET


class AssociationType(NamedTuple):
    """One type for one direction. `label` is None for the unlabelled default type."""

    id: int
    category: str
    label: str | None
    name: str
    inverse_id: int


Pair = tuple[str, str]

_HUBSPOT = "HUBSPOT_DEFINED"


def _defined() -> dict[Pair, dict[int, AssociationType]]:
    plain = [
        (TICKET, COMPANY, 339, 340),
        (TICKET, CONTACT, 16, 15),
        (CONTACT, COMPANY, 279, 280),
        (NOTE, TICKET, 228, 227),
        (NOTE, COMPANY, 190, 189),
        (NOTE, CONTACT, 202, 201),
        (TASK, TICKET, 230, 229),
        (TASK, COMPANY, 192, 191),
        (TASK, CONTACT, 204, 203),
        (EMAIL, TICKET, 224, 223),
        (EMAIL, COMPANY, 186, 185),
        (EMAIL, CONTACT, 198, 197),
    ]
    primary = [(TICKET, COMPANY, 26, 25), (CONTACT, COMPANY, 1, 2)]
    table: dict[Pair, dict[int, AssociationType]] = {}
    for label, rows in ((None, plain), ("Primary", primary)):
        for one, other, there, back in rows:
            name = f"{one.singular}_to_{other.singular}"
            inverse = f"{other.singular}_to_{one.singular}"
            forward = AssociationType(there, _HUBSPOT, label, name, back)
            backward = AssociationType(back, _HUBSPOT, label, inverse, there)
            table.setdefault((one.id, other.id), {})[there] = forward
            table.setdefault((other.id, one.id), {})[back] = backward
    table[(TICKET.id, TICKET.id)] = {
        452: AssociationType(452, _HUBSPOT, None, "ticket_to_ticket", 452)
    }
    table[(COMPANY.id, COMPANY.id)] = {
        450: AssociationType(450, _HUBSPOT, None, "company_to_company", 450)
    }
    table[(CONTACT.id, CONTACT.id)] = {
        449: AssociationType(449, _HUBSPOT, None, "contact_to_contact", 449)
    }
    return table


DEFINED = _defined()
DEFAULT_TYPE = {
    pair: next(kind.id for kind in kinds.values() if kind.label is None)
    for pair, kinds in DEFINED.items()
}
# The one type of each pair whose holder may have at most one: the primary company.
PRIMARY_TYPE = {
    (TICKET.id, COMPANY.id): 26,
    (CONTACT.id, COMPANY.id): 1,
}
