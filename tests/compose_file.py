"""`docker-compose.yml` as Compose reads it: merged, its variables put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ROOT / "docker-compose.yml"
# ${NAME}, ${NAME:-default}, ${NAME:?message}: docs.docker.com/reference/compose-file/interpolation
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<word>[^}]*))?\}")


class VariableMissing(Exception):
    """Compose would refuse to start: a variable that must be set is not. Holds its message."""


def load(environment: Mapping[str, str]) -> dict[str, Any]:
    """The file with every variable taken from `environment`. Raises `VariableMissing`."""
    document: dict[str, Any] = YAML(typ="safe").load(COMPOSE.read_text())
    return {key: interpolate(value, environment) for key, value in document.items()}


def interpolate(value: Any, environment: Mapping[str, str]) -> Any:
    """A value with its variables replaced, at any depth. Raises `VariableMissing`."""
    if isinstance(value, dict):
        return {key: interpolate(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [interpolate(one, environment) for one in value]
    if not isinstance(value, str):
        return value

    def put_in(found: re.Match[str]) -> str:
        given = environment.get(found["name"], "")
        if not given and found["kind"] == "?":
            raise VariableMissing(f"{found['name']}: {found['word']}")
        return given or found["word"] or ""

    return _VARIABLE.sub(put_in, value)
