"""A portal as JSON that takes provisioning's changes as HubSpot would."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from config.portal import QUEUES, PortalNames
from worker.hubspot import models
from worker.hubspot.provision import Change, LivePortal, Plan, plan
from worker.routing.policy_document import PolicyDocument

Json = dict[str, Any]
VERSION = "2026-09"
DEFAULT_STAGES = ["New", "Waiting on contact", "Waiting on us", "Closed"]
LABELS = {queue: queue.replace("_", " ").title() for queue in sorted(QUEUES)}


def names(**more: Any) -> PortalNames:
    stages = {
        "intake": [""],
        "queue": LABELS,
        "waiting": ["Waiting on client", "Waiting on contact"],
        "closed": ["Closed"],
        **more.pop("stages", {}),
    }
    return PortalNames.model_validate({"stages": stages, **more})


class FakePortal:
    """A portal as JSON, to which changes can be made as HubSpot would."""

    def __init__(self, labels: int = 10, pipelines: int = 15) -> None:
        self.label_limit, self.pipeline_limit = labels, pipelines
        self.pipelines: list[Json] = [
            pipeline("0", "Support Pipeline", DEFAULT_STAGES),
        ]
        self.properties: dict[str, dict[str, Json]] = {
            "tickets": {"subject": definition("subject")},
            "companies": {"name": definition("name", label="Company name")},
            "contacts": {"email": definition("email")},
        }
        self.archived: dict[str, set[str]] = {
            "tickets": set(),
            "companies": set(),
            "contacts": set(),
        }
        self.groups: dict[str, set[str]] = {
            "tickets": {"ticketinformation"},
            "companies": {"companyinformation"},
            "contacts": {"contactinformation"},
        }
        self.labels: set[str] = {"Primary"}

    def live(self) -> LivePortal:
        return LivePortal(
            pipelines=models.pipelines({"results": deepcopy(self.pipelines)}),
            properties={
                kind: {name: models.property_definition(raw) for name, raw in some.items()}
                for kind, some in self.properties.items()
            },
            archived={kind: frozenset(some) for kind, some in self.archived.items()},
            groups={kind: frozenset(some) for kind, some in self.groups.items()},
            labels=frozenset(self.labels),
            label_limit=self.label_limit,
            pipeline_limit=self.pipeline_limit,
        )

    def make(self, change: Change) -> None:
        parts = change.path.strip("/").split("/")
        body = deepcopy(change.body)
        match [change.method, *parts]:
            case ["POST", "crm", "pipelines", _, "tickets"]:
                stages = [stage(s["stageId"], s["label"], n) for n, s in enumerate(body["stages"])]
                self.pipelines.append({**body, "id": body["pipelineId"], "stages": stages})
            case ["POST", "crm", "pipelines", _, "tickets", id_, "stages"]:
                (to,) = [p for p in self.pipelines if p["id"] == id_]
                assert body["stageId"] not in {s["id"] for p in self.pipelines for s in p["stages"]}
                to["stages"].append({**body, "id": body["stageId"]})
            case ["POST", "crm", "properties", _, kind, "groups"]:
                self.groups[kind].add(body["name"])
            case ["POST", "crm", "properties", _, kind]:
                assert body["groupName"] in self.groups[kind]
                assert body["name"] not in self.properties[kind].keys() | self.archived[kind]
                self.properties[kind][body["name"]] = {**body, "createdAt": "2026-11-23T12:00:00Z"}
            case ["PATCH", "crm", "properties", _, kind, name]:
                assert body.keys() == {"options"}
                self.properties[kind][name]["options"] = body["options"]
            case ["POST", "crm", "associations", _, "contacts", "companies", "labels"]:
                assert self.label_limit
                self.labels.add(body["label"])
            case other:
                raise AssertionError(other)

    def set_up(self, portal: PortalNames, policy: PolicyDocument, new: bool = False) -> Plan:
        """What `setup` does; the plan it followed."""
        result = plan(self.live(), portal, policy, VERSION, new)
        for change in result.changes:
            self.make(change)
        return result


def stage(id_: str, label: str, order: int) -> Json:
    return {"id": id_, "label": label, "displayOrder": order, "metadata": {}}


def pipeline(id_: str, label: str, stages: list[str], order: int = 0) -> Json:
    return {
        "id": id_,
        "label": label,
        "displayOrder": order,
        "stages": [stage(f"{id_}-{n}", one, n) for n, one in enumerate(stages)],
    }


def definition(name: str, type_: str = "string", **more: Any) -> Json:
    return {"name": name, "label": name, "type": type_, "fieldType": "text", "options": [], **more}


def paths(result: Plan, end: str) -> list[Change]:
    return [change for change in result.changes if change.path.endswith(end)]
