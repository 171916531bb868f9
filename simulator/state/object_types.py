"""The kinds of records the simulator knows, by HubSpot's type ids and names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of record.

    `shown` are the properties an answer carries when none are asked for, `always` those it
    carries whatever is asked for, `searched` those that the free-text `query` looks into
    (HubSpot's search guide lists all three).
    """

    id: str
    name: str
    singular: str
    plural_label: str
    first_id: int
    modified: str
    shown: tuple[str, ...]
    searched: tuple[str, ...]
    scope: str

    @property
    def created(self) -> str:
        return "hs_createdate" if self.id in ("0-46", "0-27", "0-49") else "createdate"

    @property
    def always(self) -> tuple[str, ...]:
        return (self.created, self.modified, "hs_object_id")

    @property
    def upper(self) -> str:
        return self.singular.upper()


CONTACT = ObjectType(
    "0-1",
    "contacts",
    "contact",
    "Contacts",
    40_100_000_001,
    "lastmodifieddate",
    ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    ("firstname", "lastname", "email", "phone", "mobilephone", "company"),
    "crm.objects.contacts",
)
COMPANY = ObjectType(
    "0-2",
    "companies",
    "company",
    "Companies",
    9_100_000_001,
    "hs_lastmodifieddate",
    ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    ("website", "phone", "name", "domain"),
    "crm.objects.companies",
)
TICKET = ObjectType(
    "0-5",
    "tickets",
    "ticket",
    "Tickets",
    21_500_000_001,
    "hs_lastmodifieddate",
    (
        "content",
        "createdate",
        "hs_lastmodifieddate",
        "hs_object_id",
        "hs_pipeline",
        "hs_pipeline_stage",
        "hs_ticket_category",
        "hs_ticket_priority",
        "subject",
    ),
    ("subject", "content", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_id"),
    "tickets",
)
NOTE = ObjectType(
    "0-46",
    "notes",
    "note",
    "Notes",
    60_100_000_001,
    "hs_lastmodifieddate",
    ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    ("hs_note_body",),
    "crm.objects.contacts",
)
TASK = ObjectType(
    "0-27",
    "tasks",
    "task",
    "Tasks",
    62_100_000_001,
    "hs_lastmodifieddate",
    ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    ("hs_task_body", "hs_task_subject"),
    "crm.objects.contacts",
)
EMAIL = ObjectType(
    "0-49",
    "emails",
    "email",
    "Emails",
    64_100_000_001,
    "hs_lastmodifieddate",
    ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    ("hs_email_subject",),
    "crm.objects.contacts",
)

ALL = (CONTACT, COMPANY, TICKET, NOTE, TASK, EMAIL)
_BY_NAME = {name: kind for kind in ALL for name in (kind.id, kind.name, kind.singular)}


def find(name: str) -> ObjectType | None:
    """The type by id (`0-5`), plural or singular name, in any case; None when unknown."""
    return _BY_NAME.get(name.lower())
