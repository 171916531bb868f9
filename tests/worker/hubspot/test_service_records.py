"""Reading and writing records: full batches, and every id accounted for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses
from requests import PreparedRequest

from tests.worker.hubspot.conftest import BASE
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import RateLimited, Rejected, Transient
from worker.hubspot.models import Update
from worker.hubspot.service import HubSpotService

READ = f"{BASE}/crm/objects/2026-09/tickets/batch/read"
UPDATE = f"{BASE}/crm/objects/2026-09/tickets/batch/update"
Json = dict[str, Any]


def sent(web: responses.RequestsMock) -> list[Json]:
    """The bodies of all calls, in order."""
    return [json.loads(call.request.body or "null") for call in web.calls]


def asked_ids(body: Json) -> list[str]:
    return [row["id"] for row in body["inputs"]]


def answering(
    web: responses.RequestsMock, url: str, answer: Callable[[list[str]], tuple[int, Json]]
) -> None:
    """Let HubSpot answer a batch by its ids."""

    def reply(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        status, body = answer(asked_ids(json.loads(request.body or "")))
        return status, {}, json.dumps(body)

    web.add_callback("POST", url, callback=reply)


def everything(ids: list[str]) -> tuple[int, Json]:
    return 200, {"status": "COMPLETE", "results": [{"id": one, "properties": {}} for one in ids]}


def rows(count: int) -> list[Update]:
    return [Update(str(n), {"subject": "x"}) for n in range(1, count + 1)]


# ---- reading


@pytest.mark.parametrize(
    ("count", "history", "sizes"),
    [
        (0, [], []),
        (1, [], [1]),
        (100, [], [100]),
        (101, [], [100, 1]),
        (50, ["hs_pipeline_stage"], [50]),
        (51, ["hs_pipeline_stage"], [50, 1]),
    ],
)
def test_records_are_read_in_full_batches(
    hubspot: HubSpotService,
    web: responses.RequestsMock,
    count: int,
    history: list[str],
    sizes: list[int],
) -> None:
    answering(web, READ, everything)
    ids = [str(n) for n in range(1, count + 1)]

    reading = hubspot.read("tickets", ids, ["subject"], history)

    assert sorted((len(b["inputs"]) for b in sent(web)), reverse=True) == sizes
    assert reading.found.keys() == set(ids)
    assert all(("propertiesWithHistory" in b) == bool(history) for b in sent(web))


def test_an_id_asked_for_twice_is_sent_once(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    """HubSpot refuses the whole batch for a duplicate."""
    answering(web, READ, everything)

    hubspot.read("tickets", ["1", "2", "1"], ["subject"])

    assert asked_ids(sent(web)[0]) == ["1", "2"]


def test_properties_go_out_and_come_back_under_the_portals_names(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    record = {
        "id": "1",
        "properties": {"team": "ocr", "subject": "x"},
        "propertiesWithHistory": {"team": [{"value": "ocr", "timestamp": 1}]},
    }
    web.add("POST", READ, json={"results": [record]})

    reading = hubspot.read("tickets", ["1"], ["routing_queue", "subject"], ["routing_queue"])

    body = sent(web)[0]
    assert body["properties"] == ["team", "subject", "hs_merged_object_ids"]
    assert body["propertiesWithHistory"] == ["team"]
    assert reading.found["1"].get("routing_queue") == "ocr"
    assert reading.found["1"].history["routing_queue"][0].value == "ocr"


def test_each_id_is_found_merged_in_error_or_absent(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    web.add(
        "POST",
        READ,
        status=207,
        json={
            "status": "COMPLETE",
            "results": [
                {"id": "1", "properties": {"subject": "here"}},
                {"id": "22", "properties": {"hs_merged_object_ids": "2;77"}},
            ],
            "numErrors": 2,
            "errors": [
                {"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["3"]}},
                {"category": "INTERNAL_ERROR", "message": "oops", "context": {"ids": ["4"]}},
            ],
        },
    )

    reading = hubspot.read("tickets", ["1", "2", "3", "4", "5"], ["subject"])

    assert list(reading.found) == ["1"]
    assert reading.merged == {"2": "22"}
    assert reading.errors == {"4": "oops"}
    assert reading.absent == {"3", "5"}


@pytest.mark.parametrize("status", [200, 207])
def test_errors_count_whatever_the_status_is(
    hubspot: HubSpotService, web: responses.RequestsMock, status: int
) -> None:
    """HubSpot: 2026-09 answers 200 with errors where older versions answer 207."""
    error = {"category": "INTERNAL_ERROR", "message": "oops", "context": {"ids": ["1"]}}
    web.add("POST", READ, status=status, json={"results": [], "errors": [error], "numErrors": 1})

    assert hubspot.read("tickets", ["1"], []).errors == {"1": "oops"}


def test_what_can_not_be_an_id_is_told_and_never_sent(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    """One of them would make HubSpot refuse the other ninety-nine."""
    answering(web, READ, everything)

    reading = hubspot.read("tickets", ["1", "12a", "", "²"], [])

    assert asked_ids(sent(web)[0]) == ["1"]
    assert list(reading.found) == ["1"]
    assert reading.errors["12a"] == "'12a' is no record id"
    assert reading.errors.keys() == {"12a", "", "²"}


def test_merges_that_name_nothing_are_told_apart_one_by_one(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    lives_on_as = {"1": "91", "2": "92"}

    def reply(ids: list[str]) -> tuple[int, Json]:
        return 200, {"results": [{"id": lives_on_as[i]} for i in ids if i in lives_on_as]}

    answering(web, READ, reply)

    reading = hubspot.read("tickets", ["1", "2", "3"], [])

    assert reading.merged == lives_on_as
    assert reading.absent == {"3"}
    assert len(web.calls) == 4


@pytest.mark.parametrize("answer", [b"", b"null", b"[]", b"{}", b'{"results": [{}]}', b"<html>"])
def test_a_read_whose_answer_is_no_batch_is_transient(
    hubspot: HubSpotService, web: responses.RequestsMock, answer: bytes
) -> None:
    web.add("POST", READ, body=answer)

    with pytest.raises(Transient):
        hubspot.read("tickets", ["1"], [])


# ---- writing


def test_rows_are_written_in_full_batches_under_the_portals_names(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    answering(web, UPDATE, everything)
    some = [Update(row.id, {"routing_queue": "ocr"}) for row in rows(250)]

    writing = hubspot.update("tickets", some)

    bodies = sent(web)
    assert sorted(len(b["inputs"]) for b in bodies) == [50, 100, 100]
    first = next(row for b in bodies for row in b["inputs"] if row["id"] == "1")
    assert first == {"id": "1", "properties": {"team": "ocr"}, "objectWriteTraceId": "1"}
    assert writing.written == {row.id for row in some}
    assert not writing.refused
    assert not writing.unknown


@pytest.mark.parametrize("status", [200, 207])
def test_a_refused_row_costs_itself_alone(
    hubspot: HubSpotService, web: responses.RequestsMock, status: int
) -> None:
    error = {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "message": "Property values were not valid",
        "context": {"objectWriteTraceId": ["2"]},
    }
    results = [{"id": "1"}, {"id": "3"}]
    web.add(
        "POST", UPDATE, status=status, json={"results": results, "numErrors": 1, "errors": [error]}
    )

    writing = hubspot.update("tickets", rows(3))

    assert writing.written == {"1", "3"}
    assert writing.refused == {"2": "Property values were not valid"}
    assert not writing.unknown
    assert len(web.calls) == 1


@pytest.mark.parametrize("bad", [{"1"}, {"100"}, {"37", "38"}, {"1", "50", "51", "100"}])
def test_a_refused_batch_is_split_until_the_bad_rows_stand_alone(
    hubspot: HubSpotService, web: responses.RequestsMock, bad: set[str]
) -> None:
    def reply(ids: list[str]) -> tuple[int, Json]:
        if bad.intersection(ids):
            return 400, {"message": "one of these is odd", "category": "VALIDATION_ERROR"}
        return everything(ids)

    answering(web, UPDATE, reply)

    writing = hubspot.update("tickets", rows(100))

    assert writing.refused.keys() == bad
    assert all("one of these is odd" in why for why in writing.refused.values())
    assert len(writing.written) == 100 - len(bad)
    written_in = [i for b in sent(web) for i in asked_ids(b) if not bad.intersection(asked_ids(b))]
    assert len(written_in) == len(set(written_in))
    assert len(web.calls) <= 2 * 8 * len(bad)


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 500},
        {"status": 504},
        {"status": 200, "body": b"<html>"},
        {"status": 200, "body": b""},
        {"status": 200, "json": {"results": "?"}},
        {"body": ConnectionResetError()},
        {"body": TimeoutError()},
    ],
)
def test_a_write_of_unknown_outcome_is_never_sent_again(
    hubspot: HubSpotService, web: responses.RequestsMock, failure: dict[str, Any]
) -> None:
    web.add("POST", UPDATE, **failure)

    writing = hubspot.update("tickets", rows(3))

    assert writing.unknown.keys() == {"1", "2", "3"}
    assert all(isinstance(error, Transient) for error in writing.unknown.values())
    assert not writing.written
    assert len(web.calls) == 1


def test_a_limit_holds_rows_back_and_keeps_its_waiting_time(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    web.add("POST", UPDATE, status=429, headers={"Retry-After": "4"})

    (error,) = hubspot.update("tickets", rows(1)).unknown.values()

    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 4


def test_one_batch_of_unknown_outcome_leaves_the_others_alone(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    def reply(ids: list[str]) -> tuple[int, Json]:
        return (502, {}) if "1" in ids else everything(ids)

    answering(web, UPDATE, reply)

    writing = hubspot.update("tickets", rows(150))

    assert len(writing.unknown) == 100
    assert len(writing.written) == 50


def test_a_silent_row_is_of_unknown_outcome(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    web.add("POST", UPDATE, json={"status": "COMPLETE", "results": [{"id": "1"}]})

    writing = hubspot.update("tickets", rows(2))

    assert writing.written == {"1"}
    assert "did not say" in str(writing.unknown["2"])


def test_a_record_that_is_gone_by_now_starts_again_at_reading(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    error = {"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["2"]}}
    web.add("POST", UPDATE, json={"results": [{"id": "1"}], "numErrors": 1, "errors": [error]})

    writing = hubspot.update("tickets", rows(2))

    assert list(writing.unknown) == ["2"]
    assert not writing.refused


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_no_fault_of_a_row(
    hubspot: HubSpotService, web: responses.RequestsMock, status: int
) -> None:
    web.add("POST", UPDATE, status=status, json={"category": "MISSING_SCOPES"})

    with pytest.raises(Rejected) as caught:
        hubspot.update("tickets", rows(100))

    assert caught.value.about_access
    assert len(web.calls) == 1


def test_a_token_refused_half_way_does_not_hide_what_was_written(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    calls: list[int] = []

    def reply(ids: list[str]) -> tuple[int, Json]:
        calls.append(1)
        return everything(ids) if len(calls) == 1 else (401, {})

    answering(web, UPDATE, reply)

    writing = hubspot.update("tickets", rows(150))

    assert len(writing.written) + len(writing.unknown) == 150
    assert writing.written
    assert not writing.refused


def test_nothing_to_write_is_no_call(hubspot: HubSpotService, web: responses.RequestsMock) -> None:
    assert not hubspot.update("tickets", []).written
    assert len(web.calls) == 0


def test_the_version_stands_in_every_path(
    client: HubSpotClient, web: responses.RequestsMock
) -> None:
    answering(web, READ.replace("2026-09", "2026-03"), everything)

    HubSpotService(client, "2026-03").read("tickets", ["1"], [])

    assert len(web.calls) == 1
