"""Making a portal ready: what is there is adopted, what is missing is added, nothing is removed.

`plan` is pure: the portal as read goes in, the changes come out. Running them twice changes
nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.portal import PortalNames
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import NotFound, Rejected
from worker.hubspot.models import Pipeline, Property, parsed
from worker.hubspot.schema import (
    COMPANY_GROUP,
    TICKET_GROUP,
    WantedProperty,
    company_properties,
    options_body,
    ticket_properties,
)
from worker.hubspot.service import HubSpotService
from worker.portal import PortalNotReady, choose_pipeline, same_label
from worker.routing.policy_document import PolicyDocument

NEW_PIPELINE = ("support_routing", "Support")
CONTACT, COMPANY, TICKET = "0-1", "0-2", "0-5"  # HubSpot's object type ids


@dataclass(frozen=True, slots=True)
class Change:
    """One request that makes the portal readier, in words and as HTTP."""

    what: str
    method: str
    path: str
    body: Any


@dataclass(frozen=True, slots=True)
class LivePortal:
    """The portal as far as provisioning looks at it."""

    pipelines: list[Pipeline]
    properties: Mapping[str, Mapping[str, Property]]  # object type → portal's name → definition
    archived: Mapping[str, frozenset[str]]  # names in the bin, which can't be made again
    groups: Mapping[str, frozenset[str]]
    labels: frozenset[str]  # contact → company
    label_limit: int  # 0 where the tier has no association labels
    pipeline_limit: int


@dataclass(slots=True)
class Plan:
    """Changes to make, in order, and what the person should know."""

    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)


def plan(
    live: LivePortal,
    names: PortalNames,
    policy: PolicyDocument,
    api_version: str,
    new_pipeline: bool = False,
) -> Plan:
    """What the portal lacks. An obstacle needs a person; the changes beside it can be made."""
    result = Plan()
    _plan_pipeline(result, live, names, api_version, new_pipeline)
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
    _plan_admin_contacts(result, live, names, api_version)
    _plan_gone_contacts(result, live, names, api_version)
    return result


def _plan_pipeline(
    result: Plan, live: LivePortal, names: PortalNames, version: str, new_pipeline: bool
) -> None:
    wanted = [*names.stages.queue.values()]
    if names.stages.waiting:
        wanted.append(names.stages.waiting[0])
    path = f"/crm/pipelines/{version}/tickets"
    made = next((p for p in live.pipelines if p.id == NEW_PIPELINE[0]), None)
    if new_pipeline and made is None:
        if len(live.pipelines) >= live.pipeline_limit:
            result.obstacles.append(
                f"The account may have {live.pipeline_limit} ticket pipelines and has "
                f"{len(live.pipelines)}. Leave out --new-pipeline to adopt the one that is there."
            )
            return
        label = names.pipeline or NEW_PIPELINE[1]
        stages = ["New", *wanted, *(names.stages.closed[:1] or ["Closed"])]
        body = {
            "pipelineId": NEW_PIPELINE[0],
            "label": label,
            "displayOrder": len(live.pipelines),
            "stages": [
                _stage_body(one, order, closed=order == len(stages) - 1)
                for order, one in enumerate(stages)
            ],
        }
        result.changes.append(Change(f"Create the ticket pipeline {label!r}", "POST", path, body))
        if not names.pipeline:
            result.notes.append(f"Set `pipeline: {label}` in portal.yaml: it is not the first one.")
        return
    try:
        pipeline = made if new_pipeline and made else choose_pipeline(live.pipelines, names)
    except PortalNotReady as error:
        result.obstacles.append(str(error))
        return
    result.notes.append(
        f"Adopting the ticket pipeline {pipeline.label!r}; its stages stay, missing ones are added."
    )
    order = max((s.order for s in pipeline.stages), default=-1)
    waits = [*names.stages.waiting]
    for label in wanted:
        same = waits if label in waits else [label]
        if any(same_label(s.label, one) for s in pipeline.stages for one in same):
            continue
        order += 1
        result.changes.append(
            Change(
                f"Add the stage {label!r} to the pipeline {pipeline.label!r}",
                "POST",
                f"{path}/{pipeline.id}/stages",
                _stage_body(label, order, closed=False),
            )
        )


def _stage_body(label: str, order: int, closed: bool) -> dict[str, Any]:
    """HubSpot: `ticketState` says whether the stage is open. The id is ours, so that making the
    stage again is refused rather than done twice."""
    stage_id = "support_" + "".join(c if c.isalnum() else "_" for c in label.lower())
    return {
        "stageId": stage_id,
        "label": label,
        "displayOrder": order,
        "metadata": {"ticketState": "CLOSED" if closed else "OPEN"},
    }


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
        elif definition.type != one.type and {definition.type, one.type} != {"bool", "enumeration"}:
            result.obstacles.append(
                f"The {object_type} property {name} is of type {definition.type}, {one.type} is "
                f"needed. It was left as it is; name another one for {one.name} in portal.yaml."
            )
        elif lacking := _lacking(one, definition):
            result.changes.append(
                Change(
                    f"Append to {object_type} property {name}: {', '.join(v for v, _ in lacking)}",
                    "PATCH",
                    f"{path}/{name}",
                    # HubSpot takes the list as a whole, so what is there is sent again.
                    {"options": options_body([*definition.options, *lacking])},
                )
            )
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
    singular = {"tickets": "ticket", "companies": "company"}[object_type]
    return [
        f"The {singular} property {other.name} ({other.label}) may mean the same as {name}. To use "
        f"it, set {singular}_properties: {{{one.name}: {other.name}}} in portal.yaml first."
        for other in there.values()
        if any(word in other.label.casefold() for word in one.like)
    ]


def _plan_admin_contacts(result: Plan, live: LivePortal, names: PortalNames, version: str) -> None:
    label = names.admin_contact_label
    if any(same_label(label, one) for one in live.labels):
        return
    if live.label_limit > 0:
        body = {"label": label, "name": "".join(c if c.isalnum() else "_" for c in label.lower())}
        path = f"/crm/associations/{version}/contacts/companies/labels"
        what = f"Create the association label {label!r} from contact to company"
        result.changes.append(Change(what, "POST", path, body))
        return
    result.notes.append(
        "The account's tier has no association labels: an administrative contact is one whose "
        f"contact property {names.admin_contact_property} is {names.admin_contact_value!r}."
    )
    if names.admin_contact_property not in live.properties["contacts"]:
        wanted = WantedProperty(
            names.admin_contact_property,
            "Client contact role",
            "enumeration",
            "select",
            "What the person is to us",
            ((names.admin_contact_value, names.admin_contact_value.capitalize()),),
        )
        body = wanted.body(wanted.name, "contactinformation")
        path = f"/crm/properties/{version}/contacts"
        result.changes.append(
            Change(f"Create the contacts property {wanted.name}", "POST", path, body)
        )


def _plan_gone_contacts(result: Plan, live: LivePortal, names: PortalNames, version: str) -> None:
    """Where somebody ticks that a contact has left the client."""
    name = names.admin_contact_gone_property
    if name in live.properties["contacts"]:
        return
    wanted = WantedProperty(
        name,
        "No longer at the client",
        "bool",
        "booleancheckbox",
        "Ticked, the person no longer counts as an administrative contact",
        (("true", "Yes"), ("false", "No")),
    )
    body = wanted.body(name, "contactinformation")
    path = f"/crm/properties/{version}/contacts"
    result.changes.append(Change(f"Create the contacts property {name}", "POST", path, body))


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
        if isinstance(change.body, dict) and "stageId" in change.body:
            # The id belongs to a stage in the bin; the label is free, so HubSpot picks another.
            body = {name: value for name, value in change.body.items() if name != "stageId"}
            client.api_request({**request, "body": body})


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
