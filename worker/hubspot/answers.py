"""What an answer of HubSpot's says in its body and headers, whatever its shape (pure)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import orjson

Json = Any  # what orjson gives; parsed by worker.hubspot.models and nowhere else


def parse(body: bytes) -> Json:
    """Parsed JSON. A text cut in the middle of an emoji holds half a character, which orjson
    refuses; one such ticket must not make its whole batch unreadable, so it reads as "?". Raises
    `ValueError`.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            said = json.loads(body.decode("utf-8", "replace"))
            return orjson.loads(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"))
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def error_body(body: bytes) -> dict[str, Any]:
    try:
        said = parse(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def missing_scopes(said: dict[str, Any]) -> list[str]:
    """HubSpot names them in errors[].context.requiredGranularScopes (or requiredScopes)."""
    scopes: set[str] = set()
    errors = said.get("errors")
    for error in errors if isinstance(errors, list) else ():
        context = error.get("context") if isinstance(error, dict) else None
        for key in ("requiredGranularScopes", "requiredScopes"):
            named = context.get(key) if isinstance(context, dict) else None
            scopes |= {str(scope) for scope in named} if isinstance(named, list) else set()
    return sorted(scopes)


def seconds_of(value: str | None, otherwise: float) -> float:
    """Retry-After in seconds, at most a day; HubSpot does not promise the header."""
    try:
        seconds = float(value or "")
    except ValueError:
        return otherwise
    return otherwise if math.isnan(seconds) else min(max(seconds, 0.1), 86_400.0)


def interval_s(headers: Mapping[str, str]) -> float:
    """How long the ten-second window is, as the headers say; the bucket is free after that."""
    value = headers.get("X-HubSpot-RateLimit-Interval-Milliseconds", "")
    return int(value) / 1000 if value.isdecimal() and int(value) <= 60_000 else 10.0
