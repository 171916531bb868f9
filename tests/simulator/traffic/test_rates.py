"""The limits of calls: who counts where, what a 429 says, and what the headers tell."""

import time
from datetime import UTC, datetime

import pytest

from simulator.rules.refusals import Refusal
from simulator.settings import Settings
from simulator.traffic.rates import Rates
from tests.simulator.hub import Hub

_READ = {"inputs": [{"id": "1"}], "properties": []}


@pytest.mark.parametrize(("tier", "limit"), [("starter", 100), ("professional", 190)])
def test_the_call_above_the_ten_second_limit_is_refused(hub: Hub, tier: str, limit: int) -> None:
    hub.settings(tier=tier)
    for _ in range(limit):
        last = hub.read("tickets", ["1"])
    refused = hub.read("tickets", ["1"])

    assert last.status_code == 200
    assert last.headers["X-HubSpot-RateLimit-Max"] == str(limit)
    assert last.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert last.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert refused.status_code == 429
    body = refused.json()
    assert body["policyName"] == "TEN_SECONDLY_ROLLING"
    assert body["message"] == "You have reached your ten_secondly_rolling limit."
    assert body["errorType"] == "RATE_LIMIT"
    assert "Retry-After" not in refused.headers
    counters = hub.control("GET", "/counters")
    assert counters["max_ten_secondly_in_window"] == limit
    assert counters["status"]["429"] == 1


def test_the_sixth_search_of_a_second_is_refused_without_any_rate_header(hub: Hub) -> None:
    answers = [hub.search("tickets") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[5].json()["policyName"] == "SECONDLY"
    for answer in answers:
        assert not [name for name in answer.headers if "ratelimit" in name.lower()]


def test_searches_links_and_labels_do_not_count_in_the_ten_seconds(hub: Hub) -> None:
    hub.search("tickets")
    hub.post("/crm/associations/{v}/tickets/companies/batch/read", {"inputs": [{"id": "1"}]})
    hub.get("/crm/associations/{v}/contacts/companies/labels")
    hub.read("tickets", ["1"])

    counters = hub.control("GET", "/counters")

    assert counters["ten_secondly"] == 1
    assert counters["search"] == 1
    assert counters["associations"] == 1
    assert counters["total"] == 4
    usage = hub.get("/account-info/{v}/api-usage/daily/private-apps").json()["results"][0]
    assert usage["currentUsage"] == 5


def test_links_have_a_bucket_of_their_own(hub: Hub) -> None:
    hub.settings(tier="starter")
    path = "/crm/associations/{v}/tickets/companies/batch/read"

    statuses = [hub.post(path, {"inputs": [{"id": "1"}]}).status_code for _ in range(101)]

    assert statuses == [200] * 100 + [429]
    assert hub.read("tickets", ["1"]).status_code == 200


def test_counters_name_endpoints_by_type_and_hide_ids(hub: Hub) -> None:
    ticket = hub.ticket()
    hub.read("0-5", [ticket])
    hub.get(f"/crm/objects/{{v}}/tickets/{ticket}")
    hub.version = "2026-03"
    hub.read("tickets", [ticket])

    assert hub.control("GET", "/counters")["by_endpoint"] == {
        "GET /crm/objects/{v}/tickets/{id}": 1,
        "POST /crm/objects/{v}/tickets/batch/read": 2,
    }
    hub.control("POST", "/counters/reset")
    assert hub.control("GET", "/counters")["total"] == 0


def test_rates_can_be_switched_off(hub: Hub) -> None:
    hub.settings(rates_enabled=False)

    assert {hub.search("tickets").status_code for _ in range(20)} == {200}


def test_a_retry_after_may_come_by_assumption(hub: Hub) -> None:
    hub.assume(retry_after_on_429=True)

    refused = [hub.search("tickets") for _ in range(6)][-1]

    assert refused.headers["Retry-After"] == "1"


def test_the_day_ends_at_midnight_of_the_accounts_time_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def at(hour: int, minute: int) -> None:
        then = datetime(2026, 11, 24, hour, minute, tzinfo=UTC).timestamp()
        monkeypatch.setattr(time, "time", lambda: then)

    at(4, 59)  # a minute before midnight in New York
    rates = Rates(Settings(time_zone="America/New_York"))
    rates.daily = 625_000
    with pytest.raises(Refusal) as refused:
        rates.admit("ten_secondly")
    assert refused.value.status == 429
    assert refused.value.body()["policyName"] == "DAILY"
    assert refused.value.body()["message"] == "You have reached your daily limit."
    assert refused.value.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "0"

    at(5, 0)
    rates.admit("ten_secondly")
    assert rates.daily == 1
