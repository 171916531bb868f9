"""`portal.yaml`, typed: what things are called in the customer's portal."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

QUEUES = frozenset(
    {"admin", "level_1", "level_2", "ocr", "product", "development", "it", "not_supported"}
)


def _lower(value: object) -> object:
    return value.strip().lower().lstrip("@") if isinstance(value, str) else value


Domain = Annotated[str, BeforeValidator(_lower), Field(min_length=3, max_length=253)]
Label = Annotated[str, Field(max_length=100)]


class Stages(BaseModel):
    """Stage labels by kind. An empty intake label is the pipeline's first stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intake: list[Label]
    queue: dict[str, Label]
    waiting: list[Label] = []
    closed: list[Label] = []

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


class PortalNames(BaseModel):
    """All of `portal.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: Label = ""
    stages: Stages
    admin_contact_label: Label = "Administrative contact"
    admin_contact_property: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = (
        "client_contact_role"
    )
    admin_contact_value: str = "administrative"
    admin_contact_gone_property: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = (
        "client_contact_gone"
    )
    admin_contact_gone_values: frozenset[str] = frozenset({"true", "yes"})
    own_domains: frozenset[Domain] = frozenset()
    alert_senders: frozenset[str] = frozenset()
    free_mail_domains: frozenset[Domain] = frozenset()
    ticket_properties: dict[str, str] = {}
    company_properties: dict[str, str] = {}

    @field_validator("alert_senders", "admin_contact_gone_values", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        if isinstance(value, list):
            return frozenset(str(v).strip().lower() for v in value if isinstance(v, str | bool))
        return value
