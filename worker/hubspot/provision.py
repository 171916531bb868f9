"""Making a portal ready: what is there is adopted, what is missing is added, nothing is removed.

`plan` is pure: the portal as read goes in, the changes come out. Running them twice changes
nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from config.portal import PortalNames
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import NotFound, Rejected
from worker.hubspot.models import Property, parsed
from worker.hubspot.provision_pipeline import plan_pipeline
from worker.hubspot.provision_plan import Change, LivePortal, Plan
from worker.hubspot.schema import (
    COMPANY_GROUP,
    CONTACT_GROUP,
    TICKET_GROUP,
    WantedProperty,
    company_properties,
    contact_gone,
    contact_role,
    option_body,
    ticket_properties,
)
from worker.hubspot.service import HubSpotService
from worker.portal import same_label
from worker.routing.policy_document import PolicyDocument

__all__ = ["Change", "LivePortal", "Plan", "apply", "plan", "read_live"]

CONTACT, COMPANY, TICKET = "0-1", "0-2", "0-5"  # HubSpot's object type ids


def plan(
    live: LivePortal,
    names: PortalNames,
    policy: PolicyDocument,
    api_version: str,
    new_pipeline: bool = False,
) -> Plan:
    """What the portal lacks. An obstacle needs a person; the changes beside it can be made."""
    result = Plan()
    plan_pipeline(result, live, names, api_version, new_pipeline)
    tickets = ticket_properties(policy.queues, policy.types, policy.requests)
    _plan_properties(
        result, live, "tickets", TICKET_GROUP, tickets, names.ticket_properties, api_version
    )
    _plan_properties(
        result,
        live,
        "companies",
        COMPANY_GROUP,
        company_properties(),
        names.company_properties,
        api_version,
    )
    people = [*_admin_contacts(result, live, names, api_version)]
    people.append(contact_gone(names.admin_contact_gone_property))
    _plan_properties(result, live, "contacts", CONTACT_GROUP, people, {}, api_version)
    return result


def _plan_properties(
    result: Plan,
    live: LivePortal,
    object_type: str,
    group: tuple[str, str],
    wanted: Iterable[WantedProperty],
    names: Mapping[str, str],
    version: str,
) -> None:
    path = f"/crm/properties/{version}/{object_type}"
    there = live.properties[object_type]
    missing: list[dict[str, Any]] = []
    for one in wanted:
        name = names.get(one.name, one.name)
        if (definition := there.get(name)) is None:
            if name in live.archived[object_type]:
                result.obstacles.append(
                    f"The {object_type} property {name} is archived in the portal. Restore it in "
                    "HubSpot (Settings, Properties, Archived), or name another in portal.yaml."
                )
                continue
            missing.append(one.body(name, group[0]))
            result.notes += _same_meaning(one, name, there, object_type)
        elif not one.takes(definition.type):
            result.obstacles.append(
                f"The {object_type} property {name} is of type {definition.type}, {one.type} is "
                f"needed. It was left as it is; name another one for {one.name} in portal.yaml."
            )
        elif lacking := _lacking(one, definition):
            # HubSpot takes the list as a whole, so what is there is sent again as it is.
            options = [*definition.options_sent]
            last = max((int(o.get("displayOrder") or 0) for o in options), default=-1)
            options += [option_body(v, label, last + n) for n, (v, label) in enumerate(lacking, 1)]
            words = ", ".join(value for value, _ in lacking)
            what = f"Append to {object_type} property {name}: {words}"
            result.changes.append(Change(what, "PATCH", f"{path}/{name}", {"options": options}))
    if missing and group[0] not in live.groups[object_type]:
        body = {"name": group[0], "label": group[1], "displayOrder": -1}
        result.changes.append(
            Change(
                f"Create the {object_type} property group {group[1]!r}",
                "POST",
                f"{path}/groups",
                body,
            )
        )
    for body in missing:
        what = f"Create the {object_type} property {body['name']} ({body['label']})"
        result.changes.append(Change(what, "POST", path, body))


def _lacking(one: WantedProperty, definition: Property) -> list[tuple[str, str]]:
    """Options to append. A check box has its own; a drop-down in its place has the portal's."""
    if {one.type, definition.type} != {"enumeration"}:
        return []
    values = {value for value, _ in definition.options}
    labels = {label.casefold() for _, label in definition.options}
    return [
        (value, label if label.casefold() not in labels else f"{label} ({value})")
        for value, label in one.options
        if value not in values
    ]


