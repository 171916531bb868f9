"""What the worker would have done, in the mode `observe`, which writes nothing to HubSpot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import redis

from worker.escalation.requests import HandOff
from worker.routing.decision import Decision

KEY = "ticket-worker:observed:"
KEPT_DAYS = 7
KEPT_S = KEPT_DAYS * 86_400


class Observations:
    """Remembers for seven days which state of a ticket was looked at, and appends what would
    have been decided or handed off to `var/observe/DATE.jsonl`.
    """

    def __init__(self, client: redis.Redis, folder: Path) -> None:
        self._redis = client
        self._folder = folder

    def seen(self, versions: Mapping[str, str]) -> set[str]:
        """The ids whose version (last-modified and policy) was observed before."""
        if not versions:
            return set()
        values = self._redis.mget([KEY + id_ for id_ in versions])
        return {
            id_
            for (id_, version), value in zip(versions.items(), values, strict=True)
            if value is not None
            and (value.decode() if isinstance(value, bytes) else value) == version
        }

    def last(self, id_: str) -> dict[str, Any] | None:
        """What was written down of a ticket last, within the days that are kept in mind."""
        mark = orjson.dumps(id_)
        for file in sorted(self._folder.glob("*.jsonl"), reverse=True)[:KEPT_DAYS]:
            for line in reversed(file.read_bytes().splitlines()):
                if mark in line and (said := orjson.loads(line)).get("id") == id_:
                    return dict(said)
        return None

    def note(self, observed: Mapping[str, tuple[str, Decision | HandOff]]) -> None:
        """Write down what would have been done, by ticket id with the version of its state, then
        remember that it was.
        """
        if not observed:
            return
        now = datetime.now(UTC)
        self._folder.mkdir(parents=True, exist_ok=True)
        lines = b"".join(
            orjson.dumps({"at": now, "id": id_, **asdict(what)}) + b"\n"
            for id_, (_, what) in observed.items()
        )
        with (self._folder / f"{now:%Y-%m-%d}.jsonl").open("ab") as file:
            file.write(lines)
        pipe = self._redis.pipeline(transaction=False)
        for id_, (version, _) in observed.items():
            pipe.set(KEY + id_, version, ex=KEPT_S)
        pipe.execute()
