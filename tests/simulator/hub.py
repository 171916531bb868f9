"""A plain HTTP client for tests: HubSpot's calls and the control API, without any cleverness."""

import time
from typing import Any

import requests


class Hub:
    """Speaks to a simulator; `version` is put where a path says {v}."""

    def __init__(self, base: str, version: str = "2026-09") -> None:
        self.base = base
        self.version = version
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = "Bearer any"

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """Any call to HubSpot's API."""
        url = self.base + path.replace("{v}", self.version)
        return self.session.request(method, url, json=body, timeout=10, **more)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", path, params=query)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.call("POST", path, body)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control call; fails the test when it is refused."""
        answer = self.session.request(method, f"{self.base}/__control{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settings(self, **values: Any) -> None:
        self.control("PUT", "/settings", values)

    def assume(self, **assumptions: bool) -> None:
        self.settings(assumptions=assumptions)

    def ticket(self, **given: Any) -> str:
        """One ticket by a channel, linked at once unless said otherwise; its id."""
        row = {"subject": "Help", "content": "Please help.", "attach_after_s": 0, **given}
        ids: list[str] = self.control("POST", "/tickets", {"tickets": [row]})["ids"]
        return ids[0]

    def act(self, kind: str, identifier: str, action: str, **given: Any) -> Any:
        """Something done by somebody else."""
        actor = {"kind": kind, "id": identifier}
        return self.control("POST", "/act", {"actor": actor, "action": action, **given})

    def deliveries(self, within_s: float = 5.0) -> dict[str, Any]:
        """The state of the webhooks once nothing is under way."""
        deadline = time.monotonic() + within_s
        state: dict[str, Any] = self.control("GET", "/webhooks")
        while state["pending"] and time.monotonic() < deadline:
            time.sleep(0.02)
            state = self.control("GET", "/webhooks")
        return state

    def truth(self, object_type: str, record_id: str) -> dict[str, Any]:
        """The whole record, uncounted."""
        rows = self.control("GET", f"/objects/{object_type}?ids={record_id}")["results"]
        found: dict[str, Any] = rows[0]
        return found

    def read(self, object_type: str, ids: list[str], **more: Any) -> requests.Response:
        body = {"inputs": [{"id": i} for i in ids], "properties": [], **more}
        return self.post(f"/crm/objects/{{v}}/{object_type}/batch/read", body)

    def update(self, object_type: str, *rows: dict[str, Any]) -> requests.Response:
        path = f"/crm/objects/{{v}}/{object_type}/batch/update"
        return self.post(path, {"inputs": list(rows)})

    def search(self, object_type: str, *filters: dict[str, Any], **more: Any) -> requests.Response:
        body = {"filterGroups": [{"filters": list(filters)}] if filters else [], **more}
        return self.post(f"/crm/objects/{{v}}/{object_type}/search", body)

    def found(self, object_type: str, *filters: dict[str, Any], **more: Any) -> list[str]:
        """The ids of a search that must succeed."""
        answer = self.search(object_type, *filters, **more)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["results"]]

    def company(self, domain: str) -> str:
        """The id of a sample company by its domain."""
        self.settings(rates_enabled=False)
        ids = self.found("companies", where("domain", "EQ", domain))
        self.settings(rates_enabled=True)
        return ids[0]

    def define(self, object_type: str, name: str, **more: Any) -> requests.Response:
        """A property in HubSpot's own group, a text unless said otherwise."""
        groups = {"tickets": "ticketinformation", "companies": "companyinformation"}
        body = {
            "name": name,
            "label": name.replace("_", " "),
            "type": "string",
            "fieldType": "text",
            "groupName": groups[object_type],
            **more,
        }
        return self.post(f"/crm/properties/{{v}}/{object_type}", body)


def where(name: str, operator: str, value: str | None = None, **more: Any) -> dict[str, Any]:
    """One search filter."""
    row: dict[str, Any] = {"propertyName": name, "operator": operator, **more}
    if value is not None:
        row["value"] = value
    return row
