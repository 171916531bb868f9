"""Parts of a body that must be lists, objects or numbers: HubSpot's parser refuses others."""

from typing import Any

from simulator.rules.refusals import Json, bad_input


def as_list(value: Any, field: str) -> list[Any]:
    """A list; nothing given is an empty one. Raises Refusal for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad_input(f"{field} must be a list")
    return value


def as_objects(value: Any, field: str) -> list[Json]:
    """A list of objects. Raises Refusal for anything else."""
    rows = as_list(value, field)
    if not all(isinstance(row, dict) for row in rows):
        raise bad_input(f"{field} must be a list of objects")
    return rows


def as_object(value: Any, field: str) -> Json:
    """An object; nothing given is an empty one. Raises Refusal for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_input(f"{field} must be an object")
    return value


def as_int(value: Any, field: str, default: int = 0) -> int:
    """A whole number, also as a text; nothing given is the default. Raises Refusal otherwise."""
    if value is None:
        return default
    text = str(value)
    if isinstance(value, bool) or not text.lstrip("-").isdigit():
        raise bad_input(f"{field} must be a whole number, not {text[:40]}")
    return int(text)
