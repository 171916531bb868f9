"""Searching, associations and what the portal is made of."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from requests import PreparedRequest

from tests.worker.hubspot.conftest import BASE
from worker.hubspot.errors import Rejected, Transient
from worker.hubspot.service import HubSpotService

SEARCH = f"{BASE}/crm/objects/2026-09/tickets/search"
COMPANIES = f"{BASE}/crm/objects/2026-09/companies/search"
LINKS = f"{BASE}/crm/associations/2026-09/tickets/companies/batch/read"
Json = dict[str, Any]


def body_of(request: PreparedRequest) -> Json:
    got: Json = json.loads(request.body or "null")
    return got


def sent(web: responses.RequestsMock) -> list[Json]:
    return [body_of(call.request) for call in web.calls]


def found(ids: list[int], total: int | None = None) -> str:
    return json.dumps(
        {"total": len(ids) if total is None else total, "results": [{"id": str(i)} for i in ids]}
    )


class Index:
    """A search index as HubSpot's: filters on id, 200 a page, no page past 10,000."""

    def __init__(self, ids: list[int]) -> None:
        self._ids = ids

    def __call__(self, request: PreparedRequest) -> tuple[int, Json, str]:
        body = body_of(request)
        (group,) = body["filterGroups"]
        above = int(
            next(f for f in group["filters"] if f["propertyName"] == "hs_object_id")["value"]
        )
        if int(body.get("after", 0)) + body["limit"] > 10_000:
            return 400, {}, "{}"
        matching = [i for i in self._ids if i > above]
        return 200, {}, found(matching[: body["limit"]], len(matching))


