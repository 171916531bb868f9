"""Finding the clients of a batch: full batches, a cache that is dropped, nobody falsely accused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import redis

from config.portal import QUEUES, PortalNames
from worker.clients.directory import (
    CACHE_S,
    COMPANY_KEY,
    CONTACT_KEY,
    DOMAINS_PER_SEARCH,
    NAMED_BY_KEY,
    ClientDirectory,
)
from worker.clients.record import ResolvedBy
from worker.hubspot.models import Association, Links, Reading, Record
from worker.hubspot.service import HubSpotService

ADMIN = "Administrative contact"
PRIMARY, PLAIN = frozenset({26, 339}), frozenset({339})


@dataclass
class Portal:
    """The records and associations of a portal, and what was asked of it."""

    companies: dict[str, dict[str, str]] = field(default_factory=dict)
    contacts: dict[str, dict[str, str]] = field(default_factory=dict)
    of_ticket: dict[str, list[Association]] = field(default_factory=dict)
    people_of_ticket: dict[str, list[Association]] = field(default_factory=dict)
    people_of_company: dict[str, list[Association]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    calls: list[tuple[str, Any]] = field(default_factory=list)

    def read(self, kind: str, ids: Collection[str], properties: Sequence[str]) -> Reading:
        if ids:
            self.calls.append((f"read {kind}", sorted(ids)))
        there = {"companies": self.companies, "contacts": self.contacts}[kind]
        found = {
            one: Record(one, {n: v for n, v in there[one].items() if n in properties})
            for one in ids
            if one in there and one not in self.unreadable
        }
        merged = {one: self.merged[one] for one in ids if one in self.merged}
        errors = {one: "oops" for one in ids if one in self.unreadable}
        told = found.keys() | merged.keys() | errors.keys()
        return Reading(found, merged, errors, frozenset(one for one in ids if one not in told))

    def associated(self, from_type: str, to_type: str, ids: Collection[str]) -> Links:
        self.calls.append((f"{from_type} to {to_type}", sorted(ids)))
        of = {
            ("tickets", "companies"): self.of_ticket,
            ("tickets", "contacts"): self.people_of_ticket,
            ("companies", "contacts"): self.people_of_company,
        }[from_type, to_type]
        found = {i: of[i] for i in ids if i in of and f"links of {i}" not in self.unreadable}
        errors = {i: "oops" for i in ids if f"links of {i}" in self.unreadable}
        return Links(found, errors)

    def companies_by_domain(self, domains: Sequence[str]) -> dict[str, set[str]]:
        self.calls.append(("search domains", list(domains)))
        found: dict[str, set[str]] = {}
        for one, company in self.companies.items():
            if company.get("domain") in domains:
                found.setdefault(company["domain"], set()).add(one)
        return found

    def asked(self, what: str) -> list[Any]:
        return [ids for name, ids in self.calls if name == what]


def link(to: str, types: frozenset[int] = PLAIN, *labels: str) -> Association:
    return Association(to, types, frozenset(labels))


def names(**more: Any) -> PortalNames:
    return PortalNames.model_validate(
        {
            "stages": {"intake": [""], "queue": {queue: queue for queue in sorted(QUEUES)}},
            "own_domains": ["ours.example"],
            "free_mail_domains": ["gmail.com"],
            **more,
        }
    )


@pytest.fixture
def portal() -> Portal:
    """Ticket 1 of the client 10, whose administrative contact is 100."""
    company = {
        "name": "Harrow",
        "domain": "harrow.example",
        "erp_system": "NetSuite",
        "customization_summary": "Two-step",
        "managed_services": "true",
    }
    people = {
        "100": {"email": "ada@harrow.example", "firstname": "Ada", "lastname": "Quist"},
        "101": {"email": "bo@harrow.example", "firstname": "Bo"},
    }
    return Portal(
        companies={"10": company},
        contacts=people,
        of_ticket={"1": [link("10", PRIMARY, "Primary")]},
        people_of_ticket={"1": [link("101")]},
        people_of_company={"10": [link("101"), link("100", PLAIN, ADMIN)]},
    )


@pytest.fixture
def directory(portal: Portal, redis_client: redis.Redis) -> ClientDirectory:
    return ClientDirectory(cast(HubSpotService, portal), redis_client, names())


def by_property(portal: Portal, client: redis.Redis) -> ClientDirectory:
    """As on a tier without labels; the role stands in a property."""
    return ClientDirectory(cast(HubSpotService, portal), client, names())


def test_a_ticket_finds_its_client_with_its_administrative_contacts(
    directory: ClientDirectory,
) -> None:
    lookup = directory.look_up(["1"], by_label=True)

    record = lookup.record("1")
    assert record is not None
    assert (record.company_id, record.name, record.erp_system) == ("10", "Harrow", "NetSuite")
    assert record.managed_services
    assert [(c.name, c.email) for c in record.admin_contacts] == [
        ("Ada Quist", "ada@harrow.example")
    ]
    assert lookup.resolved["1"].by is ResolvedBy.PRIMARY_COMPANY
    assert lookup.sender("1") == "bo@harrow.example"


def test_a_ticket_without_anything_has_no_client_and_no_sender(
    directory: ClientDirectory,
) -> None:
    lookup = directory.look_up(["7"], by_label=True)

    assert lookup.record("7") is None
    assert lookup.sender("7") == ""
    assert lookup.record("never asked") is None


def test_a_hundred_tickets_of_one_client_cost_the_calls_of_one(
    directory: ClientDirectory, portal: Portal
) -> None:
    ids = [str(n) for n in range(1, 101)]
    for one in ids:
        portal.of_ticket[one] = [link("10", PRIMARY)]
        portal.people_of_ticket[one] = [link("101")]

    lookup = directory.look_up(ids, by_label=True)

    assert all(lookup.record(one) for one in ids)
    assert [name for name, _ in portal.calls] == [
        "tickets to companies",
        "tickets to contacts",
        "read contacts",
        "read companies",
        "companies to contacts",
        "read contacts",
    ]


def test_what_was_read_is_kept_for_ten_minutes(
    directory: ClientDirectory, portal: Portal, redis_client: redis.Redis
) -> None:
    first = directory.look_up(["1"], by_label=True).record("1")
    portal.calls.clear()

    again = directory.look_up(["1"], by_label=True).record("1")

    assert again == first
    assert [name for name, _ in portal.calls] == ["tickets to companies", "tickets to contacts"]
    for key in (COMPANY_KEY + "10", CONTACT_KEY + "101", NAMED_BY_KEY + "100"):
        assert 0 < int(redis_client.ttl(key)) <= CACHE_S == 600


def test_a_changed_record_is_dropped_and_read_again(
    directory: ClientDirectory, portal: Portal
) -> None:
    directory.look_up(["1"], by_label=True)
    portal.companies["10"]["erp_system"] = "SAP"

    directory.forget(["10"])
    directory.forget([])

    record = directory.look_up(["1"], by_label=True).record("1")
    assert record is not None
    assert record.erp_system == "SAP"


def test_a_contact_leads_to_the_records_that_name_it(
    directory: ClientDirectory, redis_client: redis.Redis
) -> None:
    """The receiver drops those records when HubSpot says that the person changed."""
    directory.look_up(["1"], by_label=True)

    assert redis_client.smembers(NAMED_BY_KEY + "100") == {b"10"}


@pytest.mark.parametrize("raw", ["", "{", "[]", '{"company_id": 1}', '{"name": "Harrow"}'])
def test_what_another_version_kept_is_read_anew(
    directory: ClientDirectory, redis_client: redis.Redis, raw: str
) -> None:
    redis_client.set(COMPANY_KEY + "10", raw)
    redis_client.set(CONTACT_KEY + "101", raw)

    record = directory.look_up(["1"], by_label=True).record("1")

    assert record is not None
    assert record.erp_system == "NetSuite"


def test_a_company_that_is_gone_leaves_the_client_unknown(
    directory: ClientDirectory, portal: Portal
) -> None:
    portal.companies.clear()

    assert directory.look_up(["1"], by_label=True).record("1") is None


def test_two_merged_companies_lead_to_the_one_they_live_on_as(
    directory: ClientDirectory, portal: Portal
) -> None:
    portal.merged = {"8": "10", "9": "10"}
    portal.of_ticket |= {"2": [link("8", PRIMARY)], "3": [link("9", PRIMARY)]}

    lookup = directory.look_up(["1", "2", "3"], by_label=True)

    assert [cast(Any, lookup.record(one)).company_id for one in "123"] == ["10", "10", "10"]
    assert portal.asked("companies to contacts") == [["10"]]


def test_a_company_whose_people_can_not_be_read_is_not_said_to_have_none(
    directory: ClientDirectory, portal: Portal, redis_client: redis.Redis
) -> None:
    """It would be flagged as incomplete in the portal, wrongly."""
    portal.unreadable = {"links of 10"}
    assert directory.look_up(["1"], by_label=True).record("1") is None

    portal.unreadable = {"100"}
    assert directory.look_up(["1"], by_label=True).record("1") is None
    assert not redis_client.exists(COMPANY_KEY + "10")

    portal.unreadable = set()
    assert directory.look_up(["1"], by_label=True).record("1") is not None


@pytest.mark.parametrize("label", [ADMIN, "administrative  CONTACT"])
def test_the_label_is_read_as_a_person_reads_it(
    directory: ClientDirectory, portal: Portal, label: str
) -> None:
    portal.people_of_company["10"] = [link("100", PLAIN, label), link("101", PLAIN, "Billing")]

    record = directory.look_up(["1"], by_label=True).record("1")

    assert record is not None
    assert [one.contact_id for one in record.admin_contacts] == ["100"]


def test_without_labels_a_property_tells_whoever_it_is_among_many(
    portal: Portal, redis_client: redis.Redis
) -> None:
    people = [str(n) for n in range(2000, 7000)]
    portal.contacts |= {one: {"email": f"{one}@harrow.example"} for one in people}
    portal.contacts["6999"]["client_contact_role"] = "billing;Administrative"
    portal.people_of_company["10"] = [link(one) for one in people]

    record = by_property(portal, redis_client).look_up(["1"], by_label=False).record("1")

    assert record is not None
    assert [one.contact_id for one in record.admin_contacts] == ["6999"]


def test_a_client_with_more_people_than_are_read_is_not_said_to_have_none(
    portal: Portal, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.clients.admin_contacts.MOST_CONTACTS_READ", 30)
    people = [str(n) for n in range(2000, 2050)]
    portal.contacts |= {one: {"email": f"{one}@harrow.example"} for one in people}
    portal.people_of_company["10"] = [link(one) for one in people]
    assert by_property(portal, redis_client).look_up(["1"], by_label=False).record("1") is None


def test_a_role_that_only_resembles_the_one_is_none(
    portal: Portal, redis_client: redis.Redis
) -> None:
    portal.contacts["100"]["client_contact_role"] = "administrative assistant"
    portal.contacts["101"]["client_contact_role"] = ""

    record = by_property(portal, redis_client).look_up(["1"], by_label=False).record("1")

    assert record is not None
    assert record.admin_contacts == ()


def test_a_client_with_a_crowd_of_administrative_contacts_shows_twenty(
    directory: ClientDirectory, portal: Portal
) -> None:
    people = [str(n) for n in range(200, 260)]
    portal.contacts |= {one: {"email": f"{one}@harrow.example"} for one in people}
    portal.people_of_company["10"] = [link(one, PLAIN, ADMIN) for one in people]

    record = directory.look_up(["1"], by_label=True).record("1")

    assert record is not None
    assert [one.contact_id for one in record.admin_contacts] == people[:20]


def test_the_one_of_a_crowd_who_can_be_reached_comes_first(
    directory: ClientDirectory, portal: Portal
) -> None:
    people = [str(n) for n in range(200, 260)]
    portal.contacts |= {one: {"email": "no address"} for one in people}
    portal.contacts["259"] = {"email": "head@harrow.example"}
    portal.people_of_company["10"] = [link(one, PLAIN, ADMIN) for one in people]

    record = directory.look_up(["1"], by_label=True).record("1")

    assert record is not None
    assert record.admin_contacts[0].contact_id == "259"


# ---- by the sender's domain


def sent_by(portal: Portal, **addresses: str) -> None:
    """Tickets that hang on a contact alone."""
    for number, (ticket, address) in enumerate(addresses.items()):
        contact = str(500 + number)
        portal.contacts[contact] = {"email": address}
        portal.people_of_ticket[ticket.removeprefix("t")] = [link(contact)]


def test_a_domain_of_one_company_tells_the_client(
    directory: ClientDirectory, portal: Portal
) -> None:
    sent_by(portal, t5="someone@HARROW.example")

    lookup = directory.look_up(["5"], by_label=True)

    assert lookup.resolved["5"].by is ResolvedBy.EMAIL_DOMAIN
    assert lookup.record("5") is not None


def test_two_companies_with_one_domain_tell_nothing(
    directory: ClientDirectory, portal: Portal
) -> None:
    portal.companies["11"] = {"domain": "harrow.example"}
    sent_by(portal, t5="someone@harrow.example")

    assert directory.look_up(["5"], by_label=True).record("5") is None


def test_free_mail_and_our_own_domain_are_never_searched_for(
    directory: ClientDirectory, portal: Portal
) -> None:
    portal.companies |= {"11": {"domain": "gmail.com"}, "12": {"domain": "ours.example"}}
    sent_by(portal, t5="a@gmail.com", t6="b@ours.example", t7="no address")

    lookup = directory.look_up(["5", "6", "7"], by_label=True)

    assert lookup.resolved == {}
    assert portal.asked("search domains") == []


def test_all_domains_of_a_batch_go_into_few_searches(
    directory: ClientDirectory, portal: Portal
) -> None:
    sent_by(portal, **{f"t{n}": f"a@d{n % 60}.example" for n in range(100, 200)})

    directory.look_up([str(n) for n in range(100, 200)], by_label=True)

    assert [len(some) for some in portal.asked("search domains")] == [DOMAINS_PER_SEARCH, 10]


def test_an_associated_company_goes_before_the_domain(
    directory: ClientDirectory, portal: Portal
) -> None:
    directory.look_up(["1"], by_label=True)

    assert portal.asked("search domains") == []


def test_the_company_of_a_contact_goes_before_its_domain(
    directory: ClientDirectory, portal: Portal
) -> None:
    sent_by(portal, t5="someone@elsewhere.example")
    portal.contacts["500"]["associatedcompanyid"] = "10"

    lookup = directory.look_up(["5"], by_label=True)

    assert lookup.resolved["5"].by is ResolvedBy.CONTACT_COMPANY
    assert portal.asked("search domains") == []
