"""What people and machines do in the simulated portal, in the words of the tests."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.simulator.hub import Hub

COMPANY = "Harrow & Sons"
PASSWORD = {"subject": "locked out", "content": "Please reset my password for the portal."}
PERSON = "7002"

_numbers = count()


def client(hub: Hub, complete: bool = True, **more: str) -> tuple[str, str]:
    """A client company with a domain of its own and a contact of it; their ids."""
    domain = more.setdefault("domain", f"harrow{next(_numbers)}.example")
    known = {"erp_system": "NetSuite", "customization_summary": "Two-step approval."}
    properties = {
        "name": COMPANY,
        **(known if complete else {}),
        **more,
    }
    company = hub.act("import", "1", "create", object_type="companies", properties=properties)["id"]
    person = {"email": f"ap@{domain}", "firstname": "Ada", "lastname": "Quist"}
    contact = hub.act("import", "1", "create", object_type="contacts", properties=person)["id"]
    hub.act(
        "import",
        "1",
        "associate",
        object_type="contacts",
        id=contact,
        to_type="companies",
        to_id=company,
        primary=True,
    )
    if complete:
        hub.control(
            "POST",
            "/clients",
            {
                "clients": [
                    {
                        "company_id": company,
                        "admin_contacts": [contact],
                        "label": "Administrative contact",
                    }
                ]
            },
        )
    return company, contact


class NoBackoff:
    """Tries again at once."""

    def compute(self, failures: int) -> float:
        return -0.5


def move(hub: Hub, ticket_id: str, label: str, kind: str, actor: str) -> None:
    """Somebody moves a ticket."""
    stage = {"hs_pipeline_stage": stage_id(hub, label)}
    hub.act(kind, actor, "update", object_type="tickets", id=ticket_id, properties=stage)


def stage_id(hub: Hub, label: str) -> str:
    stages = hub.control("GET", "/pipelines")["results"][0]["stages"]
    found: str = next(one["id"] for one in stages if one["label"] == label)
    return found


def stage_label(hub: Hub, ticket: dict[str, Any]) -> str:
    stages = hub.control("GET", "/pipelines")["results"][0]["stages"]
    labels: dict[str, str] = {one["id"]: one["label"] for one in stages}
    return labels[ticket["properties"]["hs_pipeline_stage"]]
