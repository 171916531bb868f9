"""Tickets arriving, and who gets attached to them when."""

import pytest

from tests.simulator.hub import Hub


def _links(hub: Hub, ticket: str) -> set[str]:
    return set(hub.truth("tickets", ticket)["associations"])


def test_the_sender_becomes_a_contact_of_the_company_with_that_domain(sample: Hub) -> None:
    company = sample.company("arborvale.example")

    ticket = sample.ticket(
        source_type="EMAIL", from_email="New.Person@arborvale.example", from_name="New Person"
    )

    links = sample.truth("tickets", ticket)["associations"]
    assert links["companies"][0]["id"] == company
    contact = sample.truth("contacts", links["contacts"][0]["id"])
    assert contact["properties"]["email"] == "new.person@arborvale.example"
    assert contact["properties"]["firstname"] == "New"
    assert contact["associations"]["companies"][0]["id"] == company


def test_a_known_sender_is_not_made_twice(sample: Hub) -> None:
    for _ in range(2):
        sample.ticket(source_type="EMAIL", from_email="x@arborvale.example")

    before = sample.control("GET", "/objects/contacts?properties=email")["results"]
    assert [r["properties"]["email"] for r in before].count("x@arborvale.example") == 1


def test_a_stranger_has_a_contact_and_no_company(sample: Hub) -> None:
    ticket = sample.ticket(source_type="EMAIL", from_email="someone@elsewhere.example")

    assert _links(sample, ticket) == {"contacts", "emails"}


def test_an_email_ticket_knows_its_first_message(sample: Hub) -> None:
    ticket = sample.ticket(source_type="EMAIL", from_email="x@arborvale.example", subject="Hi")

    email = sample.truth("tickets", ticket)["associations"]["emails"][0]["id"]
    assert sample.truth("emails", email)["properties"]["hs_email_from_email"] == (
        "x@arborvale.example"
    )


def test_half_of_the_tickets_get_their_client_late(sample: Hub) -> None:
    rows = [{"subject": str(n), "from_email": "x@arborvale.example"} for n in range(200)]

    ids = sample.control("POST", "/tickets", {"tickets": rows})["ids"]

    late = [ticket for ticket in ids if "contacts" not in _links(sample, ticket)]
    assert 70 <= len(late) <= 130
    sample.control("POST", "/clock", {"advance_s": 30})
    assert 10 < len([t for t in late if "contacts" not in _links(sample, t)]) < len(late)
    sample.control("POST", "/clock", {"advance_s": 31})
    assert [t for t in late if "companies" not in _links(sample, t)] == []


def test_lateness_can_be_told_per_ticket_and_switched_off(sample: Hub) -> None:
    late = sample.ticket(from_email="x@arborvale.example", attach_after_s=5)
    assert _links(sample, late) == set()
    sample.control("POST", "/clock", {"advance_s": 6})
    assert _links(sample, late) == {"contacts", "companies"}

    sample.settings(late_attach_share=0.0)
    rows = [{"subject": "x", "from_email": "x@arborvale.example"}]
    prompt = sample.control("POST", "/tickets", {"tickets": rows})["ids"][0]
    assert "companies" in _links(sample, prompt)


def test_a_ticket_deleted_before_its_client_comes_stays_deleted(sample: Hub) -> None:
    ticket = sample.ticket(from_email="x@arborvale.example", attach_after_s=5)
    sample.act("user", "1", "archive", object_type="tickets", id=ticket)

    sample.control("POST", "/clock", {"advance_s": 6})

    assert _links(sample, ticket) == set()


def test_a_user_may_create_a_ticket_and_it_shows(hub: Hub) -> None:
    ticket = hub.ticket(created_by_user_id=52400011, created_at="2026-01-02T03:04:05Z")

    shown = hub.truth("tickets", ticket)
    assert shown["properties"]["hs_object_source"] == "CRM_UI"
    assert shown["properties"]["hs_created_by_user_id"] == "52400011"
    assert shown["created_at"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    "row",
    [{"subjet": "typo"}, {"stage": "99"}, {"company_id": "5"}, {"company_domain": "no.example"}],
)
def test_a_wrong_arrival_is_refused_with_the_reason(hub: Hub, row: dict[str, str]) -> None:
    answer = hub.session.post(f"{hub.base}/__control/tickets", json={"tickets": [row]}, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]
