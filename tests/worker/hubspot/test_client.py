"""What leaves the gateway, and what comes back when HubSpot is well."""

from __future__ import annotations

import gzip
import traceback
from pathlib import Path
from typing import Any

import orjson
import pytest
import responses
from pydantic import SecretStr
from responses import matchers

from tests.worker.hubspot.conftest import BASE, TOKEN, Quota
from worker.hubspot.client import CONNECT_S, READ_S, HubSpotClient, bucket_of
from worker.hubspot.errors import HubSpotError, Transient
from worker.hubspot.limits import Bucket

OWNERS = "/crm/owners/2026-09"


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_a_body_goes_out_as_json_with_the_bearer_token(
    client: HubSpotClient, web: responses.RequestsMock, method: str
) -> None:
    web.add(
        method,
        f"{BASE}/x",
        json={"ok": True},
        match=[
            matchers.json_params_matcher({"inputs": [{"id": "1"}]}),
            matchers.header_matcher(
                {
                    "Authorization": f"Bearer {TOKEN}",
                    "Content-Type": "application/json",
                    "User-Agent": "hubspot-ticket-worker",
                }
            ),
        ],
    )
    send = {"POST": client.post, "PATCH": client.patch, "PUT": client.put}[method]

    assert send("/x", {"inputs": [{"id": "1"}]}) == {"ok": True}


