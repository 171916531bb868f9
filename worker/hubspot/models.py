"""What comes from HubSpot, parsed straight from JSON into small frozen types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from worker.hubspot.errors import HubSpotError, Transient

T = TypeVar("T")
MACHINE_SOURCES = frozenset(
    {
        "INTEGRATION",
        "API",
        "AUTOMATION_PLATFORM",
        "WORKFLOWS",
        "INTERNAL_PROCESSING",
        "CALCULATED",
        "MERGE_OBJECTS",  # whoever merges two tickets has moved neither
    }
)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One value a property had. `person` is the user id where a person set it, else empty."""

    value: str
    at: datetime
    source_type: str
    source_id: str
    person: str


@dataclass(frozen=True, slots=True)
class Record:
    """A ticket, company or contact. Absent and null properties read as the empty string."""

    id: str
    properties: dict[str, str]
    history: dict[str, tuple[HistoryEntry, ...]] = field(default_factory=dict)
    archived: bool = False

    def get(self, name: str) -> str:
        return self.properties.get(name, "")


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of each id asked for: it is in exactly one of the four."""

    found: dict[str, Record]
    merged: dict[str, str]  # asked id → the id it lives on under
    errors: dict[str, str]  # asked id → HubSpot's sentence, or why it was not asked
    absent: frozenset[str]  # deleted or archived


@dataclass(frozen=True, slots=True)
class Update:
    """New property values of one record; the empty string clears."""

    id: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class Writing:
    """What became of each row: written, refused (nothing changed), or to be read again before
    anything else (of unknown outcome, held back by a limit, or the record is gone).
    """

    written: frozenset[str]
    refused: dict[str, str]  # id → HubSpot's sentence
    unknown: dict[str, HubSpotError]


@dataclass(frozen=True, slots=True)
class Association:
    """A record associated with another. `labels` are the labels between them, as shown."""

    to_id: str
    type_ids: frozenset[int]
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Links:
    """Associations by the id they start from, in HubSpot's order; ids without any are absent."""

    found: dict[str, list[Association]]
    errors: dict[str, str]  # id whose associations HubSpot could not read → its sentence


@dataclass(frozen=True, slots=True)
class Stage:
    id: str
    label: str
    order: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Pipeline:
    id: str
    label: str
    order: int
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who may own records. `id` is the owner's, never the user's, which is `user_id`;
    HubSpot archives an owner when the user leaves.
    """

    id: str
    email: str
    name: str
    active: bool
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A property's definition. `options` are the values an enumeration takes; `options_sent` the
    same as HubSpot sent them, with whatever else an administrator has set there.
    """

    name: str
    label: str
    type: str
    field_type: str
    options: tuple[tuple[str, str], ...]  # (value, label)
    created_at: datetime | None
    archived: bool
    options_sent: tuple[dict[str, Any], ...] = ()


def parsed(what: str, parse: Callable[[Any], T], answer: Any) -> T:
    """Parse an answer; a shape we don't know is `Transient` (a proxy's page, half an answer)."""
    try:
        return parse(answer)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise Transient(
            f"HubSpot's answer to {what} has an unknown shape ({type(error).__name__}: {error})"
        ) from None


def record(raw: dict[str, Any]) -> Record:
    return Record(
        id=str(raw["id"]),
        properties={name: _text(value) for name, value in (raw.get("properties") or {}).items()},
        history={
            name: tuple(
                sorted(
                    (history_entry(entry) for entry in entries), key=lambda e: e.at, reverse=True
                )
            )
            for name, entries in (raw.get("propertiesWithHistory") or {}).items()
        },
        archived=bool(raw.get("archived")),
    )


def history_entry(raw: dict[str, Any]) -> HistoryEntry:
    """HubSpot: a person's change has `updatedByUserId` or a source id `userId:N`. A change made
    through an app or a workflow is that machine's, whoever set it going.
    """
    source_id = _text(raw.get("sourceId"))
    source_type = _text(raw.get("sourceType"))
    person = _text(raw.get("updatedByUserId"))
    if not person and source_id.startswith("userId:"):
        person = source_id.removeprefix("userId:")
    if source_type in MACHINE_SOURCES:
        person = ""
    return HistoryEntry(
        value=_text(raw.get("value")),
        at=moment(raw["timestamp"]),
        source_type=source_type,
        source_id=source_id,
        person=person,
    )


def moment(value: str | int) -> datetime:
    """A time as HubSpot writes it: ISO 8601 or epoch milliseconds."""
    text = str(value)
    if text.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def associations(raw: dict[str, Any]) -> dict[str, list[Association]]:
    """An associations batch read, by the `from` id. Ids without associations are absent."""
    found: dict[str, list[Association]] = {}
    for result in raw["results"]:
        found.setdefault(str(result["from"]["id"]), []).extend(
            Association(
                to_id=str(to["toObjectId"]),
                type_ids=frozenset(int(kind["typeId"]) for kind in to["associationTypes"]),
                labels=frozenset(
                    kind["label"] for kind in to["associationTypes"] if kind.get("label")
                ),
            )
            for to in result["to"]
        )
    return found


def pipelines(raw: dict[str, Any]) -> list[Pipeline]:
    return [
        Pipeline(
            id=str(entry["id"]),
            label=str(entry["label"]),
            order=int(entry.get("displayOrder", 0)),
            stages=tuple(
                sorted(
                    (stage(s) for s in entry["stages"] if not s.get("archived")),
                    key=lambda s: s.order,
                )
            ),
        )
        for entry in raw["results"]
        if not entry.get("archived")
    ]


def stage(raw: dict[str, Any]) -> Stage:
    metadata = raw.get("metadata") or {}
    closed = (
        metadata.get("ticketState") == "CLOSED" or str(metadata.get("isClosed")).lower() == "true"
    )
    return Stage(str(raw["id"]), str(raw["label"]), int(raw.get("displayOrder", 0)), closed)


def owner(raw: dict[str, Any]) -> Owner:
    name = f"{_text(raw.get('firstName'))} {_text(raw.get('lastName'))}".strip()
    active, user_id = not raw.get("archived"), _text(raw.get("userId"))
    return Owner(str(raw["id"]), _text(raw.get("email")), name, active, user_id)


def property_definition(raw: dict[str, Any]) -> Property:
    return Property(
        name=str(raw["name"]),
        label=str(raw.get("label", "")),
        type=str(raw["type"]),
        field_type=str(raw.get("fieldType", "")),
        options=tuple((str(o["value"]), str(o["label"])) for o in raw.get("options") or ()),
        created_at=moment(raw["createdAt"]) if raw.get("createdAt") else None,
        archived=bool(raw.get("archived")),
        options_sent=tuple(dict(option) for option in raw.get("options") or ()),
    )


def error_sentence(error: dict[str, Any]) -> str:
    """What HubSpot says is wrong, with the particulars and the properties it names beneath."""
    said = [str(error.get("message") or error.get("category") or "refused")]
    details = error.get("errors")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            said.append(str(detail.get("message") or detail.get("code") or ""))
            context = detail.get("context")
            names = context.get("propertyName") if isinstance(context, dict) else None
            told = " ".join(said)
            said += [str(name) for name in as_list(names) if str(name) not in told]
    return " ".join(one.strip() for one in said if one.strip())[:1000]


def as_list(value: object) -> list[Any]:
    """HubSpot writes one thing now as a list, now alone; nothing is an empty list."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def chunks(items: Iterable[T], size: int) -> Iterable[list[T]]:
    """Lists of at most `size` items, in order."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _text(value: object) -> str:
    return "" if value is None else str(value)
