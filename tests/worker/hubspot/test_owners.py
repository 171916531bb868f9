"""The active owners, page by page."""

from __future__ import annotations

import responses
from responses.matchers import query_param_matcher

from tests.worker.hubspot.conftest import BASE
from worker.hubspot.models import Owner
from worker.hubspot.service import OWNER_PAGES, HubSpotService

PATH = f"{BASE}/crm/owners/2026-09"


def row(id_: str, **more: object) -> dict[str, object]:
    return {
        "id": id_,
        "email": f"{id_}@desk.example",
        "firstName": "Ana",
        "lastName": "Lee",
        "userId": 5,
        "archived": False,
        **more,
    }


def test_owners_are_read_page_by_page(hubspot: HubSpotService, web: responses.RequestsMock) -> None:
    pages = [
        ({"limit": "500"}, {"results": [row("1")], "paging": {"next": {"after": "2"}}}),
        ({"limit": "500", "after": "2"}, {"results": [row("2", email=None, lastName=None)]}),
    ]
    for query, page in pages:
        web.get(PATH, json=page, match=[query_param_matcher(query)])
    assert hubspot.active_owners() == [
        Owner("1", "1@desk.example", "Ana Lee", True, "5"),
        Owner("2", "", "Ana", True, "5"),
    ]


def test_pages_that_never_end_are_left(
    hubspot: HubSpotService, web: responses.RequestsMock
) -> None:
    web.get(PATH, json={"results": [row("1")], "paging": {"next": {"after": "1"}}})
    assert len(hubspot.active_owners()) == OWNER_PAGES
