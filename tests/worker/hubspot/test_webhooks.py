"""Signatures, and what each event asks of us."""

from __future__ import annotations

import base64
import hmac
import random
from typing import Any
from urllib.parse import unquote

import pytest
from hubspot.utils.signature import Signature

from simulator.webhooks import signature as simulated
from worker.hubspot import schema
from worker.hubspot.webhooks import (
    AHEAD_MS,
    BACK_MS,
    OUR_PROPERTIES,
    Verdict,
    check_v1,
    check_v3,
    signed_uri,
    wanted,
)
from worker.tickets.state import STAGE

SECRET = "3f2b-client-secret"
URL = "https://tickets.example.com/webhooks/hubspot"
NOW = 1_790_000_000_000
BODY = '[{"objectId":1,"propertyValue":"Zażółć 😀"}]'.encode()
OURS = "4711"


def signed(body: bytes = BODY, at_ms: int = NOW, secret: str = SECRET, uri: str = URL) -> str:
    """The v3 signature by HubSpot's own package (which decodes no URI: give it decoded)."""
    return str(
        Signature.get_signature(secret, body.decode(), "v3", uri, "POST", timestamp=str(at_ms))
    )


def verdict(signature: str, timestamp: str = str(NOW), body: bytes = BODY, **more: Any) -> Verdict:
    secret, uri = more.get("secret", SECRET), signed_uri(more.get("uri", URL))
    return check_v3(secret, "POST", uri, body, timestamp, signature, more.get("now_ms", NOW))


def event(kind: str = "ticket.propertyChange", **more: Any) -> dict[str, Any]:
    """An event as HubSpot sends it, ours unless said otherwise."""
    return {
        "eventId": 1,
        "portalId": 33,
        "appId": 9,
        "occurredAt": NOW,
        "subscriptionType": kind,
        "attemptNumber": 0,
        "objectId": 101,
        "changeSource": "INTEGRATION",
        "sourceId": OURS,
        **more,
    }


def stage(**more: Any) -> dict[str, Any]:
    return event(propertyName="hs_pipeline_stage", propertyValue="4", **more)


# ---- v3


def test_what_hubspots_own_package_signs_is_authentic() -> None:
    assert verdict(signed()) is Verdict.AUTHENTIC


def test_two_independent_signers_agree_on_many_bodies_and_addresses() -> None:
    dice = random.Random(5)  # noqa: S311 - repeatable, guards nothing
    for _ in range(300):
        body = dice.randbytes(dice.randrange(200))
        uri = "https://x.example/" + "".join(
            dice.choice(["a", "%3A", "%2f", "%3F", "%20", "%26", "?", "=", "%40", "%253A", "é"])
            for _ in range(12)
        )
        signature = simulated.v3(SECRET, "POST", uri, body, NOW)
        assert verdict(signature, body=body, uri=uri) is Verdict.AUTHENTIC


@pytest.mark.parametrize(
    "encoded",
    ["%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B"],
)
def test_the_twelve_documented_sequences_are_decoded(encoded: str) -> None:
    decoded = f"https://x.example/hook?a={unquote(encoded)}b"
    assert signed_uri(f"https://x.example/hook?a={encoded}b") == decoded
    assert signed_uri(f"https://x.example/hook?a={encoded.lower()}b") == decoded
    assert verdict(signed(uri=decoded), uri=f"https://x.example/hook?a={encoded}b") is (
        Verdict.AUTHENTIC
    )


def test_nothing_else_in_the_address_is_decoded() -> None:
    url = "https://x.example/hook?a=%20%26%3D%23%25%2B%C3%A9&b=%253A"
    assert signed_uri(url) == url
    assert verdict(signed(uri=url), uri=url) is Verdict.AUTHENTIC


@pytest.mark.parametrize(
    ("age_ms", "expected"),
    [
        (0, Verdict.AUTHENTIC),
        (BACK_MS, Verdict.AUTHENTIC),
        (BACK_MS + 1, Verdict.STALE),
        (-AHEAD_MS, Verdict.AUTHENTIC),
        (-AHEAD_MS - 1, Verdict.STALE),
        (86_400_000, Verdict.STALE),
    ],
)
def test_a_signature_is_good_for_five_minutes_back_and_one_ahead(
    age_ms: int, expected: Verdict
) -> None:
    at_ms = NOW - age_ms
    assert verdict(signed(at_ms=at_ms), str(at_ms)) is expected


@pytest.mark.parametrize(
    "timestamp",
    [
        *("", " ", "abc", "NaN", "null", "-1", "1e12", "²", "٣" * 13, "9" * 5000, "\udcff"),
        *(f"{NOW}.0", f" {NOW}", f"{NOW}\n", f"+{NOW}", f"0x{NOW:x}"),
    ],
)
def test_a_timestamp_that_is_no_number_is_refused_even_when_it_was_signed(timestamp: str) -> None:
    text = timestamp.encode("utf-8", "surrogatepass")
    digest = hmac.new(SECRET.encode(), b"POST" + URL.encode() + BODY + text, "sha256").digest()
    assert verdict(base64.b64encode(digest).decode(), timestamp) is Verdict.STALE