# ---- search


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 400, 12_345])
def test_a_search_gives_every_id_once_past_ten_thousand_too(
    hubspot: HubSpotService, web: responses.RequestsMock, count: int
) -> None:
    ids = list(range(5, 5 + 3 * count, 3))
    web.add_callback("POST", SEARCH, callback=Index(ids))

    pages = list(hubspot.search_ids("tickets", [[]]))

    assert [int(one) for page, _ in pages for one in page] == ids
    assert pages[0][1] == count
    assert len(web.calls) == max(1, -(-count // 200))
    assert all("after" not in body for body in sent(web))


def test_a_search_asks_for_ids_alone_oldest_first_with_the_portals_names(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    web.add("POST", SEARCH, body=found([1]))
    wanted = [{"propertyName": "routing_queue", "operator": "NOT_HAS_PROPERTY"}]

    list(hubspot.search_ids("tickets", [wanted, []]))

    assert sent(web)[0] == {
        "filterGroups": [
            {
                "filters": [
                    {"propertyName": "team", "operator": "NOT_HAS_PROPERTY"},
                    {"propertyName": "hs_object_id", "operator": "GT", "value": "0"},
                ]
            },
            {"filters": [{"propertyName": "hs_object_id", "operator": "GT", "value": "0"}]},
        ],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": ["hs_object_id"],
        "limit": 200,
    }
    assert wanted == [{"propertyName": "routing_queue", "operator": "NOT_HAS_PROPERTY"}]


def test_a_short_page_is_not_taken_for_the_last_one(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    web.add("POST", SEARCH, body=found([1, 2], total=3))
    web.add("POST", SEARCH, body=found([3]))

    assert [page for page, _ in hubspot.search_ids("tickets", [[]])] == [["1", "2"], ["3"]]


def test_a_search_that_stands_still_ends(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    web.add("POST", SEARCH, body=found(list(range(1, 201)), total=900))

    with pytest.raises(Transient, match="same page again"):
        list(hubspot.search_ids("tickets", [[]]))
    assert len(web.calls) == 2


def test_pages_come_while_the_search_goes_on(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    web.add_callback("POST", SEARCH, callback=Index(list(range(1, 1000))))

    next(hubspot.search_ids("tickets", [[]]))

    assert len(web.calls) == 1


@pytest.mark.parametrize(
    "answer", ["{}", '{"results": []}', '{"total": 1, "results": [{"id": "a"}]}']
)
def test_a_search_whose_answer_is_none_is_transient(
    hubspot: HubSpotService, web: responses.RequestsMock, answer: str
) -> None:
    web.add("POST", SEARCH, body=answer)

    with pytest.raises(Transient):
        list(hubspot.search_ids("tickets", [[]]))


def company(id_: int, domain: str) -> Json:
    return {"id": str(id_), "properties": {"domain": domain}}


def test_companies_are_found_by_domain_in_one_search(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    results = [company(1, "a.example"), company(2, "B.example "), company(3, "a.example")]
    web.add("POST", COMPANIES, json={"total": 3, "results": results})

    by_domain = hubspot.companies_by_domain(["a.example", "b.example"])

    assert by_domain == {"a.example": {"1", "3"}, "b.example": {"2"}}
    (group,) = sent(web)[0]["filterGroups"]
    assert group["filters"] == [
        {"propertyName": "domain", "operator": "IN", "values": ["a.example", "b.example"]}
    ]


def test_a_second_company_of_a_domain_is_found_on_the_next_page(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    """Seen alone, the first one would be taken for the sender's."""
    first = {"total": 2, "results": [company(1, "a.example")], "paging": {"next": {"after": "200"}}}
    web.add("POST", COMPANIES, json=first)
    web.add("POST", COMPANIES, json={"total": 2, "results": [company(2, "a.example")]})

    assert hubspot.companies_by_domain(["a.example"]) == {"a.example": {"1", "2"}}
    assert [body.get("after") for body in sent(web)] == [None, "200"]


def test_with_more_companies_than_are_read_no_domain_is_said_to_have_one_only(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    numbers = iter(range(1, 100))

    def reply(_: PreparedRequest) -> tuple[int, Json, str]:
        n = next(numbers)
        some = [company(n, "crowded.example"), company(1000, "one.example")]
        paging = {"next": {"after": str(200 * n)}}
        return 200, {}, json.dumps({"total": 9999, "results": some, "paging": paging})

    web.add_callback("POST", COMPANIES, callback=reply)

    by_domain = hubspot.companies_by_domain(["crowded.example", "one.example"])

    assert by_domain.keys() == {"crowded.example"}
    assert len(web.calls) == 10


# ---- associations


def link(to_id: int, *types: tuple[int, str | None]) -> Json:
    kinds = [{"category": "HUBSPOT_DEFINED", "typeId": t, "label": label} for t, label in types]
    return {"toObjectId": to_id, "associationTypes": kinds}


def test_associations_are_read_a_thousand_ids_at_a_time(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    web.add("POST", LINKS, json={"results": []})

    links = hubspot.associated("tickets", "companies", [str(n) for n in range(1, 1502)] + ["1"])

    assert [len(body["inputs"]) for body in sent(web)] == [1000, 501]
    assert links.found == {}
    assert links.errors == {}


def test_further_pages_of_one_record_are_fetched_by_after(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    pages: dict[tuple[str, str], tuple[list[int], str]] = {
        ("1", ""): ([10, 11], "500"),
        ("1", "500"): ([12], "1000"),
        ("1", "1000"): ([13], ""),
        ("2", ""): ([20], ""),
    }

    def reply(request: PreparedRequest) -> tuple[int, Json, str]:
        results = []
        for row in body_of(request)["inputs"]:
            to, after = pages[row["id"], row.get("after", "")]
            result: Json = {"from": {"id": row["id"]}, "to": [link(one, (339, None)) for one in to]}
            if after:
                result["paging"] = {"next": {"after": after, "link": "?after="}}
            results.append(result)
        return 200, {}, json.dumps({"results": results})

    web.add_callback("POST", LINKS, callback=reply)

    links = hubspot.associated("tickets", "companies", ["1", "2"])

    assert [a.to_id for a in links.found["1"]] == ["10", "11", "12", "13"]
    assert [a.to_id for a in links.found["2"]] == ["20"]
    assert [body["inputs"] for body in sent(web)][1:] == [
        [{"id": "1", "after": "500"}],
        [{"id": "1", "after": "1000"}],
    ]


def test_a_page_that_comes_again_ends_the_reading(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    result = {"from": {"id": "1"}, "to": [], "paging": {"next": {"after": "5"}}}
    web.add("POST", LINKS, json={"results": [result]})

    with pytest.raises(Transient, match="same page"):
        hubspot.associated("tickets", "companies", ["1"])
    assert len(web.calls) == 2


def test_ids_without_associations_are_absent_named_in_errors_or_not(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    nothing = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": "No company is associated with ticket 2.",
        "context": {"fromObjectId": ["2"], "fromObjectType": ["ticket"]},
    }
    results = [{"from": {"id": "1"}, "to": [link(10, (26, "Primary"), (339, None))]}]
    web.add(
        "POST", LINKS, status=207, json={"results": results, "numErrors": 1, "errors": [nothing]}
    )

    links = hubspot.associated("tickets", "companies", ["1", "2", "3"])

    assert list(links.found) == ["1"]
    assert links.found["1"][0].type_ids == {26, 339}
    assert links.errors == {}


def test_associations_that_can_not_be_read_are_not_taken_for_none(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    named = {"category": "INTERNAL_ERROR", "message": "oops", "context": {"fromObjectId": ["2"]}}
    results = [{"from": {"id": "1"}, "to": []}]
    web.add("POST", LINKS, json={"results": results, "numErrors": 1, "errors": [named]})
    web.add("POST", LINKS, json={"results": results, "errors": [{"message": "oops"}]})

    assert hubspot.associated("tickets", "companies", ["1", "2"]).errors == {"2": "oops"}
    assert hubspot.associated("tickets", "companies", ["1", "2"]).errors == {"2": "oops"}


# ---- what the portal is made of


def test_pipelines_are_those_of_tickets(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    stage = {"id": "1", "label": "New", "displayOrder": 0}
    pipeline = {"id": "0", "label": "Support", "displayOrder": 0, "stages": [stage]}
    web.add("GET", f"{BASE}/crm/pipelines/2026-09/tickets", json={"results": [pipeline]})

    assert hubspot.pipelines()[0].stages[0].label == "New"


def definition(name: str) -> Json:
    return {"name": name, "label": name, "type": "string", "fieldType": "text"}


def test_properties_come_by_our_names_and_a_namesake_does_not_stand_in(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    """Ours is called `team` here; the portal's own `routing_queue` is somebody else's."""
    some = [definition("team"), definition("routing_queue"), definition("subject")]
    web.add("GET", f"{BASE}/crm/properties/2026-09/tickets", json={"results": some})

    properties = hubspot.properties("tickets")

    assert properties.keys() == {"routing_queue", "subject"}
    assert properties["routing_queue"].name == "team"


def test_the_bin_is_asked_for_by_name(hubspot: HubSpotService, web: responses.RequestsMock) -> None:
    web.add("GET", f"{BASE}/crm/properties/2026-09/companies", json={"results": [definition("x")]})

    assert list(hubspot.properties("companies", archived=True)) == ["x"]
    assert str(web.calls[0].request.url).endswith("?archived=true")


def test_labels_between_contacts_and_companies_are_those_that_have_words(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    some = [
        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None},
        {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
        {"category": "USER_DEFINED", "typeId": 37, "label": "Administrative contact"},
    ]
    path = f"{BASE}/crm/associations/2026-09/contacts/companies/labels"
    web.add("GET", path, json={"results": some})

    assert hubspot.contact_labels() == {"Primary", "Administrative contact"}


def test_the_account_tells_the_portal(hubspot: HubSpotService, web: responses.RequestsMock) -> None:
    details = f"{BASE}/account-info/2026-09/details"
    web.add("GET", details, json={"portalId": 7, "timeZone": "US/Eastern"})
    web.add("GET", details, status=401)

    assert hubspot.account()["portalId"] == 7
    with pytest.raises(Rejected):
        hubspot.account()