def test_an_empty_object_is_sent_as_a_body_too(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    web.add("POST", f"{BASE}/x", json={}, match=[matchers.json_params_matcher({})])

    client.post("/x", {})

    assert web.calls[0].request.body == "{}"


def test_a_get_carries_its_query_escaped(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    query = {"email": "a+b@c.example", "limit": 100}
    web.add(
        "GET",
        f"{BASE}{OWNERS}",
        json={"results": []},
        match=[matchers.query_param_matcher({k: str(v) for k, v in query.items()})],
    )

    assert client.get(OWNERS, query) == {"results": []}
    assert "a%2Bb%40c.example" in str(web.calls[0].request.url)


def test_every_call_has_time_outs_and_follows_no_redirect(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    elsewhere = web.add("GET", "https://elsewhere.example/", json={})
    web.add(
        "GET",
        f"{BASE}{OWNERS}",
        status=302,
        headers={"Location": "https://elsewhere.example/"},
        match=[matchers.request_kwargs_matcher({"timeout": (CONNECT_S, READ_S), "stream": True})],
    )

    with pytest.raises(Transient, match="redirect 302"):
        client.get(OWNERS)
    assert elsewhere.call_count == 0
    assert CONNECT_S < 5
    assert READ_S <= 10


def test_the_environment_and_netrc_change_nothing(
    quota: Quota,
    web: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.hubapi.com login thief password thief\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://thief.example:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "thief.pem"))
    seen: dict[str, Any] = {}

    def matches(request: Any) -> tuple[bool, str]:
        seen.update(request.req_kwargs)
        return True, ""

    web.add("GET", f"{BASE}{OWNERS}", json={}, match=[matches])

    HubSpotClient(SecretStr(TOKEN), BASE, quota).get(OWNERS)

    assert not seen["proxies"]
    assert seen["verify"] is True
    assert web.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_cookies_are_neither_kept_nor_sent(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    web.add("GET", f"{BASE}{OWNERS}", json={}, headers={"Set-Cookie": "__cf_bm=1; Path=/"})

    client.get(OWNERS)
    client.get(OWNERS)

    assert all("Cookie" not in call.request.headers for call in web.calls)


@pytest.mark.parametrize(
    ("path", "bucket"),
    [
        ("/crm/objects/2026-09/tickets/search", Bucket.SEARCH),
        ("/crm/objects/2026-09/companies/search", Bucket.SEARCH),
        ("/crm/associations/2026-09/tickets/companies/batch/read", Bucket.ASSOCIATIONS),
        ("/crm/associations/2026-09/contacts/companies/labels", Bucket.ASSOCIATIONS),
        ("/crm/objects/2026-09/tickets/batch/read", Bucket.TEN_SECONDS),
        ("/crm/objects/2026-09/tickets/1/associations/companies", Bucket.TEN_SECONDS),
        ("/crm/properties/2026-09/tickets", Bucket.TEN_SECONDS),
        ("/crm/limits/2026-09/associations/labels", Bucket.TEN_SECONDS),
        ("/account-info/2026-09/details", Bucket.TEN_SECONDS),
    ],
)
def test_a_call_takes_its_place_in_the_bucket_that_hubspot_counts_it_in(
    client: HubSpotClient, quota: Quota, web: responses.RequestsMock, path: str, bucket: Bucket
) -> None:
    web.add("GET", f"{BASE}{path}", json={}, headers={"X-HubSpot-RateLimit-Max": "190"})

    client.get(path)

    assert bucket_of(path) is bucket
    assert quota.asked == [bucket]
    assert quota.learned[0][0] is bucket
    assert quota.learned[0][1]["x-hubspot-ratelimit-max"] == "190"


def test_no_place_no_call(
    quota: Quota, web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Bucket) -> None:
        raise Transient("no place")

    monkeypatch.setattr(quota, "acquire", refuse)
    with pytest.raises(Transient, match="no place"):
        HubSpotClient(SecretStr(TOKEN), BASE, quota).get(OWNERS)
    assert len(web.calls) == 0


def test_each_call_is_told_of_also_when_it_fails(quota: Quota, web: responses.RequestsMock) -> None:
    told: list[tuple[str, int]] = []
    client = HubSpotClient(
        SecretStr(TOKEN),
        BASE,
        quota,
        on_call=lambda bucket, status, _: told.append((bucket, status)),
    )
    web.add("GET", f"{BASE}/good", json={})
    web.add("GET", f"{BASE}/bad", status=500)
    web.add("GET", f"{BASE}/lost", body=ConnectionResetError())

    client.get("/good")
    for path in ("/bad", "/lost"):
        with pytest.raises(Transient):
            client.get(path)

    statuses = (200, 500, 500, 0, 0)  # a read that fails is made once more
    assert told == [("ten_seconds", status) for status in statuses]


@pytest.mark.parametrize("status", [200, 201, 202, 207])
def test_any_2xx_with_json_is_an_answer(
    client: HubSpotClient, web: responses.RequestsMock, status: int
) -> None:
    web.add("GET", f"{BASE}{OWNERS}", json={"results": []}, status=status)

    assert client.get(OWNERS) == {"results": []}


@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_body_is_none(
    client: HubSpotClient, web: responses.RequestsMock, status: int
) -> None:
    web.add("GET", f"{BASE}{OWNERS}", body=b"", status=status)

    assert client.get(OWNERS) is None


@pytest.mark.parametrize(
    "body", [b"<!doctype html><h1>Maintenance</h1>", b'{"results": [', b"\xff\xfe", b"[" * 200_000]
)
def test_a_200_that_is_no_json_is_of_unknown_outcome(
    client: HubSpotClient, web: responses.RequestsMock, body: bytes
) -> None:
    web.add("POST", f"{BASE}/x", body=body, status=200)

    with pytest.raises(Transient, match="POST /x with 200 and no JSON"):
        client.post("/x", {})


def test_a_text_cut_inside_an_emoji_does_not_make_the_answer_unreadable(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    web.add("GET", f"{BASE}/x", body=b'{"cut": "ok \\ud83d", "whole": "\\ud83d\\ude00", "n": 7}')

    said = client.get("/x")

    assert said == {"cut": "ok ?", "whole": "😀", "n": 7}
    assert orjson.loads(orjson.dumps(said)) == said


def test_a_compressed_answer_is_read(client: HubSpotClient, web: responses.RequestsMock) -> None:
    web.add(
        "GET",
        f"{BASE}/x",
        body=gzip.compress(b'{"a": 1}'),
        headers={"Content-Encoding": "gzip"},
    )

    assert client.get("/x") == {"a": 1}
    assert "gzip" in web.calls[0].request.headers["Accept-Encoding"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_the_token_is_in_no_repr_and_no_error_even_when_a_proxy_quotes_it(
    client: HubSpotClient, web: responses.RequestsMock, status: int
) -> None:
    quoting = {
        "message": f"refused: Authorization: Bearer {TOKEN}",
        "category": "MISSING_SCOPES",
        "errors": [{"message": f"token {TOKEN}"}],
    }
    web.add("GET", f"{BASE}{OWNERS}", json=quoting, status=status)

    with pytest.raises(HubSpotError) as caught:
        client.get(OWNERS)

    shown = "".join(traceback.format_exception(caught.value, limit=None))
    assert TOKEN not in f"{shown}{caught.value!r}{client!r}{client}"
    assert "refused: Authorization: Bearer …" in str(caught.value)


def test_the_token_is_in_no_log_line(
    client: HubSpotClient, web: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    web.add("GET", f"{BASE}{OWNERS}", status=429, json={"message": TOKEN, "policyName": "DAILY"})

    with pytest.raises(HubSpotError):
        client.get(OWNERS)

    out = capsys.readouterr()
    assert "hubspot_limit_hit" in out.out + out.err
    assert TOKEN not in out.out + out.err
