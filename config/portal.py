"""`portal.yaml`, typed: what things are called in the customer's portal."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

QUEUES = frozenset(
    {"admin", "level_1", "level_2", "ocr", "product", "development", "it", "not_supported"}
)


def _lower(value: object) -> object:
    return value.strip().lower().lstrip("@") if isinstance(value, str) else value


def _lower_text(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


Domain = Annotated[
    str, BeforeValidator(_lower), Field(max_length=253, pattern=r"^[^@\s]+\.[^@\s.]+$")
]
# An address, or @domain for all of a domain.
Sender = Annotated[
    str, BeforeValidator(_lower_text), Field(max_length=320, pattern=r"^[^@\s]*@[^@\s]+\.[^@\s.]+$")
]
Label = Annotated[str, Field(max_length=100)]
StageLabel = Annotated[str, Field(max_length=100, pattern=r"\S")]
PropertyName = Annotated[str, Field(max_length=100, pattern=r"^[a-z][a-z0-9_]*$")]


class Stages(BaseModel):
    """Stage labels by kind. An empty intake label is the pipeline's first stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intake: Annotated[list[Label], Field(min_length=1)]
    queue: dict[str, StageLabel]
    waiting: list[StageLabel] = []
    closed: list[StageLabel] = []

    @field_validator("queue")
    @classmethod
    def _every_queue(cls, value: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(value.keys() - QUEUES):
            raise ValueError(
                f"unknown queues {', '.join(unknown)}; known are {', '.join(sorted(QUEUES))}"
            )
        if absent := sorted(QUEUES - value.keys()):
            raise ValueError(f"no stage is named for {', '.join(absent)}")
        return value

    @model_validator(mode="after")
    def _one_kind_each(self) -> Stages:
        seen: set[str] = set()
        for label in [*self.intake, *self.queue.values(), *self.waiting, *self.closed]:
            plain = " ".join(label.split()).casefold()
            if plain in seen:
                raise ValueError(
                    f"the stage {label!r} is named twice; a stage is of one kind and of one queue"
                )
            seen.add(plain)
        return self


class PortalNames(BaseModel):
    """All of `portal.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: Label = ""
    stages: Stages
    admin_contact_label: Label = "Administrative contact"
    admin_contact_property: PropertyName = "client_contact_role"
    admin_contact_value: Annotated[str, Field(pattern=r"\S")] = "administrative"
    admin_contact_gone_property: PropertyName = "client_contact_gone"
    admin_contact_gone_values: frozenset[str] = frozenset({"true", "yes"})
    own_domains: frozenset[Domain] = frozenset()
    alert_senders: frozenset[Sender] = frozenset()
    free_mail_domains: frozenset[Domain] = frozenset()
    ticket_properties: dict[str, PropertyName] = {}
    company_properties: dict[str, PropertyName] = {}

    @field_validator("ticket_properties", "company_properties")
    @classmethod
    def _one_name_each(cls, value: dict[str, str]) -> dict[str, str]:
        theirs = list(value.values())
        for name in theirs:
            if theirs.count(name) > 1:
                raise ValueError(f"{name} stands for two of our properties; name one for each")
        return value

    @field_validator("admin_contact_gone_values", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        if isinstance(value, list):
            return frozenset(str(v).strip().lower() for v in value if isinstance(v, str | bool))
        return value