def test_a_change_anywhere_is_refused() -> None:
    good = signed()
    assert verdict(good, body=BODY + b" ") is Verdict.FORGED
    assert verdict(good, str(NOW + 1)) is Verdict.FORGED
    assert verdict(good, uri=URL + "/") is Verdict.FORGED
    assert verdict(good, secret=SECRET + "x") is Verdict.FORGED
    assert check_v3(SECRET, "GET", URL, BODY, str(NOW), good, NOW) is Verdict.FORGED


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[:-1],
        lambda s: s + "=",
        lambda s: s + " ",
        lambda s: s.lower(),
        lambda s: s.replace("=", "\xe9"),
        lambda s: "\udcff" + s,
        lambda s: "é" * 44,
        lambda s: "x" * 100_000,
        lambda s: "=",
    ],
)
def test_a_signature_that_is_not_exactly_right_is_refused_and_never_raises(change: Any) -> None:
    assert verdict(change(signed())) is Verdict.FORGED


def test_without_a_secret_nothing_is_authentic() -> None:
    assert verdict(signed(secret=""), secret="") is Verdict.UNSIGNED
    assert check_v1("", b"x", simulated.v1("", b"x")) is Verdict.UNSIGNED
    assert verdict("") is Verdict.UNSIGNED
    assert check_v1(SECRET, b"x", "") is Verdict.UNSIGNED


# ---- v1


def test_v1_is_what_hubspots_own_package_signs() -> None:
    signature = Signature.get_signature(SECRET, BODY.decode(), "v1")
    assert check_v1(SECRET, BODY, signature) is Verdict.AUTHENTIC
    assert check_v1(SECRET, BODY + b" ", signature) is Verdict.FORGED
    assert check_v1(SECRET, BODY, signature.upper()) is Verdict.FORGED
    assert check_v1(SECRET, BODY, "é" + signature[1:]) is Verdict.FORGED


# ---- events


@pytest.mark.parametrize("action", ["creation", "restore", "propertyChange", "merge"])
def test_what_happens_to_a_ticket_is_news(action: str) -> None:
    assert wanted([event(f"ticket.{action}", changeSource="CRM_UI")]).news == {"101"}
    generic = event(f"object.{action}", objectTypeId="0-5", changeSource="CRM_UI")
    assert wanted([generic]).news == {"101"}


def test_the_documentations_name_of_the_type_field_is_understood_too() -> None:
    named = event(changeSource="CRM_UI")
    named["eventType"] = named.pop("subscriptionType")
    assert wanted([named]).news == {"101"}


def test_a_merge_is_news_about_all_that_took_part() -> None:
    merge = event(
        "ticket.merge", primaryObjectId=5, mergedObjectIds=[6, 7], newObjectId=8, objectId=8
    )
    assert wanted([merge], OURS).news == {"5", "6", "7", "8"}


@pytest.mark.parametrize("action", ["deletion", "merge", "restore", "propertyChange", "creation"])
@pytest.mark.parametrize("kind", ["company", "contact"])
def test_what_happens_to_a_client_drops_the_cached_record(kind: str, action: str) -> None:
    type_id = {"company": "0-2", "contact": "0-1"}[kind]
    for one in (event(f"{kind}.{action}"), event(f"object.{action}", objectTypeId=type_id)):
        found = wanted([one])
        assert (found.companies if kind == "company" else found.contacts) == {"101"}
        assert not found.news


def test_a_deletion_for_privacy_drops_the_person() -> None:
    assert wanted([event("contact.privacyDeletion")], OURS).contacts == {"101"}


def test_a_deleted_ticket_asks_for_nothing() -> None:
    found = wanted([event("ticket.deletion")])
    assert (found.news, found.ignored) == (set(), 1)


def pair(kind: str, **more: Any) -> dict[str, Any]:
    one = event(f"{kind}.associationChange", fromObjectId=1, toObjectId=2, **more)
    del one["objectId"]
    return one


def test_a_ticket_that_got_a_contact_or_company_is_nudged() -> None:
    classic = [
        pair("ticket", associationType="TICKET_TO_COMPANY"),
        pair("contact", associationType="CONTACT_TO_TICKET"),
        pair("ticket", associationType="TICKET_TO_CONTACT", associationRemoved=True),
    ]
    assert [wanted([one]).nudged for one in classic] == [{"1"}, {"2"}, {"1"}]
    generic = pair("object", objectTypeId="0-5", fromObjectTypeId="0-5", toObjectTypeId="0-2")
    assert wanted([generic]).nudged == {"1"}
    labelled = {**generic, "associationType": "BILLING_CONTACT", "associationTypeId": 77}
    assert wanted([labelled]).nudged == {"1"}


def test_an_association_of_clients_drops_both_records() -> None:
    found = wanted([pair("contact", associationType="CONTACT_TO_COMPANY")])
    assert (found.contacts, found.companies, found.nudged) == ({"1"}, {"2"}, set())
    parents = wanted([pair("company", associationType="COMPANY_TO_COMPANY")])
    assert parents.companies == {"1", "2"}
    generic = pair("object", fromObjectTypeId="0-2", toObjectTypeId="0-1", associationTypeId=9)
    found = wanted([generic])
    assert (found.companies, found.contacts) == ({"1"}, {"2"})


