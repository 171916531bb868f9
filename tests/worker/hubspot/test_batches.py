"""Every id of a batch ends in exactly one place, whatever HubSpot answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.hubspot.batches import is_id, judge_reading, judge_writing, row_errors

IDS = [str(n) for n in range(1, 8)]
some_ids = st.lists(st.sampled_from(IDS), unique=True, max_size=7)
errors: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.fixed_dictionaries(
        {"message": st.sampled_from(["odd", "", "gone"])},
        optional={
            "category": st.sampled_from(["OBJECT_NOT_FOUND", "VALIDATION_ERROR", "INTERNAL_ERROR"]),
            "context": st.one_of(
                st.none(),
                st.fixed_dictionaries({"ids": some_ids}),
                st.fixed_dictionaries({"objectWriteTraceId": some_ids}),
                st.fixed_dictionaries({"id": st.sampled_from(IDS)}),
                st.just([]),
            ),
        },
    ),
    max_size=3,
)
records = st.lists(
    st.builds(
        lambda one, olds: {"id": one, "properties": {"hs_merged_object_ids": ";".join(olds)}},
        st.sampled_from([*IDS, "101", "102", "103"]),
        some_ids,
    ),
    max_size=6,
)
answers = st.fixed_dictionaries(
    {"results": records, "errors": errors}, optional={"numErrors": st.integers(0, 8)}
)


@given(asked=some_ids, raw=answers)
@settings(max_examples=300)
def test_an_id_that_was_read_ends_in_exactly_one_place(
    asked: list[str], raw: dict[str, Any]
) -> None:
    reading, alone = judge_reading(asked, raw)

    places = [
        reading.found.keys(),
        reading.merged.keys(),
        reading.errors.keys(),
        reading.absent,
        alone,
    ]
    assert sorted(one for place in places for one in place) == sorted(asked)
    assert len(asked) > 1 or not alone


@given(asked=some_ids, raw=answers)
@settings(max_examples=300)
def test_a_row_that_was_written_ends_in_exactly_one_place(
    asked: list[str], raw: dict[str, Any]
) -> None:
    rows = judge_writing(asked, raw)

    places = [rows.written, rows.refused.keys(), rows.gone, rows.silent, rows.failed.keys()]
    assert sorted(one for place in places for one in place) == sorted(asked)
    assert rows.written <= {one["id"] for one in raw["results"]}


def test_a_merged_record_comes_back_under_the_id_it_lives_on_under() -> None:
    survivor = {"id": "9", "properties": {"hs_merged_object_ids": "1;2"}}

    reading, alone = judge_reading(["1", "3"], {"results": [survivor, {"id": "3"}]})

    assert reading.merged == {"1": "9"}
    assert list(reading.found) == ["3"]
    assert not alone


def test_both_sides_of_a_merge_asked_for_at_once() -> None:
    survivor = {"id": "9", "properties": {"hs_merged_object_ids": "1"}}

    reading, _ = judge_reading(["9", "1"], {"results": [survivor]})

    assert (list(reading.found), reading.merged) == (["9"], {"1": "9"})


def test_a_merge_that_the_survivor_does_not_tell_of_is_found_by_asking_alone() -> None:
    strangers = {"results": [{"id": "9", "properties": {}}, {"id": "8", "properties": {}}]}

    reading, alone = judge_reading(["1", "2"], strangers)
    assert (reading.merged, reading.absent) == ({}, frozenset())
    assert alone == {"1", "2"}

    reading, alone = judge_reading(["1"], {"results": [{"id": "9", "properties": {}}]})
    assert reading.merged == {"1": "9"}
    assert not alone


def test_an_id_that_was_asked_alone_is_not_asked_again() -> None:
    reading, alone = judge_reading(["1"], {"results": [{"id": "8"}, {"id": "9"}]})

    assert reading.absent == {"1"}
    assert not alone


def test_ids_that_hubspot_knows_nothing_of_are_absent_named_or_not() -> None:
    named = {
        "results": [],
        "numErrors": 1,
        "errors": [
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": "Could not get some TICKET objects, they may be deleted",
                "context": {"ids": ["1", "2"]},
            }
        ],
    }

    assert judge_reading(["1", "2"], named)[0].absent == {"1", "2"}
    assert judge_reading(["1", "2"], {"results": []})[0].absent == {"1", "2"}


def test_an_error_that_names_nobody_is_not_taken_for_a_deleted_record() -> None:
    unnamed = {"results": [{"id": "1"}], "errors": [{"category": "INTERNAL_ERROR"}]}

    reading, _ = judge_reading(["1", "2"], unnamed)

    assert reading.errors == {"2": "INTERNAL_ERROR"}
    assert list(reading.found) == ["1"]


def test_an_error_that_is_only_counted_is_not_taken_for_a_deleted_record() -> None:
    reading, _ = judge_reading(["1", "2"], {"results": [{"id": "1"}], "numErrors": 1})

    assert "2" in reading.errors


@pytest.mark.parametrize("key", ["ids", "id", "objectWriteTraceId", "fromObjectId"])
@pytest.mark.parametrize("value", [["7"], "7", 7, [7]])
def test_a_row_is_named_in_the_context_in_any_of_hubspots_ways(key: str, value: Any) -> None:
    error = {"message": "odd", "category": "VALIDATION_ERROR", "context": {key: value}}

    assert row_errors({"errors": [error]}).named == {"7": "odd"}


def test_a_written_row_with_an_error_beside_it_counts_as_refused() -> None:
    raw = {
        "results": [{"id": "1"}, {"id": "2"}],
        "errors": [{"message": "odd", "context": {"objectWriteTraceId": ["2"]}}],
    }

    rows = judge_writing(["1", "2"], raw)

    assert rows.written == {"1"}
    assert rows.refused == {"2": "odd"}


def test_a_row_that_hubspot_is_silent_about_is_neither_written_nor_refused() -> None:
    rows = judge_writing(["1", "2"], {"results": [{"id": "1"}]})

    assert rows.written == {"1"}
    assert rows.silent == {"2"}


def test_errors_without_names_are_those_of_the_silent_rows_when_there_are_enough() -> None:
    one = {"results": [], "errors": [{"message": "odd"}]}

    assert judge_writing(["1"], one).refused == {"1": "odd"}
    assert judge_writing(["1", "2"], one).silent == {"1", "2"}


@pytest.mark.parametrize("category", ["INTERNAL_ERROR", "RATE_LIMITS"])
def test_hubspots_own_trouble_is_no_refusal_of_a_row_named_or_not(category: str) -> None:
    error = {"message": "odd", "category": category}

    named = judge_writing(["1"], {"results": [], "errors": [{**error, "context": {"ids": ["1"]}}]})
    unnamed = judge_writing(["1"], {"results": [], "errors": [error]})

    assert (named.failed, named.refused) == ({"1": "odd"}, {})
    assert unnamed.silent == {"1"}
    assert unnamed.refused == {}


def test_a_record_that_went_away_before_the_write_is_gone_rather_than_refused() -> None:
    raw = {
        "results": [],
        "errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["1"]}, "message": "gone"}],
    }

    rows = judge_writing(["1"], raw)

    assert rows.gone == {"1"}
    assert rows.refused == {}


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("1", True),
        ("9223372036854775807", True),
        ("9223372036854775808", False),
        ("0", False),
        ("", False),
        ("-1", False),
        ("1 ", False),
        ("12a", False),
        ("²", False),
        ("٣", False),
        ("1" * 5000, False),
    ],
)
def test_what_can_be_a_record_id(text: str, valid: bool) -> None:
    assert is_id(text) is valid
