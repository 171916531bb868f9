"""Tokens, scopes, latency."""

import time

import pytest

from tests.simulator.hub import Hub


def test_a_call_without_a_token_is_refused(hub: Hub) -> None:
    del hub.session.headers["Authorization"]

    answer = hub.get("/crm/objects/{v}/tickets")

    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"


def test_only_the_named_token_is_taken(hub: Hub) -> None:
    hub.settings(token="right")

    assert hub.get("/crm/objects/{v}/tickets").status_code == 401
    hub.session.headers["Authorization"] = "Bearer right"
    assert hub.get("/crm/objects/{v}/tickets").status_code == 200


def test_a_missing_scope_is_named(hub: Hub) -> None:
    hub.settings(scopes=["tickets", "crm.objects.companies.read"])

    refused = hub.update("companies", {"id": "1", "properties": {"name": "x"}})

    assert refused.status_code == 403
    body = refused.json()
    assert body["category"] == "MISSING_SCOPES"
    assert body["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.companies.write"]
    assert hub.read("companies", ["1"]).status_code == 200
    assert hub.search("companies").status_code == 200
    assert hub.read("tickets", ["1"]).status_code == 200


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/crm/objects/{v}/notes", "crm.objects.contacts.read"),
        ("/crm/objects/{v}/emails", "crm.objects.contacts.read"),
        ("/crm/objects/{v}/emails", "sales-email-read"),
        ("/crm/owners/{v}", "crm.objects.owners.read"),
        ("/crm/properties/{v}/companies", "crm.schemas.companies.read"),
        ("/crm/pipelines/{v}/tickets", "tickets"),
        ("/crm/limits/{v}/pipelines", "tickets"),
    ],
)
def test_each_family_of_calls_asks_for_its_scope(hub: Hub, path: str, scope: str) -> None:
    hub.settings(scopes=[])
    assert hub.get(path).status_code == 403

    hub.settings(scopes=[scope])
    assert hub.get(path).status_code == 200


def test_every_answer_takes_as_long_as_set(hub: Hub) -> None:
    hub.settings(latency_ms=80)

    began = time.monotonic()
    hub.get("/crm/objects/{v}/tickets")

    assert time.monotonic() - began >= 0.08


def test_an_unknown_path_is_a_404_in_hubspots_form(hub: Hub) -> None:
    answer = hub.get("/crm/nonsense/{v}")

    assert answer.status_code == 404
    assert answer.json()["message"] == "resource not found"
