"""Tickets as JSON lines in, decisions as JSON lines out, in the same order; no network.

In: `{"id", "subject", "body", "channel"?, "company"?, "managed_services"?}`; labelled lines also
have `ticket_type`. A line that can't be read becomes `{"line", "error"}` and stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO

import orjson

from worker.routing.decide import Case, decide_batch
from worker.routing.decision import Decision
from worker.routing.policy import Policy
from worker.routing.ticket import Channel, Ticket

MAX_LINE = 4 * 1024 * 1024
"""Bytes of one line; a longer one is an error and is skipped without being held in memory."""
BATCH = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A ticket line. `ticket_type` is its label, empty where it has none."""

    number: int
    ticket: Ticket
    ticket_type: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that can't be read, and why. Numbers start at 1."""

    number: int
    error: str


def read_lines(source: BinaryIO | TextIO) -> Iterator[Line | BadLine]:
    """The lines of a file, read one by one; empty lines are left out."""
    for number, data in _raw_lines(source):
        if data is None:
            yield BadLine(number, f"longer than {MAX_LINE} bytes")
        elif data.strip():
            yield parse_line(number, data)


def parse_line(number: int, data: bytes) -> Line | BadLine:
    """One line of JSON as a ticket."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return BadLine(number, f"not JSON: {error}")
    if not isinstance(value, dict):
        return BadLine(number, "not a JSON object")
    try:
        return Line(number, _ticket(value), _text(value, "ticket_type"))
    except ValueError as error:
        return BadLine(number, str(error))


def decide_lines(source: BinaryIO | TextIO, output: TextIO, policy: Policy) -> int:
    """Decide every line of UTF-8 JSON. Returns 0, or 1 when a line could not be read; the others
    are decided all the same."""
    status = 0
    waiting: list[Line | BadLine] = []
    for item in read_lines(source):
        if isinstance(item, BadLine):
            status = 1
        waiting.append(item)
        if len(waiting) >= BATCH:
            _write(waiting, output, policy)
            waiting = []
    _write(waiting, output, policy)
    return status


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision as the object that is written on its line."""
    return {
        "id": decision.id,
        "ticket_type": decision.ticket_type,
        "queue": decision.queue,
        "confidence": decision.confidence,
        "decided": decision.decided,
        "routed_to": decision.routed_to,
        "guideline": decision.guideline,
        "reason": decision.reason,
        "evidence": [{"text": e.text, "supports": e.supports} for e in decision.evidence],
        "alternatives": [
            {"ticket_type": c.ticket_type, "queue": c.queue, "confidence": c.confidence}
            for c in decision.alternatives
        ],
        "topics": [
            {"ticket_type": t.ticket_type, "queue": t.queue, "excerpt": t.excerpt}
            for t in decision.topics
        ],
    }


def _write(items: list[Line | BadLine], output: TextIO, policy: Policy) -> None:
    cases = [Case(item.ticket) for item in items if isinstance(item, Line)]
    decisions = iter(decide_batch(cases, policy))
    for item in items:
        if isinstance(item, Line):
            value = decision_json(next(decisions))
        else:
            value = {"line": item.number, "error": item.error}
        output.write(orjson.dumps(value).decode() + "\n")


def _raw_lines(source: BinaryIO | TextIO) -> Iterator[tuple[int, bytes | None]]:
    number = 0
    while chunk := _read(source, MAX_LINE + 1):
        number += 1
        if len(chunk) <= MAX_LINE:
            yield number, chunk
            continue
        while chunk and not chunk.endswith(b"\n"):
            chunk = _read(source, MAX_LINE)
        yield number, None


def _read(source: BinaryIO | TextIO, limit: int) -> bytes:
    chunk = source.readline(limit)
    return chunk if isinstance(chunk, bytes) else chunk.encode("utf-8", "surrogatepass")


def _ticket(value: dict[str, Any]) -> Ticket:
    if "id" not in value:
        raise ValueError("id is missing")
    raw_id = value["id"]
    if isinstance(raw_id, bool) or not isinstance(raw_id, str | int) or raw_id == "":
        raise ValueError("id must be a text or a whole number")
    channel = _text(value, "channel")
    if channel and channel not in list(Channel):
        raise ValueError(f"channel must be one of {', '.join(Channel)}")
    managed = value.get("managed_services")
    if managed is not None and not isinstance(managed, bool):
        raise ValueError("managed_services must be true, false or null")
    return Ticket(
        id=str(raw_id),
        subject=_text(value, "subject"),
        body=_text(value, "body"),
        channel=Channel(channel) if channel else None,
        company=_text(value, "company") or None,
        managed_services=managed,
    )


def _text(value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise ValueError(f"{name} must be a text")
    return text
