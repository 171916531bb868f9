"""Every call to HubSpot leaves through `api_request`: nothing else has our limits and time-outs."""

from __future__ import annotations

import ast
import json
import re
import socket
from pathlib import Path
from typing import Any

import hubspot
import pytest
import requests
import responses

import worker
from tests.worker.hubspot.conftest import BASE, TOKEN
from worker.hubspot.client import HubSpotClient
from worker.hubspot.models import Update
from worker.hubspot.provision import Change, apply, read_live
from worker.hubspot.service import HubSpotService

ROOT = Path(worker.__file__).resolve().parent.parent
# What the package's generated part is reached by.
GENERATED = {"basic_api", "batch_api", "search_api", "core_api", "pipelines_api", "owners_api"}

SENDERS = ("requests", "urllib.request", "urllib3", "http.client", "httpx", "aiohttp", "apprise")


def test_the_packages_generated_methods_are_shut(client: HubSpotClient) -> None:
    doors = [
        name
        for name, value in vars(hubspot.Client).items()
        if isinstance(value, property) and name not in {"access_token", "api_key"}
    ]

    assert "crm" in doors
    for door in doors:
        with pytest.raises(TypeError, match="Nothing was sent"):
            getattr(client, door)


def test_what_the_gateway_offers_goes_through_api_request(
    client: HubSpotClient,
    hubspot: HubSpotService,
    web: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each call is sent by `api_request`, and `web` fails the test if one leaves otherwise."""
    by_door: list[str] = []
    sent = HubSpotClient.api_request

    def door(self: HubSpotClient, options: dict[str, Any]) -> Any:
        by_door.append(options["path"])
        return sent(self, options)

    monkeypatch.setattr(HubSpotClient, "api_request", door)
    answer = json.dumps(
        {
            "results": [],
            "total": 0,
            "portalId": 1,
            "hubspotDefinedObjectTypes": [],
        }
    )
    for method in ("GET", "POST"):
        web.add(method, re.compile(f"{BASE}/.*"), body=answer)

    hubspot.read("tickets", ["1"], ["subject"], history=["hs_pipeline_stage"])
    hubspot.update("tickets", [Update("1", {"subject": "x"})])
    list(hubspot.search_ids("tickets", [[]]))
    hubspot.companies_by_domain(["a.example"])
    hubspot.associated("tickets", "companies", ["1"])
    hubspot.pipelines()
    hubspot.properties("tickets")
    hubspot.contact_labels()
    hubspot.account()
    read_live(client, "2026-09")
    apply(client, Change("x", "POST", "/crm/properties/2026-09/tickets", {}))

    assert len(by_door) == len(web.calls)
    assert len(web.calls) > 20
    assert {call.request.headers["Authorization"] for call in web.calls} == {f"Bearer {TOKEN}"}


def test_the_net_of_these_tests_has_no_hole(web: responses.RequestsMock) -> None:
    """The package's own client would get past `responses`; the tests would fail, not pass."""
    stray = hubspot.Client(access_token=TOKEN)
    with pytest.raises(BaseException, match="left by another way"):
        stray.crm.tickets.basic_api.get_by_id("1", _request_timeout=1)
    with pytest.raises(requests.ConnectionError, match="refused by Responses"):
        stray.api_request({"path": "/x"})
    with socket.socket() as line, pytest.raises(BaseException, match="left by another way"):
        line.connect(("127.0.0.1", 9))


def test_no_module_but_the_client_imports_the_package_or_reaches_its_generated_part() -> None:
    importers = set()
    for path in [*ROOT.glob("worker/**/*.py"), *ROOT.glob("tasks/*.py"), *ROOT.glob("demo/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                assert not (isinstance(node, ast.Attribute) and node.attr in GENERATED), path
                continue
            if any(name.split(".")[0] == "hubspot" for name in names):
                importers.add(path.relative_to(ROOT).as_posix())

    assert importers == {"worker/hubspot/client.py"}


def test_nobody_else_speaks_http_but_to_colleagues_and_to_our_own_listeners() -> None:
    """What can send a request could send one to HubSpot past the gateway."""
    speakers = set()
    for path in [*ROOT.glob("worker/**/*.py"), *ROOT.glob("tasks/*.py"), *ROOT.glob("config/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            if any(name.startswith(SENDERS) for name in names):
                speakers.add(path.relative_to(ROOT).as_posix())

    assert speakers == {
        "worker/hubspot/client.py",
        "worker/escalation/teams.py",
        "worker/escalation/receivers.py",  # apprise: mail and chats
        "worker/processes/health.py",  # our own listeners
    }


def test_inside_the_client_too_there_is_one_way_to_the_wire() -> None:
    """session ← _exchange ← _call ← _attempt ← api_request, and nobody else in between."""
    tree = ast.parse((ROOT / "worker/hubspot/client.py").read_text(encoding="utf-8"))
    users: dict[str, set[str]] = {
        "_session": set(),
        "_exchange": set(),
        "_call": set(),
        "_attempt": set(),
    }
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and node.attr in users:
                    users[node.attr].add(function.name)

    assert users == {
        "_session": {"__init__", "_exchange"},
        "_exchange": {"_call"},
        "_call": {"_attempt"},
        "_attempt": {"api_request"},
    }