def test_an_association_with_what_we_do_not_know_of_is_ignored() -> None:
    assert wanted([pair("deal", associationType="DEAL_TO_LINE_ITEM")]).ignored == 1
    generic = pair("object", fromObjectTypeId="0-3", toObjectTypeId="2-991", associationType="X")
    assert wanted([generic]).ignored == 1


@pytest.mark.parametrize(
    "junk",
    [
        None,
        7,
        "ticket.creation",
        [],
        {},
        {"subscriptionType": None, "objectId": 1},
        {"subscriptionType": ["ticket.creation"], "objectId": 1},
        {"subscriptionType": "deal.creation", "objectId": 1},
        {"subscriptionType": "conversation.newMessage", "objectId": 1},
        {"subscriptionType": "object.creation", "objectTypeId": {"a": 1}, "objectId": 1},
        {"subscriptionType": "object.creation", "objectTypeId": "0-3", "objectId": 1},
        {"subscriptionType": "ticket.creation", "objectId": True},
        {"subscriptionType": "ticket.creation", "objectId": -1},
        {"subscriptionType": "ticket.creation", "objectId": 0},
        {"subscriptionType": "ticket.creation", "objectId": 1.5},
        {"subscriptionType": "ticket.creation", "objectId": "1; FLUSHALL"},
        {"subscriptionType": "ticket.creation", "objectId": "９"},
        {"subscriptionType": "ticket.creation", "objectId": "9" * 40},
        {"subscriptionType": "ticket.merge", "mergedObjectIds": "123"},
        {"subscriptionType": "ticket.associationChange", "fromObjectId": {}},
    ],
)
def test_what_is_no_event_for_us_is_ignored(junk: object) -> None:
    found = wanted([junk], OURS, "33")
    assert found.ignored == 1
    assert not (found.news | found.nudged | found.companies | found.contacts)


def test_an_unhashable_property_name_does_not_raise() -> None:
    assert wanted([event(propertyName=["hs_pipeline_stage"])], OURS).news == {"101"}


def test_events_of_another_portal_are_left_alone() -> None:
    found = wanted([stage(changeSource="CRM_UI"), stage(portalId=34, objectId=7)], OURS, "33")
    assert (found.news, found.foreign) == ({"101"}, 1)
    assert wanted([stage(portalId=34, changeSource="CRM_UI")], OURS).foreign == 0


# ---- echoes


def test_our_own_write_of_a_property_of_ours_is_an_echo() -> None:
    found = wanted([stage()], OURS)
    assert (found.news, found.echoes) == (set(), 1)
    generic = stage(subscriptionType="object.propertyChange", objectTypeId="0-5")
    assert wanted([generic], OURS).echoes == 1


def test_the_source_may_be_named_with_a_word_before_the_id() -> None:
    for theirs, ours in (("appId:4711", "4711"), ("4711", "appId:4711"), ("APP:4711", "4711")):
        assert wanted([stage(sourceId=theirs)], ours).echoes == 1
    assert wanted([stage(sourceId=4711)], OURS).echoes == 1


@pytest.mark.parametrize(
    "one",
    [
        stage(changeSource="CRM_UI", sourceId="userId:4711"),
        stage(sourceId="userId:4711"),
        stage(sourceId="4712"),
        stage(sourceId="47110"),
        stage(sourceId=None),
        stage(changeSource="AUTOMATION_PLATFORM"),
        stage(changeSource=None),
        event(propertyName="subject"),
        event(propertyName="hs_ticket_priority"),
        event("ticket.creation", propertyName="hs_pipeline_stage"),
        event("ticket.merge", primaryObjectId=101),
        event("ticket.restore", propertyName="routing_queue"),
    ],
)
def test_nothing_else_is_taken_for_an_echo(one: dict[str, Any]) -> None:
    found = wanted([one], OURS)
    assert (found.news, found.echoes) == ({"101"}, 0)


def test_our_own_associations_are_no_echoes() -> None:
    found = wanted([pair("ticket", associationType="TICKET_TO_COMPANY")], OURS)
    assert (found.nudged, found.echoes) == ({"1"}, 0)


def test_nothing_is_dropped_while_our_id_is_unknown() -> None:
    assert wanted([stage(), stage(sourceId="")], "").news == {"101"}


def test_properties_go_by_the_portals_names() -> None:
    renamed = frozenset({"x_queue"})
    assert wanted([event(propertyName="x_queue")], OURS, our_properties=renamed).echoes == 1
    assert wanted([event(propertyName="routing_queue")], OURS, our_properties=renamed).echoes == 0


def test_ours_are_the_properties_that_we_make_and_the_two_of_the_stage() -> None:
    made = {one.name for one in schema.ticket_properties({}, {}, {})}
    flags = {one.name for one in schema.company_properties() if "client_record" in one.name}
    assert made | flags | {"hs_pipeline", STAGE} == OUR_PROPERTIES
