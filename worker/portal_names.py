"""Reading `portal.yaml`."""

from __future__ import annotations

from pathlib import Path

from config.portal import PortalNames
from worker.yaml_file import read_model


class PortalNamesError(Exception):
    """`portal.yaml` is wrong. The message names file, line, fault and mend."""


def read_portal_names(path: Path) -> PortalNames:
    """The names in the portal. Raises `PortalNamesError`."""
    return read_model(path, PortalNames, PortalNamesError)
