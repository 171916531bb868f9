"""Search: filters, pages, the ceiling, and what it does not see yet."""

import pytest

from tests.simulator.hub import Hub, where


@pytest.fixture
def tickets(hub: Hub) -> list[str]:
    """Three tickets that differ: one by form, one urgent, one closed; no rate limits."""
    hub.settings(rates_enabled=False)
    return [
        hub.ticket(subject="Scanner broken", source_type="FORM"),
        hub.ticket(subject="Invoice stuck", properties={"hs_ticket_priority": "URGENT"}),
        hub.ticket(subject="Old scanner", stage="4", created_at="2025-01-05T10:00:00Z"),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (where("hs_pipeline_stage", "EQ", "4"), [2]),
        (where("hs_pipeline_stage", "NEQ", "4"), [0, 1]),
        (where("hs_pipeline_stage", "IN", values=["1", "2"]), [0, 1]),
        (where("hs_pipeline_stage", "NOT_IN", values=["1"]), [2]),
        (where("hs_ticket_priority", "HAS_PROPERTY"), [1]),
        (where("hs_ticket_priority", "NOT_HAS_PROPERTY"), [0, 2]),
        (where("subject", "CONTAINS_TOKEN", "scanner"), [0, 2]),
        (where("subject", "CONTAINS_TOKEN", "scan*"), [0, 2]),
        (where("subject", "NOT_CONTAINS_TOKEN", "scanner"), [1]),
        (where("subject", "EQ", "INVOICE STUCK"), [1]),
        (where("createdate", "LT", "2026-01-01"), [2]),
        (where("createdate", "GTE", "1767225600000"), [0, 1]),
        (where("createdate", "BETWEEN", "2025-01-01", highValue="2025-12-31"), [2]),
        (where("hs_is_closed", "EQ", "true"), [2]),
    ],
)
def test_each_operator_finds_what_it_says(
    hub: Hub, tickets: list[str], given: dict[str, str], expected: list[int]
) -> None:
    found = hub.found("tickets", given, sorts=[{"propertyName": "hs_object_id"}])

    assert found == [tickets[place] for place in expected]


def test_filters_of_a_group_must_all_hold_and_groups_are_alternatives(
    hub: Hub, tickets: list[str]
) -> None:
    body = {
        "filterGroups": [
            {
                "filters": [
                    where("subject", "CONTAINS_TOKEN", "scanner"),
                    where("hs_is_closed", "EQ", "true"),
                ]
            },
            {"filters": [where("hs_ticket_priority", "EQ", "URGENT")]},
        ]
    }

    answer = hub.post("/crm/objects/{v}/tickets/search", body).json()

    assert {row["id"] for row in answer["results"]} == {tickets[1], tickets[2]}
    assert answer["total"] == 2


def test_in_on_a_text_wants_lower_case(hub: Hub, tickets: list[str]) -> None:
    assert hub.found("tickets", where("subject", "IN", values=["scanner broken"])) == [tickets[0]]
    assert hub.found("tickets", where("subject", "IN", values=["Scanner broken"])) == []


def test_without_a_sort_the_oldest_comes_first(hub: Hub, tickets: list[str]) -> None:
    assert hub.found("tickets") == [tickets[2], tickets[0], tickets[1]]


def test_one_sort_is_allowed_and_two_are_not(hub: Hub, tickets: list[str]) -> None:
    down = [{"propertyName": "createdate", "direction": "DESCENDING"}]

    assert hub.found("tickets", sorts=down)[-1] == tickets[2]
    assert hub.search("tickets", sorts=[*down, *down]).status_code == 400


def test_pages_follow_each_other_until_the_total(hub: Hub, tickets: list[str]) -> None:
    first = hub.search("tickets", limit=2).json()
    second = hub.search("tickets", limit=2, after=first["paging"]["next"]["after"]).json()

    assert first["total"] == 3
    assert len(first["results"]) == 2
    assert len(second["results"]) == 1
    assert "paging" not in second


