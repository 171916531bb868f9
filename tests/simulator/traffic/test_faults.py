"""Calls that go wrong, as the network or HubSpot's gateway would have it."""

import time
from typing import Any

import pytest
import requests

from tests.simulator.hub import Hub


def _rule(hub: Hub, kind: str, **more: Any) -> None:
    rule = {"match": r"POST .*/batch/", "kind": kind, **more}
    hub.control("PUT", "/faults", {"rules": [rule]})


@pytest.mark.parametrize("status", [423, 429, 477, 500, 502, 503, 504])
def test_a_status_comes_with_an_error_body_so_many_times(hub: Hub, status: int) -> None:
    _rule(hub, str(status), times=1)

    first, second = hub.read("tickets", ["1"]), hub.read("tickets", ["1"])

    assert first.status_code == status
    assert first.json()["status"] == "error"
    assert second.status_code == 200


def test_a_migration_says_in_seconds_when_to_come_back(hub: Hub) -> None:
    _rule(hub, "477", retry_after_s=7200)

    assert hub.read("tickets", ["1"]).headers["Retry-After"] == "7200"


def test_a_daily_limit_is_told_from_the_ten_second_one(hub: Hub) -> None:
    _rule(hub, "429_daily")

    assert hub.read("tickets", ["1"]).json()["policyName"] == "DAILY"


def test_a_connection_is_reset(hub: Hub) -> None:
    _rule(hub, "reset", times=1)

    with pytest.raises(requests.ConnectionError):
        hub.read("tickets", ["1"])
    assert hub.read("tickets", ["1"]).status_code == 200
    assert hub.control("GET", "/counters")["status"]["0"] == 1


def test_a_body_ends_too_early(hub: Hub) -> None:
    _rule(hub, "truncate", times=1)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        hub.read("tickets", ["1"])


def test_a_gateway_page_comes_with_200(hub: Hub) -> None:
    _rule(hub, "html")

    answer = hub.read("tickets", ["1"])

    assert answer.status_code == 200
    assert "text/html" in answer.headers["content-type"]
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_an_answer_hangs_longer_than_its_reader_waits(hub: Hub) -> None:
    _rule(hub, "timeout", hang_s=2)
    url = f"{hub.base}/crm/objects/2026-09/tickets/batch/read"

    with pytest.raises(requests.ReadTimeout):
        hub.session.post(url, json={"inputs": []}, timeout=0.2)


def test_an_answer_drips(hub: Hub) -> None:
    _rule(hub, "drip", latency_ms=300)

    began = time.monotonic()
    answer = hub.read("tickets", [hub.ticket()])

    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 1
    assert time.monotonic() - began >= 0.25


def test_an_answer_may_fail_after_its_work_was_done(hub: Hub) -> None:
    ticket = hub.ticket()
    _rule(hub, "502", after_write=True)

    answer = hub.update("tickets", {"id": ticket, "properties": {"subject": "new"}})

    assert answer.status_code == 502
    assert hub.truth("tickets", ticket)["properties"]["subject"] == "new"


def test_without_that_a_failed_call_did_nothing(hub: Hub) -> None:
    ticket = hub.ticket()
    _rule(hub, "502")

    hub.update("tickets", {"id": ticket, "properties": {"subject": "new"}})

    assert hub.truth("tickets", ticket)["properties"]["subject"] == "Help"


@pytest.mark.parametrize(("version", "status"), [("2026-03", 207), ("2026-09", 200)])
def test_some_rows_of_a_batch_fail(hub: Hub, version: str, status: int) -> None:
    hub.version = version
    tickets = [hub.ticket() for _ in range(20)]
    _rule(hub, "row_errors", share=0.5)

    answer = hub.update(
        "tickets", *({"id": ticket, "properties": {"subject": "new"}} for ticket in tickets)
    )

    assert answer.status_code == status
    written = {row["id"] for row in answer.json()["results"]}
    assert 0 < len(written) < 20
    assert answer.json()["numErrors"] == 20 - len(written)
    changed = {t for t in tickets if hub.truth("tickets", t)["properties"]["subject"] == "new"}
    assert changed == written


def test_a_rule_strikes_about_as_often_as_it_says(hub: Hub) -> None:
    hub.settings(rates_enabled=False)
    _rule(hub, "503", probability=0.3)

    struck = sum(hub.read("tickets", ["1"]).status_code == 503 for _ in range(200))

    assert 35 <= struck <= 85


@pytest.mark.parametrize(
    "rule", [{"kind": "explode"}, {"kind": "500", "match": "("}, {"kind": "500", "often": 1}]
)
def test_a_rule_that_makes_no_sense_is_refused(hub: Hub, rule: dict[str, Any]) -> None:
    answer = hub.session.put(f"{hub.base}/__control/faults", json={"rules": [rule]}, timeout=5)

    assert answer.status_code == 400