def _same_meaning(
    one: WantedProperty, name: str, there: Mapping[str, Property], object_type: str
) -> list[str]:
    singular = {"tickets": "ticket", "companies": "company", "contacts": "contact"}[object_type]
    return [
        f"The {singular} property {other.name} ({other.label}) may mean the same as {name}. To use "
        f"it, set {singular}_properties: {{{one.name}: {other.name}}} in portal.yaml first."
        for other in there.values()
        if any(word in other.label.casefold() for word in one.like)
    ]


def _admin_contacts(
    result: Plan, live: LivePortal, names: PortalNames, version: str
) -> Iterable[WantedProperty]:
    """How an administrative contact is told: by a label, which is planned here; or, where the
    tier has none, by the property that is returned.
    """
    label = names.admin_contact_label
    if any(same_label(label, one) for one in live.labels):
        return
    if live.label_limit > 0:
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in label.lower())
        # HubSpot: the name of a label does not start with a digit.
        body = {"label": label, "name": plain if plain[:1].isalpha() else f"label_{plain}"}
        path = f"/crm/associations/{version}/contacts/companies/labels"
        what = f"Create the association label {label!r} from contact to company"
        result.changes.append(Change(what, "POST", path, body))
        return
    result.notes.append(
        "The account's tier has no association labels: an administrative contact is one whose "
        f"contact property {names.admin_contact_property} is {names.admin_contact_value!r}."
    )
    yield contact_role(names.admin_contact_property, names.admin_contact_value)


def read_live(client: HubSpotClient, version: str) -> LivePortal:
    """The portal as it is now. Raises the gateway's errors."""
    types = ("tickets", "companies", "contacts")
    hubspot = HubSpotService(client, version)
    return LivePortal(
        pipelines=hubspot.pipelines(),
        properties={one: hubspot.properties(one) for one in types},
        archived={one: frozenset(hubspot.properties(one, archived=True)) for one in types},
        groups={one: _groups(client, version, one) for one in types},
        labels=hubspot.contact_labels(),
        label_limit=_label_limit(client, version),
        pipeline_limit=_pipeline_limit(client, version),
    )


def _label_limit(client: HubSpotClient, version: str) -> int:
    """How many labels the account may have between contact and company; 0 on small tiers."""
    try:
        answer = client.get(
            f"/crm/limits/{version}/associations/labels",
            {"fromObjectTypeId": CONTACT, "toObjectTypeId": COMPANY},
        )
    except NotFound:
        return 0
    return parsed(
        "association label limits",
        lambda raw: max((int(one["limit"]) for one in raw["results"]), default=0),
        answer,
    )


def apply(client: HubSpotClient, change: Change) -> None:
    """Make one change; one that is there already (409) counts as made. Raises the gateway's
    errors.
    """
    request = {"method": change.method, "path": change.path, "body": change.body}
    try:
        client.api_request(request)
    except Rejected as error:
        if error.status != 409:
            raise
        without = _without_our_ids(change.body)
        if without != change.body:
            # The id belongs to a stage or pipeline in the bin; HubSpot picks another.
            client.api_request({**request, "body": without})


def _without_our_ids(body: Any) -> Any:
    if isinstance(body, list):
        return [_without_our_ids(one) for one in body]
    if isinstance(body, dict):
        return {
            name: _without_our_ids(value)
            for name, value in body.items()
            if name not in {"pipelineId", "stageId"}
        }
    return body


def _groups(client: HubSpotClient, version: str, object_type: str) -> frozenset[str]:
    answer = client.get(f"/crm/properties/{version}/{object_type}/groups")
    return parsed(
        "property groups", lambda raw: frozenset(str(one["name"]) for one in raw["results"]), answer
    )


def _pipeline_limit(client: HubSpotClient, version: str) -> int:
    answer = client.get(f"/crm/limits/{version}/pipelines")

    def limit(raw: Any) -> int:
        for one in raw["hubspotDefinedObjectTypes"]:
            if one.get("objectTypeId") == TICKET:
                return int(one["limit"])
        return 1

    return parsed("pipeline limits", limit, answer)
