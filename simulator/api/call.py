"""One call as an endpoint sees it, and the answer it gives."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from simulator.rules.refusals import Json, Refusal, bad_input
from simulator.state import actors
from simulator.state.actors import Actor
from simulator.state.clock import iso
from simulator.state.object_types import ObjectType, find
from simulator.state.portal import Portal

OLD = "2026-03"
NEW = "2026-09"
VERSIONS = (OLD, NEW)


class Answer(NamedTuple):
    """What goes back. A body of None is an empty one."""

    status: int
    body: Json | None = None
    headers: dict[str, str] | None = None


@dataclass
class Call:
    """A call that has passed the gate."""

    portal: Portal
    method: str
    version: str
    path: dict[str, str]
    query: dict[str, list[str]]
    raw: bytes = b""
    row_fault_share: float = 0.0
    base_url: str = ""
    template: str = ""
    _body: Any = field(default=None, repr=False)

    @property
    def actor(self) -> Actor:
        """Every bearer is our one app: HubSpot shows such writes as INTEGRATION with the app id."""
        return actors.app(self.portal.settings.app_id)

    @property
    def new(self) -> bool:
        return self.version >= NEW

    def assume(self, name: str) -> bool:
        return self.portal.settings.assume(name)

    def kind(self, part: str = "object_type") -> ObjectType:
        """The object type of the path. Raises Refusal as HubSpot does for a name it can't place."""
        name = self.path[part]
        kind = find(name)
        if kind is None:
            raise Refusal(400, f"Unable to infer object type from: {name}")
        return kind

    def json(self) -> Any:
        """The parsed body. Raises Refusal for one that is no JSON."""
        if self._body is None:
            try:
                self._body = orjson.loads(self.raw)
            except orjson.JSONDecodeError as error:
                raise Refusal(400, f"Invalid input JSON: {error}", None) from error
        return self._body

    def json_object(self, *required: str) -> Json:
        """The body as an object with these fields. Raises Refusal naming what is missing."""
        body = self.json()
        if not isinstance(body, dict):
            raise bad_input("expected an object")
        missing = [name for name in required if body.get(name) is None]
        if missing:
            raise bad_input(f"Some required fields were not set: [{', '.join(missing)}]")
        return body

    def inputs(self, limit: int) -> list[Json]:
        """The rows of a batch. Raises Refusal above the endpoint's limit."""
        rows = self.json_object("inputs")["inputs"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise bad_input("inputs must be a list of objects")
        if len(rows) > limit:
            raise Refusal(
                400, f"The maximum number of inputs supported in a batch request is {limit}"
            )
        return rows

    def one(self, name: str) -> str | None:
        values = self.query.get(name)
        return values[-1] if values else None

    def flag(self, name: str) -> bool:
        return (self.one(name) or "").lower() == "true"

    def many(self, name: str) -> list[str]:
        """A list parameter: comma-separated, repeated, or both."""
        return [
            part for text in self.query.get(name, []) for part in text.split(",") if part.strip()
        ]

    def number(self, name: str, default: int, highest: int) -> int:
        """A count parameter. Raises Refusal outside 1 to `highest`."""
        text = self.one(name)
        if text is None or text == "":
            return default
        if not text.isdigit() or not 1 <= int(text) <= highest:
            raise Refusal(400, f"{name} must be a number from 1 to {highest}, not {text}")
        return int(text)

    def fails_row(self) -> bool:
        """Whether a fault rule wants this row of a batch to fail."""
        share = self.row_fault_share
        return share > 0 and self.portal.random.random() < share


Endpoint = Callable[[Call], Answer]


def batch_answer(
    call: Call, results: list[Json], failures: list[Json], success: int, shuffle: bool = True
) -> Answer:
    """A batch's answer: its rows, and its failures where there are any.

    2026-03 answers 207 when rows failed; the specification of 2026-09 knows 200 and 201 only.
    """
    now = iso(call.portal.clock.now_ms())
    if shuffle and not call.assume("results_in_input_order"):
        order: random.Random = call.portal.random
        order.shuffle(results)
    body: Json = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": now,
        "completedAt": now,
    }
    if not failures:
        return Answer(success, body)
    body["numErrors"] = len(failures)
    body["errors"] = failures
    if call.new and not call.assume("partial_failure_is_207_in_2026_09"):
        return Answer(success, body)
    return Answer(207, body)
