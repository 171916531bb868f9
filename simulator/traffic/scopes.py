"""Which scopes a call needs; HubSpot's specification lists them per endpoint, one of each list."""

from simulator.api.call import Call
from simulator.rules.refusals import Refusal
from simulator.settings import Settings
from simulator.state.object_types import EMAIL, TICKET, ObjectType, find


def check_scopes(settings: Settings, call: Call, family: str) -> None:
    """Raises Refusal (403 MISSING_SCOPES) unless the app holds one of the scopes needed."""
    if settings.scopes is None or family == "none":
        return
    held = set(settings.scopes)
    for wanted in needed(call, family):
        if not held.intersection(wanted):
            raise Refusal(
                403,
                "This app hasn't been granted all required scopes to make this call. Read more "
                "about required scopes here: https://developers.hubspot.com/scopes.",
                "MISSING_SCOPES",
                errors=[
                    {
                        "message": "One or more of the following scopes are required.",
                        "context": {"requiredGranularScopes": wanted},
                    }
                ],
            )


def needed(call: Call, family: str) -> list[list[str]]:
    """Lists of scopes; of each list one must be held."""
    if family == "owners":
        return [["crm.objects.owners.read"]]
    if family == "files":
        return [["files", "files.read" if call.method == "GET" else "files.delete"]]
    if family == "any_object":
        return [_any_object()]
    if family == "schema":
        return [_of_schema(call)]
    if family == "links":
        parts = ("from_object_type", "to_object_type", "object_type")
        kinds = [find(call.path[part]) for part in parts if part in call.path]
        return [_either(kind) for kind in kinds if kind is not None]
    kind = find(call.path.get("object_type", ""))
    return [] if kind is None else [_of_object(kind, writes(call))]


def writes(call: Call) -> bool:
    """Whether the call changes anything: POST read and search do not."""
    return call.method != "GET" and not call.template.endswith(("/read", "/search"))


def _of_object(kind: ObjectType, writing: bool) -> list[str]:
    if kind is TICKET:
        return ["tickets"]
    needed = [f"{kind.scope}.write" if writing else f"{kind.scope}.read"]
    return [*needed, "sales-email-read"] if kind is EMAIL else needed


def _either(kind: ObjectType) -> list[str]:
    """Links ask for either scope of each side (the specification is content with any one)."""
    return ["tickets"] if kind is TICKET else [f"{kind.scope}.read", f"{kind.scope}.write"]


def _of_schema(call: Call) -> list[str]:
    kind = find(call.path.get("object_type", ""))
    if kind is None:
        return []
    base = f"crm.schemas.{kind.name}"
    if call.method == "GET" or call.template.endswith("/read"):
        return [f"{base}.read", f"{base}.write", *_either(kind)]
    tickets = ["tickets"] if kind is TICKET else []
    return [f"{base}.write", *tickets]


def _any_object() -> list[str]:
    return [
        "tickets",
        "crm.objects.companies.read",
        "crm.objects.companies.write",
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
    ]
