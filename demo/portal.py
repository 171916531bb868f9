"""The simulated portal as the demo uses it: through the simulator's control interface alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import requests
from ruamel.yaml import YAML

HERE = Path(__file__).resolve().parent
APP = HERE.parent / "hubspot-app" / "src" / "app" / "webhooks" / "webhooks-hsmeta.json"
STAFF_USER = "7001"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample ticket and the queue that owns it by the guidelines."""

    subject: str
    body: str
    queue: str
    staff: bool
    sender: str


@dataclass(frozen=True, slots=True)
class Landed:
    """Where a ticket is now."""

    id: str
    properties: dict[str, str]
    seconds: float | None  # from its creation until its stage was first written, by HubSpot's clock

    def get(self, name: str) -> str:
        return self.properties.get(name) or ""


def samples() -> list[Sample]:
    """The forty sample tickets."""
    rows = YAML(typ="safe").load(HERE / "tickets.yaml")
    return [
        Sample(
            row["subject"],
            row["body"],
            row["queue"],
            bool(row.get("staff")),
            str(row.get("sender", "contact")),
        )
        for row in rows
    ]


class SimulatedPortal:
    """Speaks to the simulator's control interface. Raises `requests.RequestException`."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._session = requests.Session()
        self._session.trust_env = False

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One control call."""
        answer = self._session.request(
            method,
            f"{self._base}/__control{path}",
            data=None if body is None else orjson.dumps(body),
            headers={"Content-Type": "application/json"},
            timeout=30,
        )
        answer.raise_for_status()
        return orjson.loads(answer.content)

    def subscribe(self, target: str, client_secret: str) -> None:
        """Install the app: its subscriptions as they stand in `hubspot-app/`."""
        subscriptions = orjson.loads(APP.read_bytes())
        wanted = {
            "target_url": target,
            "client_secret": client_secret,
            "subscriptions": subscriptions,
        }
        self.control("PUT", "/webhooks", wanted)

    def senders(self) -> list[str]:
        """E-mail addresses of contacts at the sample clients, one of each client."""
        found: dict[str, str] = {}
        for contact in self.control("GET", "/objects/contacts")["results"]:
            companies = contact["associations"].get("companies", [])
            email = contact["properties"].get("email")
            if companies and email:
                found.setdefault(companies[0]["id"], email)
        return list(found.values())

    def arrive(self, tickets: Sequence[dict[str, Any]]) -> list[str]:
        """Tickets arrive as HubSpot would make them; their ids."""
        ids: list[str] = self.control("POST", "/tickets", {"tickets": list(tickets)})["ids"]
        return ids

    def landed(self, ids: Sequence[str]) -> list[Landed]:
        """Where tickets are now."""
        rows = self.control("GET", f"/objects/tickets?ids={','.join(ids)}")["results"]
        return [Landed(row["id"], row["properties"], _seconds(row)) for row in rows]

    def counters(self) -> dict[str, Any]:
        """Calls by endpoint and limit."""
        found: dict[str, Any] = self.control("GET", "/counters")
        return found


def arrival(sample: Sample, number: int, senders: Sequence[str], announce: bool) -> dict[str, Any]:
    """A sample as the simulator takes it. A few get their contact late, as HubSpot does it."""
    ticket: dict[str, Any] = {
        "subject": sample.subject,
        "content": sample.body,
        "announce": announce,
        "attach_after_s": 3 + number % 3 if announce and number % 5 == 0 else 0,
    }
    if sample.staff:
        return {**ticket, "created_by_user_id": STAFF_USER, "contact_id": None}
    ticket["source_type"] = ("EMAIL", "EMAIL", "FORM", "CHAT")[number % 4]
    sender = senders[number % len(senders)]
    if sample.sender == "unknown":
        sender = "owner.of.a.shop@gmail.com"
    elif sample.sender == "colleague":
        sender = "new.colleague@" + sender.partition("@")[2]
    return {**ticket, "from_email": sender}


def _seconds(row: dict[str, Any]) -> float | None:
    entries = sorted(
        row["history"].get("hs_pipeline_stage", []), key=lambda entry: str(entry["timestamp"])
    )
    if len(entries) < 2:
        return None
    first, moved = (datetime.fromisoformat(entries[n]["timestamp"]) for n in (0, 1))
    return (moved - first).total_seconds()
