"""The HubSpot app against the code: it is told what the receiver handles, and may do what the
gateway does. A subscription or scope too many fails here as one too few does.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from config.settings import Settings
from simulator.webhooks import subscriptions
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import environment_of, provision, route_all, settings_for
from worker.clients.admin_contacts import COMPANY_PROPERTIES, CONTACT_PROPERTIES
from worker.hubspot.webhooks import OUR_PROPERTIES, Wanted, wanted
from worker.portal_names import read_portal_names
from worker.runtime import Runtime
from worker.tickets.state import STAGE

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "hubspot-app"
META: dict[str, Any] = orjson.loads((APP / "src/app/app-hsmeta.json").read_bytes())
HOOKS: dict[str, Any] = orjson.loads((APP / "src/app/webhooks/webhooks-hsmeta.json").read_bytes())
SCOPES: list[str] = META["config"]["auth"]["requiredScopes"]
SUBSCRIBED: list[dict[str, Any]] = [
    row for rows in HOOKS["config"]["subscriptions"].values() for row in rows
]

# What the worker acts on beside the records it caches.
TICKET_TRIGGERS = {"hs_pipeline", STAGE, "escalation_request"}
# Deletions of tickets ask for nothing, and who is new is named by no record yet.
HANDLED = {
    *(f"ticket.{action}" for action in ("creation", "restore", "merge", "associationChange")),
    *(
        f"{kind}.{action}"
        for kind in ("company", "contact")
        for action in ("deletion", "restore", "merge", "associationChange")
    ),
    "contact.privacyDeletion",
}

# Each call of the worker, and the scopes of which one must be held (HubSpot's specification,
# 2026-09; its association pages ask for the objects of both sides).
TICKETS = {"tickets"}
COMPANIES_READ = {"crm.objects.companies.read"}
CONTACTS_READ = {"crm.objects.contacts.read"}
CONTACTS_WRITE = {"crm.objects.contacts.write"}  # HubSpot: tasks need it
TICKET_SCHEMA = {"tickets", "crm.schemas.tickets.write"}
# HubSpot's pages on e-mails content themselves with either of these two, and call the second the
# one that shows what is in them.
EMAILS_READ = {"sales-email-read"}
ANY_OBJECT = TICKETS | COMPANIES_READ | CONTACTS_READ
OAUTH = {"oauth"}
ENDPOINTS: dict[str, list[set[str]]] = {
    "GET /account-info/{v}/details": [OAUTH],
    "GET /account-info/{v}/api-usage/daily/private-apps": [OAUTH],
    "GET /crm/limits/{v}/pipelines": [ANY_OBJECT],
    "GET /crm/limits/{v}/associations/labels": [ANY_OBJECT],
    "GET /crm/objects/{v}/tickets": [TICKETS],
    "POST /crm/objects/{v}/tickets/batch/read": [TICKETS],
    "POST /crm/objects/{v}/tickets/batch/update": [TICKETS],
    "POST /crm/objects/{v}/tickets/search": [TICKETS],
    "GET /crm/objects/{v}/companies": [COMPANIES_READ],
    "POST /crm/objects/{v}/companies/batch/read": [COMPANIES_READ],
    "POST /crm/objects/{v}/companies/batch/update": [{"crm.objects.companies.write"}],
    "POST /crm/objects/{v}/companies/search": [COMPANIES_READ],
    "GET /crm/objects/{v}/contacts": [CONTACTS_READ],
    "POST /crm/objects/{v}/contacts/batch/read": [CONTACTS_READ],
    "POST /crm/associations/{v}/tickets/companies/batch/read": [TICKETS, COMPANIES_READ],
    "POST /crm/associations/{v}/tickets/contacts/batch/read": [TICKETS, CONTACTS_READ],
    "POST /crm/associations/{v}/tickets/emails/batch/read": [TICKETS, CONTACTS_READ],
    "POST /crm/associations/{v}/tickets/notes/batch/read": [TICKETS, CONTACTS_READ],
    "POST /crm/associations/{v}/companies/contacts/batch/read": [COMPANIES_READ, CONTACTS_READ],
    "GET /crm/associations/{v}/contacts/companies/labels": [COMPANIES_READ, CONTACTS_READ],
    "POST /crm/associations/{v}/contacts/companies/labels": [COMPANIES_READ, CONTACTS_READ],
    "GET /crm/owners/{v}": [{"crm.objects.owners.read"}],
    "GET /crm/objects/{v}/emails": [CONTACTS_READ, EMAILS_READ],
    "POST /crm/objects/{v}/emails/batch/read": [CONTACTS_READ, EMAILS_READ],
    "POST /crm/objects/{v}/notes/batch/read": [CONTACTS_READ],
    "POST /crm/objects/{v}/tasks": [CONTACTS_WRITE],
    "POST /crm/objects/{v}/tasks/batch/update": [CONTACTS_WRITE],
    "GET /crm/pipelines/{v}/tickets": [TICKETS],
    "POST /crm/pipelines/{v}/tickets": [TICKET_SCHEMA],
    "POST /crm/pipelines/{v}/tickets/{id}/stages": [TICKET_SCHEMA],
    "GET /crm/properties/{v}/tickets": [TICKETS],
    "POST /crm/properties/{v}/tickets": [TICKET_SCHEMA],
    "PATCH /crm/properties/{v}/tickets/{name}": [TICKET_SCHEMA],
    "GET /crm/properties/{v}/tickets/groups": [TICKETS],
    "POST /crm/properties/{v}/tickets/groups": [TICKET_SCHEMA],
    "GET /crm/properties/{v}/companies": [COMPANIES_READ],
    "POST /crm/properties/{v}/companies": [{"crm.schemas.companies.write"}],
    "PATCH /crm/properties/{v}/companies/{name}": [{"crm.schemas.companies.write"}],
    "GET /crm/properties/{v}/companies/groups": [COMPANIES_READ],
    "POST /crm/properties/{v}/companies/groups": [{"crm.schemas.companies.write"}],
    "GET /crm/properties/{v}/contacts": [CONTACTS_READ],
    "POST /crm/properties/{v}/contacts": [{"crm.schemas.contacts.write"}],
    "GET /crm/properties/{v}/contacts/groups": [CONTACTS_READ],
}


# ---- subscriptions


def example(row: dict[str, Any]) -> dict[str, Any]:
    """An event of a subscription, as HubSpot sends it."""
    kind, _, action = row["subscriptionType"].partition(".")
    event: dict[str, Any] = {
        "subscriptionType": row["subscriptionType"],
        "portalId": 1,
        "changeSource": "CRM_UI",
        "sourceId": "userId:1",
    }
    if action == "associationChange":
        pair = f"{kind}_TO_{'ticket' if kind != 'ticket' else 'company'}".upper()
        return {**event, "associationType": pair, "fromObjectId": 5, "toObjectId": 6}
    if action == "merge":
        return {**event, "primaryObjectId": 5, "mergedObjectIds": [6], "newObjectId": 7}
    if "propertyName" in row:
        event |= {"propertyName": row["propertyName"], "propertyValue": "x"}
    return {**event, "objectId": 5}


def asked(row: dict[str, Any]) -> Wanted:
    return wanted([example(row)], "4711", "1")


@pytest.mark.parametrize(
    "row", SUBSCRIBED, ids=lambda row: f"{row['subscriptionType']}:{row.get('propertyName', '')}"
)
def test_each_subscription_is_handled(row: dict[str, Any]) -> None:
    found = asked(row)
    assert found.ignored == 0
    assert found.news or found.nudged or found.companies or found.contacts


def test_each_kind_of_event_that_is_handled_is_subscribed_and_no_other() -> None:
    kinds = [row["subscriptionType"] for row in SUBSCRIBED if "propertyName" not in row]
    assert set(kinds) == HANDLED
    assert len(kinds) == len(HANDLED)


def test_each_property_that_is_handled_is_subscribed_and_no_other() -> None:
    names = read_portal_names(ROOT / "config" / "portal.yaml")
    records = {"company": COMPANY_PROPERTIES, "contact": CONTACT_PROPERTIES}
    handled = {("ticket", name) for name in TICKET_TRIGGERS}
    # What only we write tells nobody anything.
    handled |= {(kind, one) for kind in records for one in {*records[kind]} - OUR_PROPERTIES}
    handled |= {("contact", names.admin_contact_property)}
    handled |= {("contact", names.admin_contact_gone_property)}
    rows = [
        (row["subscriptionType"].partition(".")[0], row["propertyName"])
        for row in SUBSCRIBED
        if "propertyName" in row
    ]
    assert {
        row["subscriptionType"].partition(".")[2] for row in SUBSCRIBED if "propertyName" in row
    } == {"propertyChange"}
    assert set(rows) == handled
    assert len(rows) == len(handled)


def test_the_subscriptions_are_what_hubspot_takes() -> None:
    assert len(subscriptions.read(HOOKS)) == len(SUBSCRIBED)
    assert all(row["active"] for row in SUBSCRIBED)
    settings = HOOKS["config"]["settings"]
    assert settings["targetUrl"].startswith("https://")
    assert settings["targetUrl"].endswith("/webhooks/hubspot")
    assert 5 < settings["maxConcurrentRequests"] <= 10
    sections = HOOKS["config"]["subscriptions"]
    assert [row["subscriptionType"] for row in sections["hubEvents"]] == ["contact.privacyDeletion"]


def test_the_app_is_private_with_a_static_token() -> None:
    assert META["config"]["distribution"] == "private"
    assert META["config"]["auth"]["type"] == "static"
    assert META["config"]["permittedUrls"]["fetch"] == ["https://api.hubapi.com"]
    project = orjson.loads((APP / "hsproject.json").read_bytes())
    assert (APP / project["srcDir"]).is_dir()


# ---- scopes


def test_each_call_is_covered_by_the_scopes() -> None:
    held = set(SCOPES)
    lacking = {call: sets for call, sets in ENDPOINTS.items() for one in sets if not one & held}
    assert not lacking


def test_each_scope_is_needed_by_a_call() -> None:
    used = {scope for sets in ENDPOINTS.values() for one in sets for scope in one}
    assert set(SCOPES) == used & set(SCOPES)
    assert len(SCOPES) == len(set(SCOPES))


def paths_in_the_code() -> Iterator[tuple[str, str]]:
    """Every path of HubSpot's in the worker: the file, and the path with {} for what varies."""
    for file in sorted((ROOT / "worker").rglob("*.py")):
        tree = ast.parse(file.read_text())
        parts = {p for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for p in n.values}
        for node in set(ast.walk(tree)) - parts:
            text = ""
            if isinstance(node, ast.JoinedStr):
                text = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            if re.match(r"/(crm|account-info|oauth|files|conversations|webhooks)/\S+$", text):
                yield file.name, text