@pytest.mark.parametrize(
    "more",
    [
        {"limit": 201},
        {"limit": 100, "after": "9950"},
        {"filterGroups": [{"filters": [where("nonsense", "EQ", "1")]}]},
        {"filterGroups": [{"filters": [where("subject", "LIKE", "1")]}]},
        {"filterGroups": [{"filters": [where("createdate", "GT", "yesterday")]}]},
        {"filterGroups": [{"filters": [where("subject", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [where("subject", "HAS_PROPERTY")]}] * 6},
        {"query": "x" * 3000},
    ],
)
def test_what_search_does_not_take_is_a_400(hub: Hub, more: dict[str, object]) -> None:
    assert hub.search("tickets", **more).status_code == 400


def test_the_ten_thousandth_match_is_the_last_that_can_be_had(hub: Hub) -> None:
    hub.settings(rates_enabled=False)
    hub.control("POST", "/bulk", {"tickets": 10_050})

    last = hub.search("tickets", limit=200, after="9800")
    beyond = hub.search("tickets", limit=200, after="10000")

    assert last.json()["total"] == 10_050
    assert last.json()["paging"]["next"]["after"] == "10000"
    assert beyond.status_code == 400


def test_tickets_beyond_the_ceiling_are_reached_by_id(hub: Hub) -> None:
    hub.settings(rates_enabled=False)
    made = hub.control("POST", "/bulk", {"tickets": 1_000})["tickets"]["ids"]
    by_id = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]

    found = hub.found(
        "tickets", where("hs_object_id", "GT", str(int(made[1]) - 5)), sorts=by_id, limit=200
    )

    assert found == [str(int(made[1]) - back) for back in (4, 3, 2, 1, 0)]


def test_search_sees_the_portal_as_it_was_before_the_delay(hub: Hub) -> None:
    hub.settings(index_delay_s=30, rates_enabled=False)
    ticket = hub.ticket()
    in_stage_1 = where("hs_pipeline_stage", "EQ", "1")

    assert hub.found("tickets", in_stage_1) == []
    hub.control("POST", "/clock", {"advance_s": 31})
    assert hub.found("tickets", in_stage_1) == [ticket]

    hub.update("tickets", {"id": ticket, "properties": {"hs_pipeline_stage": "2"}})
    answer = hub.search("tickets", in_stage_1)
    assert answer.json()["results"][0]["properties"]["hs_pipeline_stage"] == "1"
    hub.control("POST", "/clock", {"advance_s": 31})
    assert hub.found("tickets", in_stage_1) == []


def test_archived_tickets_are_not_found_once_the_index_knows(hub: Hub) -> None:
    hub.settings(index_delay_s=30, rates_enabled=False)
    ticket = hub.ticket()
    hub.control("POST", "/clock", {"advance_s": 31})
    hub.act("user", "1", "archive", object_type="tickets", id=ticket)

    assert hub.found("tickets") == [ticket]
    hub.control("POST", "/clock", {"advance_s": 31})
    assert hub.found("tickets") == []


def test_tickets_are_found_by_their_company(sample: Hub) -> None:
    company = sample.company("arborvale.example")
    ticket = sample.ticket(company_id=company)
    sample.ticket()

    assert sample.found("tickets", where("associations.company", "EQ", company)) == [ticket]


def test_the_free_text_query_looks_into_subject_and_content(hub: Hub, tickets: list[str]) -> None:
    assert hub.found("tickets", query="broken scanner") == [tickets[0]]


def test_empty_values_match_neq_only_by_assumption(hub: Hub, tickets: list[str]) -> None:
    other = where("hs_ticket_priority", "NEQ", "LOW")

    assert hub.found("tickets", other) == [tickets[1]]
    hub.assume(neq_matches_empty=True)
    assert len(hub.found("tickets", other)) == 3
