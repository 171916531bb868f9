"""Deliveries: what is told, to whom, signed how, and how often."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.hub import Hub
from tests.simulator.webhooks.receiver import Receiver, receiving

_SECRET = "the-client-secret"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as target:
        yield target


def _app(classic: list[str] | None = None, generic: list[str] | None = None) -> dict[str, Any]:
    """A webhooks-hsmeta.json: names like ticket.creation or ticket.propertyChange:subject."""

    def row(name: str, is_generic: bool) -> dict[str, Any]:
        type_, _, property_name = name.partition(":")
        kind, _, event = type_.partition(".")
        shown: dict[str, Any] = {"subscriptionType": type_, "active": True}
        if is_generic:
            shown = {"subscriptionType": f"object.{event}", "objectType": kind, "active": True}
        if property_name:
            shown["propertyName"] = property_name
        return shown

    hub_events = [n for n in classic or [] if n == "contact.privacyDeletion"]
    return {
        "uid": "webhooks",
        "type": "webhooks",
        "config": {
            "settings": {"targetUrl": "https://ours.example/hook", "maxConcurrentRequests": 10},
            "subscriptions": {
                "crmObjects": [row(name, True) for name in generic or []],
                "legacyCrmObjects": [
                    row(name, False) for name in classic or [] if name not in hub_events
                ],
                "hubEvents": [row(name, False) for name in hub_events],
            },
        },
    }


def _listen(hub: Hub, receiver: Receiver, subscriptions: dict[str, Any], **more: Any) -> None:
    body = {
        "target_url": receiver.url,
        "client_secret": _SECRET,
        "subscriptions": subscriptions,
        "enabled": True,
        "duplicate": 0.0,
        "drop": 0.0,
        "shuffle": False,
        "signature": "v3",
        "deadline_s": 5.0,
        "retry_delays_s": [0.05, 0.05, 0.05],
        **more,
    }
    hub.control("PUT", "/webhooks", body)


def test_a_new_ticket_is_told_in_the_classic_form(hub: Hub, receiver: Receiver) -> None:
    _listen(hub, receiver, _app(classic=["ticket.creation"]))

    ticket = hub.ticket()

    settings = hub.control("GET", "/settings")
    event = receiver.wait_for(1)[0]
    assert event["subscriptionType"] == "ticket.creation"
    assert event["objectId"] == int(ticket)
    assert event["portalId"] == settings["portal_id"]
    assert event["appId"] == settings["app_id"]
    assert event["attemptNumber"] == 0
    assert event["changeFlag"] == "NEW"
    assert "objectTypeId" not in event


def test_a_new_ticket_is_told_in_the_generic_form(hub: Hub, receiver: Receiver) -> None:
    _listen(hub, receiver, _app(generic=["ticket.creation"]))

    hub.ticket()

    event = receiver.wait_for(1)[0]
    assert (event["subscriptionType"], event["objectTypeId"]) == ("object.creation", "0-5")


def test_only_subscribed_properties_are_told(hub: Hub, receiver: Receiver) -> None:
    _listen(hub, receiver, _app(classic=["ticket.propertyChange:hs_pipeline_stage"]))
    ticket = hub.ticket(announce=True)
    receiver.wait_for(1)
    hub.act("user", "7", "update", object_type="tickets", id=ticket, properties={"subject": "x"})
    values = {"hs_pipeline_stage": "2"}
    hub.act("user", "7", "update", object_type="tickets", id=ticket, properties=values)

    event = receiver.settled()[-1]

    assert (event["propertyName"], event["propertyValue"]) == ("hs_pipeline_stage", "2")
    assert (event["changeSource"], event["sourceId"]) == ("CRM_UI", "userId:7")
    assert {e["propertyName"] for e in receiver.events} == {"hs_pipeline_stage"}


def test_our_own_writes_come_back_as_ours(hub: Hub, receiver: Receiver) -> None:
    ticket = hub.ticket()
    _listen(hub, receiver, _app(generic=["ticket.propertyChange:subject"]))

    hub.update("tickets", {"id": ticket, "properties": {"subject": "new"}})

    event = receiver.wait_for(1)[0]
    app_id = hub.control("GET", "/settings")["app_id"]
    assert (event["changeSource"], event["sourceId"]) == ("INTEGRATION", str(app_id))


def test_a_primary_link_is_two_events(sample: Hub, receiver: Receiver) -> None:
    company = sample.company("arborvale.example")
    _listen(sample, receiver, _app(classic=["ticket.associationChange"]))

    ticket = sample.ticket(company_id=company)

    events = receiver.wait_for(2)
    assert [event["isPrimaryAssociation"] for event in events] == [False, True]
    for event in events:
        assert event["associationType"] == "TICKET_TO_COMPANY"
        assert (event["fromObjectId"], event["toObjectId"]) == (int(ticket), int(company))
        assert event["associationRemoved"] is False


def test_merge_archive_and_privacy_deletion_are_told(sample: Hub, receiver: Receiver) -> None:
    one, other, third = sample.ticket(), sample.ticket(), sample.ticket()
    contact = sample.get("/crm/objects/{v}/contacts", limit="1").json()["results"][0]["id"]
    names = ["ticket.merge", "ticket.deletion", "contact.privacyDeletion"]
    _listen(sample, receiver, _app(classic=names))

    kept = sample.act("user", "1", "merge", object_type="tickets", id=other, into_id=one)["id"]
    sample.act("user", "1", "archive", object_type="tickets", id=third)
    sample.act("user", "1", "privacy_delete", object_type="contacts", id=contact)

    merge, deletion, privacy = receiver.wait_for(3)
    assert merge["primaryObjectId"] == int(one)
    assert merge["mergedObjectIds"] == [int(other)]
    assert merge["newObjectId"] == int(kept)
    assert deletion["objectId"] == int(third)
    assert privacy["objectId"] == int(contact)
    assert sample.get(f"/crm/objects/{{v}}/contacts/{contact}").status_code == 404


def test_a_delivery_is_signed_with_v3_beside_v1(hub: Hub, receiver: Receiver) -> None:
    _listen(hub, receiver, _app(classic=["ticket.creation"]))
    hub.ticket()
    receiver.wait_for(1)

    headers, body = receiver.deliveries[0]

    stamp = headers["X-HubSpot-Request-Timestamp"]
    text = b"POST" + receiver.url.encode() + body + stamp.encode()
    expected = base64.b64encode(hmac.new(_SECRET.encode(), text, hashlib.sha256).digest())
    assert headers["X-HubSpot-Signature-v3"] == expected.decode()
    assert headers["X-HubSpot-Signature"] == hashlib.sha256(_SECRET.encode() + body).hexdigest()
    assert headers["X-HubSpot-Signature-Version"] == "v1"


def test_an_older_app_signs_with_v1_alone(hub: Hub, receiver: Receiver) -> None:
    _listen(hub, receiver, _app(classic=["ticket.creation"]), signature="v1")
    hub.ticket()
    receiver.wait_for(1)

    headers = receiver.deliveries[0].headers

    assert "X-HubSpot-Signature-v3" not in headers
    assert "X-HubSpot-Request-Timestamp" not in headers
    assert headers["X-HubSpot-Signature"]


def test_events_come_in_arrays_of_a_hundred_at_most(hub: Hub, receiver: Receiver) -> None:
    _listen(hub, receiver, _app(classic=["ticket.creation"]))
    rows = [{"subject": str(n), "attach_after_s": 0} for n in range(250)]

    ids = hub.control("POST", "/tickets", {"tickets": rows})["ids"]

    assert {event["objectId"] for event in receiver.wait_for(250)} == {int(i) for i in ids}
    sizes = sorted(len(delivery.events) for delivery in receiver.deliveries)
    assert sizes == [50, 100, 100]
    assert hub.deliveries()["delivered"] == 250


def test_a_refused_delivery_is_tried_again_with_the_same_events(
    hub: Hub, receiver: Receiver
) -> None:
    receiver.answers = [500, 401]
    _listen(hub, receiver, _app(classic=["ticket.creation"]))
    hub.ticket()

    events = receiver.wait_for(3)

    assert [event["attemptNumber"] for event in events] == [0, 1, 2]
    assert len({event["eventId"] for event in events}) == 1
    stamps = [d.headers["X-HubSpot-Request-Timestamp"] for d in receiver.deliveries]
    assert len(set(stamps)) == 3
    state = hub.deliveries()
    assert (state["delivered"], state["retried"], state["failed"]) == (1, 2, 0)


def test_retries_may_keep_their_timestamp_and_change_their_event_id_by_assumption(
    hub: Hub, receiver: Receiver
) -> None:
    hub.assume(retry_restamps_timestamp=False, retry_keeps_event_id=False)
    receiver.answers = [500]
    _listen(hub, receiver, _app(classic=["ticket.creation"]))
    hub.ticket()

    events = receiver.wait_for(2)

    assert len({event["eventId"] for event in events}) == 2
    stamps = {d.headers["X-HubSpot-Request-Timestamp"] for d in receiver.deliveries}
    assert len(stamps) == 1


def test_after_the_last_retry_the_events_are_lost(hub: Hub, receiver: Receiver) -> None:
    receiver.answers = [503] * 4
    _listen(hub, receiver, _app(classic=["ticket.creation"]))
    hub.ticket()

    receiver.settled()

    state = hub.deliveries()
    assert (state["failed"], state["retried"], state["pending"]) == (1, 3, 0)


def test_an_answer_after_the_deadline_counts_as_none(hub: Hub, receiver: Receiver) -> None:
    receiver.pause_s = 0.4
    _listen(hub, receiver, _app(classic=["ticket.creation"]), deadline_s=0.1, retry_delays_s=[])
    hub.ticket()

    receiver.settled(0.4)

    state = hub.deliveries()
    assert state["failed"] == 1
    assert "no answer within" in state["log"][0]["outcome"]


def test_no_more_requests_are_open_at_once_than_allowed(hub: Hub, receiver: Receiver) -> None:
    receiver.pause_s = 0.05
    names = ["ticket.creation"]
    _listen(hub, receiver, _app(classic=names), max_concurrent_requests=3)
    rows = [{"subject": str(n), "attach_after_s": 0} for n in range(1000)]

    hub.control("POST", "/tickets", {"tickets": rows})

    assert len(receiver.wait_for(1000)) == 1000
    assert receiver.most_at_once == 3


def test_events_are_doubled_dropped_and_shuffled_on_request(hub: Hub, receiver: Receiver) -> None:
    app = _app(classic=["ticket.creation"])
    rows = [{"subject": str(n), "attach_after_s": 0} for n in range(60)]
    _listen(hub, receiver, app, duplicate=1.0, shuffle=True)

    hub.control("POST", "/tickets", {"tickets": rows})
    seen = [event["objectId"] for event in receiver.wait_for(120)]
    _listen(hub, receiver, app, drop=1.0)
    hub.control("POST", "/tickets", {"tickets": rows})

    assert len(seen) == 120
    assert len(set(seen)) == 60
    assert seen != sorted(seen)
    assert len(receiver.settled()) == 120
    assert hub.deliveries()["dropped"] == 60


def test_a_ticket_that_is_not_announced_is_never_told(hub: Hub, receiver: Receiver) -> None:
    names = ["ticket.creation", "ticket.propertyChange:hs_pipeline_stage"]
    _listen(hub, receiver, _app(classic=names))

    ticket = hub.ticket(announce=False)
    values = {"hs_pipeline_stage": "2"}
    hub.act("user", "7", "update", object_type="tickets", id=ticket, properties=values)

    assert receiver.settled() == []


@pytest.mark.parametrize(
    "subscriptions",
    [
        _app(classic=["gadget.creation"]),
        _app(classic=["ticket.explosion"]),
        _app(classic=["ticket.propertyChange"]),
        _app(generic=["ticket.propertyChange:hs_lastmodifieddate"]),
    ],
)
def test_what_hubspot_would_not_subscribe_is_refused(
    hub: Hub, subscriptions: dict[str, Any]
) -> None:
    body = {"subscriptions": subscriptions}

    answer = hub.session.put(f"{hub.base}/__control/webhooks", json=body, timeout=5)

    assert answer.status_code == 400


def test_inactive_subscriptions_are_not_served(hub: Hub, receiver: Receiver) -> None:
    app = _app(classic=["ticket.creation"])
    app["config"]["subscriptions"]["legacyCrmObjects"][0]["active"] = False
    _listen(hub, receiver, app)

    hub.ticket()

    assert receiver.settled() == []


@pytest.mark.parametrize(("assumed", "told"), [(True, 2), (False, 1)])
def test_a_creation_tells_its_properties_too_or_not_by_assumption(
    hub: Hub, receiver: Receiver, assumed: bool, told: int
) -> None:
    hub.assume(creation_sends_property_changes=assumed)
    _listen(hub, receiver, _app(classic=["ticket.creation", "ticket.propertyChange:subject"]))

    hub.ticket()

    assert len(receiver.settled()) == told
