"""Who wrote a value, in the words that property history and webhooks use.

Codes as seen in HubSpot's answers: CRM_UI with `userId:N`, INTEGRATION with the app id, IMPORT,
AUTOMATION_PLATFORM for workflows. INTERNAL_PROCESSING for HubSpot's own moves is an assumption.
"""

from dataclasses import dataclass

KINDS = ("user", "workflow", "app", "hubspot", "import", "channel")


@dataclass(frozen=True, slots=True)
class Actor:
    """A writer. `user_id` is set for people only; `source_id` is what HubSpot would show."""

    kind: str
    id: str
    source_type: str
    source_id: str
    user_id: int | None = None

    def as_json(self) -> dict[str, str]:
        return {"kind": self.kind, "id": self.id}


def app(app_id: int | str) -> Actor:
    """An integration, ours or another."""
    return Actor("app", str(app_id), "INTEGRATION", str(app_id))


def user(user_id: int | str) -> Actor:
    """A person in HubSpot's screens."""
    return Actor("user", str(user_id), "CRM_UI", f"userId:{user_id}", int(user_id))


def channel(source: str) -> Actor:
    """A channel by which a ticket came in: EMAIL, FORM or CHAT."""
    kind = "FORM" if source == "FORM" else "CONVERSATIONS"
    return Actor("channel", source, kind, source)


HUBSPOT = Actor("hubspot", "hubspot", "INTERNAL_PROCESSING", "hubspot")
CALCULATED = Actor("hubspot", "calculated", "CALCULATED", "")


def named(kind: str, identifier: str) -> Actor:
    """The actor of a control call. Raises ValueError for an unknown kind, or a user's odd id."""
    if kind == "user":
        if not identifier.isdigit():
            raise ValueError(f"a user's id is a number, not {identifier!r}")
        return user(identifier)
    if kind == "app":
        return app(identifier)
    if kind == "workflow":
        return Actor(kind, identifier, "AUTOMATION_PLATFORM", f"enrollmentId:{identifier}")
    if kind == "import":
        return Actor(kind, identifier, "IMPORT", identifier)
    if kind == "channel":
        return channel(identifier)
    if kind == "hubspot":
        return Actor(kind, identifier, "INTERNAL_PROCESSING", identifier)
    raise ValueError(f"actor kind {kind!r} is none of {', '.join(KINDS)}")
