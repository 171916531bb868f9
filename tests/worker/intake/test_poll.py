"""The poll: asks HubSpot which tickets have no decision, and hands their ids on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from tests.worker.test_portal import GO_LIVE, portal
from worker.hubspot.errors import Transient
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Claim, Inbox, Outcome, Settlement, Source
from worker.intake.poll import look_again, poll, poll_requests
from worker.tickets.effects import stamp

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PORTAL = portal("New", "Inbox", "OCR", go_live=GO_LIVE, stages={"intake": ["", "Inbox"]})
Filters = Sequence[Sequence[Mapping[str, Any]]]


class Search:
    """A portal of which only the search answers, in pages."""

    def __init__(self, *pages: list[str] | Exception) -> None:
        self._pages = pages
        self.asked: list[tuple[str, Filters]] = []

    def search_ids(self, object_type: str, groups: Filters) -> Iterator[tuple[list[str], int]]:
        self.asked.append((object_type, groups))
        left = sum(len(page) for page in self._pages if isinstance(page, list))
        for page in self._pages:
            if isinstance(page, Exception):
                raise page
            yield page, left
            left -= len(page)


def service(search: Search) -> HubSpotService:
    return cast(HubSpotService, search)


def conditions(search: Search) -> list[set[tuple[str, str, str]]]:
    """Each group of filters as (property, operator, value)."""
    ((object_type, groups),) = search.asked
    assert object_type == "tickets"
    return [
        {
            (f["propertyName"], f["operator"], str(f.get("value", f.get("values", ""))))
            for f in group
        }
        for group in groups
    ]


def test_undecided_are_new_tickets_of_the_pipeline_in_intake_without_a_status(
    inbox: Inbox,
) -> None:
    search = Search([])

    poll(service(search), inbox, PORTAL)

    assert conditions(search) == [
        {
            ("hs_pipeline", "EQ", "0"),
            ("hs_pipeline_stage", "IN", "['s0', 's1']"),
            ("routing_status", "NOT_HAS_PROPERTY", ""),
            ("createdate", "GTE", stamp(GO_LIVE)),
        }
    ]


def test_every_page_goes_into_the_inbox_and_the_first_total_counts(inbox: Inbox) -> None:
    polled = poll(service(Search(["1", "2"], ["3"])), inbox, PORTAL)

    assert (polled.undecided, polled.taken) == (3, 3)
    assert str(polled) == "3 undecided, 3 new to the inbox"
    assert inbox.counts()["due"] == 3


def test_what_is_known_is_not_taken_again(inbox: Inbox) -> None:
    inbox.announce(["1"], Source.WEBHOOK)

    assert poll(service(Search(["1", "2"])), inbox, PORTAL).taken == 1
    assert poll(service(Search(["1", "2"])), inbox, PORTAL).taken == 0


def test_a_search_that_fails_half_way_keeps_what_was_found(inbox: Inbox) -> None:
    with pytest.raises(Transient):
        poll(service(Search(["1"], Transient("away"))), inbox, PORTAL)

    assert inbox.counts()["due"] == 1


def test_second_looks_are_found_by_the_missing_client_within_a_day(inbox: Inbox) -> None:
    search = Search(["1"])

    assert look_again(service(search), inbox, PORTAL, NOW) == 1

    assert conditions(search) == [
        {
            ("hs_pipeline", "EQ", "0"),
            ("client_record_missing", "EQ", "client unknown"),
            ("routing_decided_at", "GTE", stamp(NOW - timedelta(days=1))),
        }
    ]


def test_open_requests_and_due_notices_are_found_in_one_search(inbox: Inbox) -> None:
    search = Search(["1"])

    assert poll_requests(service(search), inbox, PORTAL) == 1

    requests, notices = conditions(search)
    assert ("escalation_request", "HAS_PROPERTY", "") in requests
    assert any(name == "escalation_notice" for name, _, _ in notices)
    assert all(("hs_pipeline", "EQ", "0") in group for group in (requests, notices))


def test_a_request_that_the_poll_finds_is_news_even_just_after_a_decision(inbox: Inbox) -> None:
    inbox.announce([str(n) for n in range(100)], Source.WEBHOOK)
    held, _ = inbox.claim()
    assert isinstance(held, Claim)
    inbox.settle(held, [Settlement(one, Outcome.DONE) for one in held.ids])

    assert inbox.announce(["1"], Source.POLL) == 0
    assert poll_requests(service(Search(["1"])), inbox, PORTAL) == 1


def test_a_request_frees_nothing_that_was_set_aside(inbox: Inbox) -> None:
    inbox.fail("1", "odd")

    assert poll_requests(service(Search(["1"])), inbox, PORTAL) == 0
    assert [failure.id for failure in inbox.failures()] == ["1"]
