"""The four errors that leave the gateway, one for each thing HubSpot may say."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import requests
import responses

from tests.worker.hubspot.conftest import BASE, Quota
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import HubSpotError, NotFound, RateLimited, Rejected, Transient

READ = "/crm/objects/2026-09/tickets/batch/read"
SEARCH = "/crm/objects/2026-09/tickets/search"
LINKS = "/crm/associations/2026-09/tickets/companies/batch/read"
# Bodies as HubSpot's reference and people's logs have them.
TEN_SECONDS = {
    "status": "error",
    "message": "You have reached your ten_secondly_rolling limit.",
    "errorType": "RATE_LIMIT",
    "correlationId": "c-1",
    "policyName": "TEN_SECONDLY_ROLLING",
}
SECOND = {
    "status": "error",
    "message": "You have reached your secondly limit.",
    "errorType": "RATE_LIMIT",
    "correlationId": "c-1",
    "policyName": "SECONDLY",
}
DAY = {
    "status": "error",
    "message": "You have reached your daily limit.",
    "errorType": "RATE_LIMIT",
    "correlationId": "c-1",
    "policyName": "DAILY",
    "requestId": "r-1",
}
INTERVAL = {"X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}


def refused(
    client: HubSpotClient,
    web: responses.RequestsMock,
    status: int,
    body: Any = None,
    headers: dict[str, str] | None = None,
    path: str = READ,
) -> HubSpotError:
    """The error that a POST ends with. What HubSpot refused was sent exactly once; what it failed
    on too, where it may have done something."""
    web.add("POST", f"{BASE}{path}", status=status, json=body, headers=headers)
    with pytest.raises(HubSpotError) as caught:
        client.post(path, {"inputs": []})
    reads_again = isinstance(caught.value, Transient) and path in {READ, SEARCH}
    assert len(web.calls) == 1 + reads_again
    return caught.value


@pytest.mark.parametrize(
    ("path", "body", "headers", "held", "seconds"),
    [
        (READ, TEN_SECONDS, INTERVAL, "ten_seconds", 1.0),
        (READ, TEN_SECONDS, {}, "ten_seconds", 1.0),
        (READ, TEN_SECONDS, {"Retry-After": "3"}, "ten_seconds", 3.0),
        (LINKS, TEN_SECONDS, {}, "associations", 1.0),
        (SEARCH, SECOND, {}, "search", 1.0),
        (SEARCH, SECOND, {"Retry-After": "2"}, "search", 2.0),
        (READ, DAY, {}, "everything", 900.0),
        (READ, DAY, {"Retry-After": "7200"}, "everything", 7200.0),
        (SEARCH, {**DAY, "policyName": None}, {}, "everything", 900.0),
        (READ, None, {}, "ten_seconds", 1.0),
        (READ, "<html>Too many requests</html>", {}, "ten_seconds", 1.0),
        (READ, TEN_SECONDS, {"Retry-After": "soon"}, "ten_seconds", 1.0),
        (READ, TEN_SECONDS, {"Retry-After": "nan"}, "ten_seconds", 1.0),
        (READ, TEN_SECONDS, {"Retry-After": "0"}, "ten_seconds", 0.1),
        (READ, TEN_SECONDS, {"Retry-After": "999999999"}, "ten_seconds", 86_400.0),
        (READ, TEN_SECONDS, {next(iter(INTERVAL)): "²"}, "ten_seconds", 1.0),
    ],
)
def test_a_429_of_any_policy_holds_its_bucket_for_everyone(
    client: HubSpotClient,
    quota: Quota,
    web: responses.RequestsMock,
    path: str,
    body: Any,
    headers: dict[str, str],
    held: str,
    seconds: float,
) -> None:
    error = refused(client, web, 429, body, headers, path)

    assert isinstance(error, RateLimited)
    assert error.retry_after_s == seconds
    assert quota.held == [(held, seconds)]


def test_429s_in_a_row_that_name_no_time_wait_longer_and_longer_up_to_the_window(
    client: HubSpotClient, quota: Quota, web: responses.RequestsMock
) -> None:
    for _ in range(6):
        web.add("POST", f"{BASE}{READ}", status=429, json=TEN_SECONDS, headers=INTERVAL)
    web.add("POST", f"{BASE}{READ}", json={})
    web.add("POST", f"{BASE}{READ}", status=429, json=TEN_SECONDS, headers=INTERVAL)
    for _ in range(8):
        with contextlib.suppress(RateLimited):
            client.post(READ, {})
    assert [seconds for _, seconds in quota.held] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 1.0]


@pytest.mark.parametrize("path", [READ, "/crm/objects/2026-09/tickets/batch/update"])
def test_what_a_limit_refused_for_a_moment_is_sent_once_more(
    client: HubSpotClient,
    quota: Quota,
    web: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    """Nothing was done, so a write too may be sent again; the limiter makes it wait its time."""
    monkeypatch.setattr("worker.hubspot.client.MAX_SLEEP_S", 2.0)
    web.add("POST", f"{BASE}{path}", status=429, json=TEN_SECONDS, headers={"Retry-After": "2"})
    web.add("POST", f"{BASE}{path}", json={"results": []})

    assert client.post(path, {}) == {"results": []}
    assert quota.held == [("ten_seconds", 2.0)]


def test_what_a_limit_refused_for_longer_is_not(
    client: HubSpotClient, web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.hubspot.client.MAX_SLEEP_S", 2.0)
    refused(client, web, 429, TEN_SECONDS, {"Retry-After": "3"})


def test_a_423_waits_the_two_seconds_that_hubspot_locks(
    client: HubSpotClient, quota: Quota, web: responses.RequestsMock
) -> None:
    error = refused(client, web, 423, {"message": "Locked", "correlationId": "c-2"})

    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 2.0
    assert quota.held == [("ten_seconds", 2.0)]


@pytest.mark.parametrize(("sent", "wait"), [({"Retry-After": "86400"}, 86_400.0), ({}, 60.0)])
def test_a_477_stops_everything_while_the_account_moves(
    client: HubSpotClient,
    quota: Quota,
    web: responses.RequestsMock,
    sent: dict[str, str],
    wait: float,
) -> None:
    error = refused(client, web, 477, {"message": "migration in progress"}, sent)

    assert isinstance(error, RateLimited)
    assert error.retry_after_s == wait
    assert quota.held == [("everything", wait)]


@pytest.mark.parametrize(
    "status", [500, 502, 503, 504, 521, 522, 523, 524, 525, 526, 408, 421, 425]
)
def test_a_failure_of_hubspots_is_transient_and_holds_nothing(
    client: HubSpotClient, quota: Quota, web: responses.RequestsMock, status: int
) -> None:
    error = refused(client, web, status, {"message": "oops", "correlationId": "c-3"})

    assert isinstance(error, Transient)
    assert error.correlation_id == "c-3"
    assert str(status) in str(error)
    assert quota.held == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_transient(
    client: HubSpotClient, web: responses.RequestsMock, status: int
) -> None:
    assert isinstance(
        refused(client, web, status, headers={"Location": "https://elsewhere.example"}), Transient
    )


@pytest.mark.parametrize(
    ("status", "category"),
    [(400, "VALIDATION_ERROR"), (409, "CONFLICT"), (405, ""), (413, ""), (414, ""), (415, "")],
)
def test_a_refusal_keeps_hubspots_words(
    client: HubSpotClient, quota: Quota, web: responses.RequestsMock, status: int, category: str
) -> None:
    body = {"message": "Property x is odd", "category": category, "correlationId": "c-4"}

    error = refused(client, web, status, body)

    assert isinstance(error, Rejected)
    assert not isinstance(error, NotFound)
    assert (error.status, error.category, error.correlation_id) == (status, category, "c-4")
    assert "Property x is odd" in str(error)
    assert "c-4" in str(error)
    assert not error.about_access
    assert quota.held == []


def test_a_refusal_names_the_particulars_beneath(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    body = {
        "message": "Invalid input",
        "category": "VALIDATION_ERROR",
        "errors": [
            {
                "message": "a required property is empty",
                "context": {"propertyName": ["hs_resolution"]},
            }
        ],
    }

    assert "a required property is empty hs_resolution" in str(refused(client, web, 400, body))


def test_a_404_is_not_found(client: HubSpotClient, web: responses.RequestsMock) -> None:
    error = refused(client, web, 404, {"message": "resource not found", "correlationId": "c-5"})

    assert isinstance(error, NotFound)
    assert isinstance(error, Rejected)
    assert error.status == 404


def test_a_401_is_about_access(client: HubSpotClient, web: responses.RequestsMock) -> None:
    body = {"message": "Authentication credentials not found", "category": "INVALID_AUTHENTICATION"}

    error = refused(client, web, 401, body)

    assert isinstance(error, Rejected)
    assert error.about_access


def test_missing_scopes_are_named(client: HubSpotClient, web: responses.RequestsMock) -> None:
    body = {
        "message": "This app hasn't been granted all required scopes.",
        "category": "MISSING_SCOPES",
        "errors": [
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": ["tickets", "crm.objects.contacts.read"]},
            },
            {"context": {"requiredScopes": ["tickets"]}},
        ],
    }

    error = refused(client, web, 403, body)

    assert isinstance(error, Rejected)
    assert error.about_access
    assert error.category == "MISSING_SCOPES"
    assert "Missing scopes: crm.objects.contacts.read, tickets" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        7,
        {"message": None},
        {"message": ["a"], "errors": "x", "category": "MISSING_SCOPES"},
        {"errors": 5, "category": "MISSING_SCOPES"},
        {"errors": [1, None, {"context": []}, {"context": "x"}], "category": "MISSING_SCOPES"},
        {"errors": [{"context": {"requiredScopes": 3}}], "category": "MISSING_SCOPES"},
        {"errors": [{"context": {"propertyName": 3}, "message": {}}]},
        {"correlationId": 7, "category": {}, "policyName": 3},
    ],
)
@pytest.mark.parametrize("status", [400, 403, 404, 418, 429, 500])
def test_no_shape_of_an_error_body_breaks_the_gateway(
    client: HubSpotClient, web: responses.RequestsMock, status: int, body: Any
) -> None:
    assert "None" not in str(refused(client, web, status, body))


def test_a_refusal_without_a_word_names_its_status(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    web.add("GET", f"{BASE}/x", status=418, body=b"<h1>teapot</h1>")

    with pytest.raises(Rejected, match="GET /x: HTTP 418"):
        client.get("/x")


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectTimeout(),
        requests.ReadTimeout(),
        requests.ConnectionError("reset"),
        requests.exceptions.SSLError("bad certificate"),
        requests.exceptions.ChunkedEncodingError(),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
def test_a_call_without_an_answer_is_of_unknown_outcome(
    client: HubSpotClient, web: responses.RequestsMock, failure: Exception
) -> None:
    web.add("POST", f"{BASE}{READ}", body=failure)

    with pytest.raises(Transient, match=f"POST {READ} got no answer: {type(failure).__name__}"):
        client.post(READ, {})
    assert len(web.calls) == 2


@pytest.mark.parametrize("path", ["/crm/objects/2026-09/tickets/batch/update", "/crm/properties/x"])
def test_a_write_without_an_answer_is_sent_once(
    client: HubSpotClient, web: responses.RequestsMock, path: str
) -> None:
    web.add("POST", f"{BASE}{path}", body=requests.ReadTimeout())

    with pytest.raises(Transient, match="got no answer"):
        client.post(path, {})
    assert len(web.calls) == 1


@pytest.mark.parametrize("path", [READ, SEARCH, LINKS])
def test_a_read_that_hubspot_failed_on_is_made_once_more(
    client: HubSpotClient, web: responses.RequestsMock, path: str
) -> None:
    web.add("POST", f"{BASE}{path}", status=503)
    web.add("POST", f"{BASE}{path}", json={"results": []})

    assert client.post(path, {}) == {"results": []}


def test_a_read_that_took_long_to_fail_holds_its_slot_no_longer(
    client: HubSpotClient, web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.hubspot.client.FAILED_SOON_S", -1.0)
    web.add("POST", f"{BASE}{READ}", status=504)

    with pytest.raises(Transient):
        client.post(READ, {})
    assert len(web.calls) == 1


def test_a_long_message_is_cut(client: HubSpotClient, web: responses.RequestsMock) -> None:
    assert len(str(refused(client, web, 400, {"message": "x" * 100_000}))) < 1_200
