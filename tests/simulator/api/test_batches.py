"""Batches: their limits, their duplicates, and what one bad row does to the others."""

from typing import Any

import pytest

from tests.simulator.hub import Hub


def _row(ticket: str, trace: str | None = None, **values: str) -> dict[str, Any]:
    row: dict[str, Any] = {"id": ticket, "properties": values}
    return row if trace is None else {**row, "objectWriteTraceId": trace}


def test_a_hundred_are_read_and_a_hundred_and_one_refused(hub: Hub) -> None:
    ids = [str(number) for number in range(101)]

    assert hub.read("tickets", ids[:100]).status_code == 200
    assert hub.read("tickets", ids).status_code == 400


def test_with_history_fifty_is_the_limit(hub: Hub) -> None:
    ids = [str(number) for number in range(51)]
    history = {"propertiesWithHistory": ["hs_pipeline_stage"]}

    refused = hub.read("tickets", ids, **history)

    assert refused.status_code == 400
    assert "property histories is 50" in refused.json()["message"]
    assert hub.read("tickets", ids[:50], **history).status_code == 200


def test_one_duplicate_id_refuses_the_whole_batch(hub: Hub) -> None:
    ticket = hub.ticket()

    for answer in (
        hub.read("tickets", [ticket, ticket]),
        hub.update("tickets", _row(ticket, subject="a"), _row(ticket, subject="b")),
    ):
        assert answer.status_code == 400
        assert answer.json()["message"] == (
            f"Duplicate IDs found in batch input: [{ticket}]. IDs must be unique"
        )
    assert hub.truth("tickets", ticket)["properties"]["subject"] == "Help"


@pytest.mark.parametrize(("version", "status"), [("2026-03", 207), ("2026-09", 200)])
def test_ids_that_are_not_there_stand_in_errors(hub: Hub, version: str, status: int) -> None:
    hub.version = version
    ticket, archived = hub.ticket(), hub.ticket()
    hub.act("user", "1", "archive", object_type="tickets", id=archived)

    answer = hub.read("tickets", [ticket, "5", archived])

    assert answer.status_code == status
    assert [row["id"] for row in answer.json()["results"]] == [ticket]
    assert answer.json()["numErrors"] == 1
    assert answer.json()["errors"][0]["context"]["ids"] == ["5", archived]
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"


def test_ids_that_are_not_there_may_be_silently_absent_by_assumption(hub: Hub) -> None:
    hub.assume(missing_ids_named_in_errors=False)

    answer = hub.read("tickets", ["5"])

    assert answer.status_code == 200
    assert answer.json()["results"] == []
    assert "errors" not in answer.json()


def test_2026_09_may_answer_207_by_assumption(hub: Hub) -> None:
    hub.assume(partial_failure_is_207_in_2026_09=True)

    assert hub.read("tickets", ["5"]).status_code == 207


def test_a_merged_id_is_answered_once_under_the_id_that_remains(hub: Hub) -> None:
    one, other = hub.ticket(), hub.ticket()
    kept = hub.act("user", "1", "merge", object_type="tickets", id=other, into_id=one)["id"]

    answer = hub.read("tickets", [one, other])

    assert [row["id"] for row in answer.json()["results"]] == [kept]


def test_merged_ids_may_be_lost_by_assumption(hub: Hub) -> None:
    one, other = hub.ticket(), hub.ticket()
    hub.act("user", "1", "merge", object_type="tickets", id=other, into_id=one)
    hub.assume(merged_ids_resolve=False)

    assert hub.read("tickets", [one, other]).json()["results"] == []


def test_an_untraced_bad_row_refuses_all_and_nothing_is_written(hub: Hub) -> None:
    good, bad = hub.ticket(), hub.ticket()

    answer = hub.update("tickets", _row(good, subject="new"), _row(bad, hs_pipeline_stage="nope"))

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"
    assert hub.truth("tickets", good)["properties"]["subject"] == "Help"


def test_a_traced_bad_row_fails_alone(hub: Hub) -> None:
    good, bad = hub.ticket(), hub.ticket()

    answer = hub.update(
        "tickets",
        _row(good, "t1", subject="new"),
        _row(bad, "t2", hs_pipeline_stage="nope"),
    )

    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()["results"]] == [good]
    assert answer.json()["results"][0]["objectWriteTraceId"] == "t1"
    assert answer.json()["errors"][0]["context"]["objectWriteTraceId"] == ["t2"]
    assert hub.truth("tickets", good)["properties"]["subject"] == "new"


def test_an_unknown_id_in_an_update_fails_alone(hub: Hub) -> None:
    good = hub.ticket()

    answer = hub.update("tickets", _row(good, subject="new"), _row("5", subject="new"))

    assert answer.json()["numErrors"] == 1
    assert hub.truth("tickets", good)["properties"]["subject"] == "new"


def test_tasks_are_created_by_the_batch_with_201(hub: Hub) -> None:
    rows = [{"properties": {"hs_timestamp": str(n), "hs_task_subject": "t"}} for n in (1, 2)]

    answer = hub.post("/crm/objects/{v}/tasks/batch/create", {"inputs": rows})

    assert answer.status_code == 201
    assert len(answer.json()["results"]) == 2


def test_upsert_says_which_were_new(hub: Hub) -> None:
    path = "/crm/objects/{v}/contacts/batch/upsert"
    row = {"id": "a@client.example", "idProperty": "email", "properties": {"firstname": "A"}}

    first = hub.post(path, {"inputs": [row]}).json()["results"][0]
    row["properties"] = {"firstname": "B"}
    second = hub.post(path, {"inputs": [row]}).json()["results"][0]

    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]
    assert hub.truth("contacts", first["id"])["properties"]["firstname"] == "B"


def test_archiving_is_204_whatever_was_there(hub: Hub) -> None:
    ticket = hub.ticket()
    body = {"inputs": [{"id": ticket}, {"id": "5"}]}

    assert hub.post("/crm/objects/{v}/tickets/batch/archive", body).status_code == 204
    assert hub.post("/crm/objects/{v}/tickets/batch/archive", body).status_code == 204
    assert hub.truth("tickets", ticket)["archived"] is True


def test_results_may_come_in_any_order_by_assumption(hub: Hub) -> None:
    ids = [hub.ticket() for _ in range(12)]
    hub.assume(results_in_input_order=False)

    shown = [row["id"] for row in hub.read("tickets", ids).json()["results"]]

    assert shown != ids
    assert sorted(shown) == sorted(ids)
