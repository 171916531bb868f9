"""What the worker needs in the portal, by our names: properties, options, stages, the label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

TICKET_GROUP = ("support_routing", "Support routing")
COMPANY_GROUP = ("client_record", "Client record")
CONTACT_GROUP = ("contactinformation", "Contact information")  # HubSpot's own
STATUSES = (
    ("decided", "Decided"),
    ("triage", "Triage by Level 1"),
    ("suggested", "Suggested"),
    ("locked", "Locked by a person"),
    ("failed", "Failed"),
)
RECORD_STATUSES = (("complete", "Complete"), ("incomplete", "Incomplete"))


class Labelled(Protocol):
    @property
    def label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class WantedProperty:
    """A property as HubSpot is asked to make it. `like`: words in the label of a property that
    may mean the same. `read_only`: the worker only reads it, so the portal's may be of any type.
    """

    name: str
    label: str
    type: str
    field_type: str
    description: str
    options: tuple[tuple[str, str], ...] = ()  # (value, label)
    like: tuple[str, ...] = ()
    read_only: bool = False

    def takes(self, type_: str) -> bool:
        """Whether a property of this type in the portal will do."""
        return self.read_only or type_ == self.type

    def body(self, name: str, group: str) -> dict[str, Any]:
        """The request that creates it under a name in a group."""
        body: dict[str, Any] = {
            "name": name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "groupName": group,
            "description": self.description,
        }
        if self.options:
            body["options"] = options_body(self.options)
        return body


def options_body(options: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Options as HubSpot takes them, in order."""
    return [option_body(value, label, order) for order, (value, label) in enumerate(options)]


def option_body(value: str, label: str, order: int) -> dict[str, Any]:
    """One option of an enumeration."""
    return {"value": value, "label": label, "displayOrder": order, "hidden": False}


def ticket_properties(
    queues: Mapping[str, Labelled], types: Mapping[str, Labelled], requests: Mapping[str, Labelled]
) -> list[WantedProperty]:
    """The ticket's properties; the policy says which queues, types and requests there are."""

    def text(name: str, label: str, description: str) -> WantedProperty:
        return WantedProperty(name, label, "string", "text", description)

    def area(name: str, label: str, description: str) -> WantedProperty:
        return WantedProperty(name, label, "string", "textarea", description)

    def moment(name: str, label: str, description: str) -> WantedProperty:
        return WantedProperty(name, label, "datetime", "date", description)

    def choice(
        name: str, label: str, options: Iterable[tuple[str, str]], description: str
    ) -> WantedProperty:
        return WantedProperty(name, label, "enumeration", "select", description, tuple(options))

    return [
        choice("routing_queue", "Routing: owning queue", _options(queues), "Team that owns it"),
        choice("routing_ticket_type", "Routing: ticket type", _options(types), "Kind of request"),
        choice("routing_status", "Routing: status", STATUSES, "How the routing ended"),
        WantedProperty(
            "routing_confidence",
            "Routing: confidence",
            "number",
            "number",
            "How sure the routing is, 0 to 1",
        ),
        area("routing_reason", "Routing: reason", "Why the ticket belongs to its queue"),
        text("routing_guideline", "Routing: guideline", "Section of the escalation guidelines"),
        moment("routing_decided_at", "Routing: decided at", "When the routing was decided"),
        text("routing_policy_version", "Routing: policy version", "Policy it was decided under"),
        area("routing_topics", "Routing: topics", "Several requests in one ticket, a line each"),
        choice(
            "escalation_request",
            "Escalation: request",
            _options(requests),
            "Set it to hand the ticket to the next team",
        ),
        area(
            "escalation_note",
            "Escalation: note",
            "What became of the last request, or a reply to send",
        ),
        area("escalation_missing_info", "Escalation: missing info", "What the hand-off lacks"),
        moment("escalation_handled_at", "Escalation: handled at", "When it was handled"),
        text("escalation_notice", "Escalation: notice", "Whether the channel was told"),
        text("client_erp", "Client: ERP system", "ERP system of the client"),
        area("client_admin_contacts", "Client: administrative contacts", "Who may decide there"),
        area("client_customizations", "Client: customizations", "What is special at this client"),
        text("client_record_missing", "Client: record lacks", "Gaps of the client record (5.9)"),
    ]


def company_properties() -> list[WantedProperty]:
    """The client record on the company."""
    return [
        WantedProperty(
            "erp_system",
            "ERP system",
            "string",
            "text",
            "ERP that the client's invoices are exported to",
            like=("erp", "accounting system", "ledger"),
            read_only=True,
        ),
        WantedProperty(
            "customization_summary",
            "Customization summary",
            "string",
            "textarea",
            "What is special in this client's configuration",
            like=("customization", "customisation", "custom setup"),
            read_only=True,
        ),
        WantedProperty(
            "managed_services",
            "Managed services",
            "bool",
            "booleancheckbox",
            "Our staff process this client's invoices",
            (("true", "Yes"), ("false", "No")),
            like=("managed service",),
            read_only=True,
        ),
        WantedProperty(
            "client_record_status",
            "Client record: status",
            "enumeration",
            "select",
            "Whether administrative contact, ERP system and customization summary are known",
            RECORD_STATUSES,
        ),
        WantedProperty(
            "client_record_missing", "Client record: lacks", "string", "text", "What is missing"
        ),
        WantedProperty(
            "client_record_status_since",
            "Client record: status since",
            "datetime",
            "date",
            "When the status last changed",
        ),
        WantedProperty(
            "client_record_task",
            "Client record: task",
            "string",
            "text",
            "Id of the open task to complete the record",
        ),
    ]


def contact_role(name: str, value: str) -> WantedProperty:
    """What tells an administrative contact where the account's tier has no association labels."""
    return WantedProperty(
        name,
        "Client contact role",
        "enumeration",
        "select",
        "What the person is to us",
        ((value, value.capitalize()),),
        read_only=True,
    )


def contact_gone(name: str) -> WantedProperty:
    """Where somebody ticks that a contact has left the client."""
    return WantedProperty(
        name,
        "No longer at the client",
        "bool",
        "booleancheckbox",
        "Ticked, the person no longer counts as an administrative contact",
        (("true", "Yes"), ("false", "No")),
        read_only=True,
    )


def _options(things: Mapping[str, Labelled]) -> list[tuple[str, str]]:
    return [(code, thing.label) for code, thing in things.items()]
