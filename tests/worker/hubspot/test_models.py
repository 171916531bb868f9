"""What HubSpot's JSON becomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from worker.hubspot import models
from worker.hubspot.errors import Transient
from worker.hubspot.models import parsed

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def entry(**more: Any) -> dict[str, Any]:
    return {"value": "4", "timestamp": "2026-11-23T12:00:00Z", "sourceType": "CRM_UI", **more}


def test_a_record_reads_null_and_absent_properties_as_empty() -> None:
    record = models.record({"id": 17, "properties": {"subject": None, "n": 3, "content": "x"}})

    assert record.id == "17"
    assert [record.get(name) for name in ("subject", "n", "content", "missing")] == [
        "",
        "3",
        "x",
        "",
    ]
    assert not record.archived


def test_a_record_without_properties_is_a_record() -> None:
    assert (
        models.record({"id": "1", "properties": None, "propertiesWithHistory": None}).get("a") == ""
    )


def test_history_is_newest_first_however_hubspot_sends_it() -> None:
    entries = [
        entry(value="old", timestamp="2026-11-23T11:00:00.001Z"),
        entry(value="new", timestamp="2026-11-23T12:00:00.5Z"),
        entry(value="mid", timestamp=1_795_433_400_000),
    ]

    record = models.record({"id": "1", "propertiesWithHistory": {"hs_pipeline_stage": entries}})

    assert [e.value for e in record.history["hs_pipeline_stage"]] == ["new", "mid", "old"]


@pytest.mark.parametrize(
    ("raw", "person"),
    [
        ({"sourceId": "userId:166322228", "updatedByUserId": 166322228}, "166322228"),
        ({"sourceId": "userId:7"}, "7"),
        ({"updatedByUserId": 7, "sourceId": None}, "7"),
        ({"sourceType": "MOBILE_IOS", "sourceId": "userId:7"}, "7"),
        ({"sourceType": "HELP_DESK", "updatedByUserId": 7}, "7"),
        ({"sourceType": "SOMETHING_NEW", "updatedByUserId": 7}, "7"),
        ({"sourceType": "INTEGRATION", "sourceId": "4711", "updatedByUserId": None}, ""),
        ({"sourceType": "INTEGRATION", "sourceId": "4711", "updatedByUserId": 7}, ""),
        ({"sourceType": "API", "sourceId": "userId:7"}, ""),
        ({"sourceType": "AUTOMATION_PLATFORM", "sourceId": "enrollmentId:1"}, ""),
        ({"sourceType": "AUTOMATION_PLATFORM", "updatedByUserId": 7}, ""),
        ({"sourceType": "WORKFLOWS", "updatedByUserId": 7}, ""),
        ({"sourceType": "INTERNAL_PROCESSING", "sourceId": "x"}, ""),
        ({"sourceType": "IMPORT", "sourceId": "1"}, ""),
        ({"sourceType": None, "sourceId": None}, ""),
    ],
)
def test_a_change_is_a_persons_when_a_user_made_it_without_a_machine_between(
    raw: dict[str, Any], person: str
) -> None:
    assert models.history_entry(entry(**raw)).person == person


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00:00.000Z",
        "2026-11-23T12:00:00.0Z",
        "2026-11-23T13:00:00+01:00",
        "2026-11-23T12:00:00",
        "1795435200000",
        1_795_435_200_000,
    ],
)
def test_a_moment_is_read_in_each_of_hubspots_spellings(text: str | int) -> None:
    assert models.moment(text) == NOON
    assert models.moment(text).tzinfo is not None


def test_a_moment_keeps_its_milliseconds_and_its_offset() -> None:
    assert models.moment("2026-11-23T12:00:00.123Z") - NOON == timedelta(milliseconds=123)
    assert models.moment("2026-11-23T12:00:00-05:00") == datetime(
        2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=-5))
    )


def test_associations_come_by_the_id_they_start_from() -> None:
    raw = {
        "results": [
            {
                "from": {"id": "7"},
                "to": [
                    {
                        "toObjectId": 99,
                        "associationTypes": [
                            {"category": "HUBSPOT_DEFINED", "typeId": 26, "label": "Primary"},
                            {"category": "HUBSPOT_DEFINED", "typeId": 339, "label": None},
                        ],
                    },
                    {"toObjectId": "100", "associationTypes": []},
                ],
            },
            {"from": {"id": 8}, "to": []},
        ]
    }

    found = models.associations(raw)

    assert [(a.to_id, a.type_ids, a.labels) for a in found["7"]] == [
        ("99", {26, 339}, {"Primary"}),
        ("100", frozenset(), frozenset()),
    ]
    assert found["8"] == []


def test_pipelines_and_stages_come_in_the_portals_order_without_the_archived() -> None:
    def stage(id_: str, order: int, **more: Any) -> dict[str, Any]:
        return {"id": id_, "label": id_, "displayOrder": order, **more}

    raw = {
        "results": [
            {
                "id": "0",
                "label": "Support Pipeline",
                "displayOrder": 0,
                "stages": [
                    stage("4", 3, metadata={"ticketState": "CLOSED"}),
                    stage("5", 4, metadata={"isClosed": "true"}),
                    stage("1", 0, metadata={"ticketState": "OPEN", "isClosed": "false"}),
                    stage("9", 1, archived=True),
                    stage("2", 1, metadata=None),
                ],
            },
            {"id": "7", "label": "Old", "displayOrder": 1, "archived": True, "stages": []},
        ]
    }

    (pipeline,) = models.pipelines(raw)

    assert [(s.id, s.closed) for s in pipeline.stages] == [
        ("1", False),
        ("2", False),
        ("4", True),
        ("5", True),
    ]


def test_a_definition_keeps_what_an_administrator_has_set_at_its_options() -> None:
    option = {"value": "a", "label": "A", "hidden": True, "displayOrder": 3, "description": "old"}
    raw = {
        "name": "x",
        "label": "X",
        "type": "enumeration",
        "fieldType": "select",
        "options": [option],
        "createdAt": "2026-11-23T12:00:00Z",
    }

    definition = models.property_definition(raw)

    assert definition.options == (("a", "A"),)
    assert definition.options_sent == (option,)
    assert definition.created_at == NOON


def test_a_definition_of_hubspots_own_may_lack_a_date_of_birth() -> None:
    assert models.property_definition({"name": "subject", "type": "string"}).created_at is None


@pytest.mark.parametrize(
    "answer", [None, [], "text", {}, {"results": None}, {"results": [{}]}, {"results": 3}]
)
def test_an_answer_of_an_unknown_shape_is_transient_and_says_of_what(answer: Any) -> None:
    with pytest.raises(Transient, match="answer to list of pipelines has an unknown shape"):
        parsed("list of pipelines", models.pipelines, answer)


@pytest.mark.parametrize("timestamp", ["yesterday", 10**40, -(10**40), None, {}])
def test_a_time_that_is_none_is_an_unknown_shape(timestamp: Any) -> None:
    with pytest.raises(Transient, match="unknown shape"):
        parsed("history", models.history_entry, entry(timestamp=timestamp))


def test_chunks_keep_order_and_size() -> None:
    assert list(models.chunks("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(models.chunks([], 2)) == []