def test_no_call_is_missing_from_the_list() -> None:
    known = [re.sub(r"\{\w+\}", "{}", call.partition(" ")[2]) for call in ENDPOINTS]
    found = [(file, path) for file, path in paths_in_the_code() if path.rstrip("/").count("/") > 2]
    assert len(found) > 8
    for file, path in found:
        shape = re.escape(path).replace(r"\{\}", "[^ ]+")
        assert any(re.match(shape + "(/|$)", one) for one in known), f"{file}: {path}"


def test_each_call_is_in_the_contract() -> None:
    text = (ROOT / "docs/hubspot-contract.md").read_text()
    listed = re.findall(r"^\| `([A-Z]+ /[^`]+)` \|", text, re.MULTILINE)
    shapes = [re.sub(r"\{(?!v\})\w+\}", "[^/]+", one) for one in listed]
    assert [one for one in ENDPOINTS if not any(re.fullmatch(s, one) for s in shapes)] == []


def command(settings: Settings, name: str) -> str:
    """What a command of `ticket-worker` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", name],
        env={**os.environ, **environment_of(settings)},
        cwd=settings.data_dir,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("tier", ["professional", "starter"])
def test_the_worker_needs_no_more_than_these_scopes_and_calls(
    tier: str, redis_url: str, folder: Path
) -> None:
    with running_simulator("--tier", tier) as base, Hub(base) as hub:
        hub.settings(scopes=SCOPES)
        settings = settings_for(base, redis_url, folder)
        assert provision(settings) > 20
        said = command(settings, "doctor")
        assert "all well" in said, said
        known = hub.ticket(from_email="someone@gmail.com", content="Please reset my password.")
        domain = hub.control("GET", "/objects/companies?properties=domain")["results"][0]
        sender = f"stranger@{domain['properties']['domain']}"
        other = hub.ticket(from_email=sender, content="Send us the SOC 2 report.")
        here = Runtime(settings)
        route_all(here, [known, other])
        wrote = {"hs_email_text": "It happens on every invoice.", "hs_timestamp": "1795000000000"}
        email = hub.act("user", "7002", "create", object_type="emails", properties=wrote)["id"]
        linked = {"object_type": "tickets", "to_type": "emails", "to_id": email}
        hub.act("user", "7002", "associate", id=known, **linked)
        wish = {"escalation_request": "exceeds_level_1"}
        hub.act("user", "7002", "update", object_type="tickets", id=known, properties=wish)
        assert route_all(here, [known]) == "1 ticket: 1 handed off"
        here.redis.close()
        counters = hub.control("GET", "/counters")
    assert counters["status"].get("403", 0) == 0
    known_calls = [re.sub(r"\{(?!v)\w+\}", "[^/]+", call) for call in ENDPOINTS]
    for call in counters["by_endpoint"]:
        assert any(re.fullmatch(one.replace("{v}", "[^/]+"), call) for one in known_calls), call
