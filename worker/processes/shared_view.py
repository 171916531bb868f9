"""What one process has asked of HubSpot, kept in Redis so that the next one need not ask again.

A process that starts while HubSpot limps, or while the limit is used up, can work at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson
import redis
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
KEY = "ticket-worker:view:"
KEPT_S = 86_400


@dataclass(frozen=True, slots=True)
class View(Generic[T]):
    """A value and how many seconds ago HubSpot told it."""

    value: T
    age_s: float


class SharedView(Generic[T]):
    """One value of one kind (a dataclass). Thread-safe."""

    def __init__(self, client: redis.Redis, name: str, kind: type[T]) -> None:
        """`name` tells apart what was asked under different settings."""
        self._redis = client
        self._key = KEY + name
        self._kind = TypeAdapter(kind)

    def load(self) -> View[T] | None:
        """What was kept last; None when there is nothing, or another version kept it."""
        raw = self._redis.get(self._key)
        if raw is None:
            return None
        try:
            kept = orjson.loads(raw)
            value = self._kind.validate_python(kept["value"])
            return View(value, max(0.0, time.time() - float(kept["at"])))
        except (ValidationError, ValueError, KeyError, TypeError):
            return None

    def store(self, value: T) -> None:
        """HubSpot has just told it."""
        kept = {"at": time.time(), "value": self._kind.dump_python(value, mode="json")}
        self._redis.set(self._key, orjson.dumps(kept), ex=KEPT_S)

    def forget(self) -> None:
        """It does not hold any more."""
        self._redis.delete(self._key)
