"""Who the client is, surest evidence first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.clients.record import ResolvedBy
from worker.clients.resolution import (
    Attached,
    Contact,
    Resolved,
    by_domain,
    domain_of,
    domain_to_ask,
    resolve,
)

PRIMARY, PLAIN = {26, 339}, {339}
OWN, FREE = {"ours.example"}, {"gmail.com"}


def person(email: str = "", company: str = "", id_: str = "1") -> Contact:
    return Contact(id_, email, company)


@pytest.mark.parametrize(
    ("attached", "company", "by"),
    [
        (Attached([("1", PLAIN), ("2", PRIMARY)]), "2", ResolvedBy.PRIMARY_COMPANY),
        (Attached([("1", PLAIN), ("2", PLAIN)]), "1", ResolvedBy.ASSOCIATED_COMPANY),
        (
            Attached([("1", PLAIN)], [person(company="9")]),
            "1",
            ResolvedBy.ASSOCIATED_COMPANY,
        ),
        (
            Attached([], [person(company=""), person(company="9"), person(company="8")]),
            "9",
            ResolvedBy.CONTACT_COMPANY,
        ),
    ],
)
def test_the_surest_evidence_decides(attached: Attached, company: str, by: ResolvedBy) -> None:
    assert resolve(attached) == Resolved(company, by)


@pytest.mark.parametrize("attached", [Attached(), Attached([], [person("ap@client.example")])])
def test_without_an_association_only_the_domain_can_tell(attached: Attached) -> None:
    assert resolve(attached) is None


@given(
    companies=st.lists(
        st.tuples(st.sampled_from("123"), st.sampled_from([PRIMARY, PLAIN, set()])), max_size=4
    ),
    contacts=st.lists(st.sampled_from(["", "8", "9"]), max_size=3),
)
def test_no_weaker_evidence_goes_before_a_surer_one(
    companies: list[tuple[str, set[int]]], contacts: list[str]
) -> None:
    found = resolve(Attached(companies, [person(company=one) for one in contacts]))

    primaries = [one for one, types in companies if 26 in types]
    if primaries:
        assert found == Resolved(primaries[0], ResolvedBy.PRIMARY_COMPANY)
    elif companies:
        assert found == Resolved(companies[0][0], ResolvedBy.ASSOCIATED_COMPANY)
    elif any(contacts):
        assert found == Resolved(next(filter(None, contacts)), ResolvedBy.CONTACT_COMPANY)
    else:
        assert found is None


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("ap@client.example", "client.example"),
        (" AP@Client.Example ", "client.example"),
        ("ap@gmail.com", ""),
        ("AP@GMAIL.COM", ""),
        ("bo@ours.example", ""),
        ("no address", ""),
        ("", ""),
    ],
)
def test_a_domain_tells_unless_it_is_free_mail_or_our_own(email: str, domain: str) -> None:
    assert domain_to_ask(Attached([], [person(email)]), OWN, FREE) == domain


def test_the_sender_is_the_first_contact_that_has_an_address() -> None:
    attached = Attached([], [person(""), person(" Ap@Client.example "), person("bo@x.example")])

    assert attached.sender == "ap@client.example"
    assert Attached().sender == ""


def test_one_company_of_a_domain_is_the_client_and_two_tell_nothing() -> None:
    companies = {"one.example": {"7"}, "two.example": {"8", "9"}}

    assert by_domain("one.example", companies) == Resolved("7", ResolvedBy.EMAIL_DOMAIN)
    assert by_domain("two.example", companies) is None
    assert by_domain("none.example", companies) is None
    assert by_domain("", companies) is None


@pytest.mark.parametrize(
    ("email", "domain"),
    [("a@b.example", "b.example"), ("a@x@b.example", "b.example"), ("a@", ""), ("a", "")],
)
def test_the_domain_is_what_stands_behind_the_last_at(email: str, domain: str) -> None:
    assert domain_of(email) == domain
