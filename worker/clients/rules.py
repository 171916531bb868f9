"""What the policy says of client records: who is a client, what a complete record holds (5.9).

The customer extends it in the section `client_record` of the policy: further properties, more
for some clients, allowed values, and how old what is known may be.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Place = tuple[str | int, ...]


class RecordField(StrEnum):
    """What a client record holds by the guidelines (5.9)."""

    ADMIN_CONTACTS = "admin_contacts"
    ERP_SYSTEM = "erp_system"
    CUSTOMIZATION_SUMMARY = "customization_summary"


WORDS = {
    RecordField.ADMIN_CONTACTS: "administrative contact",
    RecordField.ERP_SYSTEM: "ERP system",
    RecordField.CUSTOMIZATION_SUMMARY: "customization summary",
}
# Properties of the company that are known beside the record's own fields.
KNOWN = frozenset({"name", "domain", "managed_services"})


def _one_text(value: object) -> object:
    """YAML reads `true` and `12` as no texts; HubSpot has them as texts."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value or "UTC")
    except (KeyError, ValueError, OSError):
        raise ValueError("is no time zone; take a name such as Europe/Paris, or none") from None
    return value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,99}$")]
Text = Annotated[str, BeforeValidator(_one_text), Field(min_length=1, max_length=200)]
Label = Annotated[str, Field(min_length=1, max_length=80)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Having(_Model):
    """Companies whose property holds one of these values, whatever the case."""

    property: Name
    is_: Annotated[tuple[Text, ...], Field(alias="is", min_length=1)]


class Condition(_Model):
    """What clients of one kind need beside the rest."""

    name: Label
    where: Having
    required: Annotated[tuple[Name, ...], Field(min_length=1)]


class Freshness(_Model):
    """How old a confirmation may be. `property`: the date of the last one, on the contact for
    `admin_contacts`, else on the company."""

    property: Name
    months: Annotated[int, Field(ge=1, le=120)]


class Tasks(_Model):
    """Tasks in HubSpot for the clients first on the list to mend. `level_1`: the address in
    HubSpot of whoever gets those of clients that nobody owns; empty: they are nobody's."""

    enabled: bool = False
    per_night: Annotated[int, Field(ge=1, le=100)] = 20
    level_1: Annotated[str, Field(max_length=254)] = ""


Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Night(_Model):
    """When the sweep begins and the report comes, by the clock of the time zone (empty: that of
    the HubSpot account)."""

    sweep_at: Hour = "02:00"
    report_at: Hour = "06:00"
    time_zone: Annotated[str, Field(max_length=64), AfterValidator(_known_zone)] = ""
    waiting_too_long_days: Annotated[int, Field(ge=1, le=365)] = 7


class ClientRecordRules(_Model):
    """When a client record is complete; a placeholder counts as missing, whatever its case."""

    required: tuple[Name, ...]
    placeholders: tuple[str, ...] = ()
    clients: Having | None = None
    properties: Mapping[Name, Label] = {}
    conditions: tuple[Condition, ...] = ()
    allowed: Mapping[Name, Annotated[tuple[Text, ...], Field(min_length=1)]] = {}
    fresh: Mapping[Name, Freshness] = {}
    tasks: Tasks = Tasks()
    night: Night = Night()

    def words(self, field: str) -> str:
        """What people call a field."""
        return WORDS[RecordField(field)] if field in _OURS else self.properties[field]

    @property
    def company_properties(self) -> tuple[str, ...]:
        """Further properties of the company that judging a record reads."""
        wanted = [*self.properties]
        wanted += [one.where.property for one in self.conditions]
        wanted += [one.property for name, one in self.fresh.items() if name != _ADMINS]
        wanted += [self.clients.property] if self.clients else []
        return tuple(dict.fromkeys(name for name in wanted if name not in _READ_ANYWAY))

    @property
    def contact_properties(self) -> tuple[str, ...]:
        """Further properties of the administrative contacts."""
        return tuple(one.property for name, one in self.fresh.items() if name == _ADMINS)


_ADMINS = RecordField.ADMIN_CONTACTS.value
_OURS = frozenset(field.value for field in RecordField)
_READ_ANYWAY = (_OURS - {_ADMINS}) | KNOWN


def contradictions(rules: ClientRecordRules) -> Iterator[tuple[Place, str, str]]:
    """Fields that nobody has told of: place in the section, what is wrong, the mend."""
    for place, field in _named(rules):
        if field not in _OURS and field not in rules.properties:
            yield (
                place,
                f"the field {field!r} is not known",
                _meant(field, [*(f.value for f in RecordField), *rules.properties]),
            )
    if _ADMINS in rules.allowed:
        yield ("allowed", _ADMINS), "a contact has no list of allowed values", "Take it out"


def _named(rules: ClientRecordRules) -> Iterator[tuple[Place, str]]:
    yield from _in(("required",), rules.required)
    for index, condition in enumerate(rules.conditions):
        yield from _in(("conditions", index, "required"), condition.required)
    yield from ((("allowed", field), field) for field in rules.allowed)
    yield from ((("fresh", field), field) for field in rules.fresh)


def _in(place: Place, fields: Sequence[str]) -> Iterator[tuple[Place, str]]:
    yield from (((*place, index), field) for index, field in enumerate(fields))


def _meant(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Give it a label under `properties`, if companies in the portal have {name}"
