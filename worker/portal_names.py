"""Reading `portal.yaml`."""

from __future__ import annotations

import difflib
from pathlib import Path

from config.portal import PortalNames
from worker.hubspot.schema import company_properties, ticket_properties
from worker.yaml_file import Lines, line_of, nearest, read_model_and_lines, sentence


class PortalNamesError(Exception):
    """`portal.yaml` is wrong. The message names file, line, fault and mend."""


def read_portal_names(path: Path) -> PortalNames:
    """The names in the portal. Raises `PortalNamesError`."""
    names, lines = read_model_and_lines(path, PortalNames, PortalNamesError)
    tickets = [one.name for one in ticket_properties({}, {}, {})]
    for name in names.ticket_properties:
        if name not in tickets:
            raise _unknown(path, lines, "ticket_properties", name, tickets)
    companies = [one.name for one in company_properties()]
    for name in names.company_properties:
        # The policy may ask for further properties of a company; a slip of the pen is none.
        if name not in companies and difflib.get_close_matches(name, companies, cutoff=0.8):
            raise _unknown(path, lines, "company_properties", name, companies)
    return names


def _unknown(path: Path, lines: Lines, where: str, name: str, known: list[str]) -> PortalNamesError:
    line = line_of(lines, (where, name))
    fault = f"{where}.{name} is no property of ours"
    return PortalNamesError(sentence(path, line, fault, nearest(name, known)))
