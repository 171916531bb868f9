"""Properties and their groups: what a type of record may carry, and who may change it."""

from dataclasses import dataclass, field
from typing import Any

from simulator.state.clock import iso

# Which form fields HubSpot accepts for which type (its properties guide has the table).
FIELDS_OF_TYPE = {
    "string": ("text", "textarea", "html", "phonenumber", "file", "calculation_equation"),
    "phone_number": ("phonenumber",),
    "number": ("number", "calculation_equation"),
    "bool": ("booleancheckbox", "calculation_equation"),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
}


@dataclass
class Option:
    """One choice of an enumeration."""

    value: str
    label: str
    display_order: int = -1
    hidden: bool = False
    description: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "value": self.value,
            "description": self.description,
            "displayOrder": self.display_order,
            "hidden": self.hidden,
        }


@dataclass
class Property:
    """A property definition. `choices` names where values come from when not from options."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    created_ms: int
    updated_ms: int
    description: str = ""
    options: list[Option] = field(default_factory=list)
    display_order: int = -1
    hubspot_defined: bool = False
    read_only: bool = False
    calculated: bool = False
    unique: bool = False
    hidden: bool = False
    form_field: bool = False
    choices: str = ""
    archived_ms: int | None = None
    created_user_id: str | None = None
    data_sensitivity: str = "non_sensitive"

    def __post_init__(self) -> None:
        self.option_values = {option.value for option in self.options}

    def set_options(self, options: list[Option]) -> None:
        self.options = options
        self.option_values = {option.value for option in options}

    @property
    def several(self) -> bool:
        """Whether one record may carry several values, joined by semicolons."""
        return self.type == "enumeration" and self.field_type == "checkbox"

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "updatedAt": iso(self.updated_ms),
            "createdAt": iso(self.created_ms),
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.as_json() for option in self.options],
            "displayOrder": self.display_order,
            "calculated": self.calculated,
            "externalOptions": bool(self.choices),
            "archived": self.archived_ms is not None,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "hubspotDefined": self.hubspot_defined,
            "formField": self.form_field,
            "dataSensitivity": self.data_sensitivity,
            "modificationMetadata": {
                "archivable": not self.hubspot_defined,
                "readOnlyDefinition": self.hubspot_defined and not self.options,
                "readOnlyValue": self.read_only,
                "readOnlyOptions": self.hubspot_defined and self.read_only,
            },
        }
        if self.choices == "OWNER":
            shown["referencedObjectType"] = "OWNER"
        if self.archived_ms is not None:
            shown["archivedAt"] = iso(self.archived_ms)
        if self.created_user_id is not None:
            shown["createdUserId"] = self.created_user_id
        return shown


@dataclass
class Group:
    """A heading that properties stand under."""

    name: str
    label: str
    display_order: int = -1
    archived: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.label,
            "displayOrder": self.display_order,
            "archived": self.archived,
        }


class Schema:
    """The properties and groups of one type of record."""

    def __init__(self, groups: list[Group], properties: list[Property]) -> None:
        self.groups = {group.name: group for group in groups}
        self.properties = {prop.name: prop for prop in properties}

    def live(self, name: str) -> Property | None:
        """A property that may be read and written; None when unknown or archived.

        `hs_v2_date_entered_<stage>` and its kin exist for every stage and are made on first sight.
        """
        found = self.properties.get(name)
        if found is not None:
            return None if found.archived_ms is not None else found
        if name.startswith(("hs_v2_date_entered_", "hs_v2_date_exited_")):
            made = Property(
                name,
                name.replace("_", " "),
                "datetime",
                "date",
                "ticketinformation",
                0,
                0,
                hubspot_defined=True,
                read_only=True,
                calculated=True,
            )
            self.properties[name] = made
            return made
        return None

    def custom_count(self) -> int:
        """Properties that count against the account's limit."""
        return sum(
            not prop.hubspot_defined and prop.archived_ms is None
            for prop in self.properties.values()
        )
