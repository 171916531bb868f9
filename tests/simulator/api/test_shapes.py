"""Bodies of the wrong shape are refused, at whatever depth; the server never stumbles."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.hub import Hub

_TYPE = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}
_FILTER = {"propertyName": "subject", "operator": "EQ", "value": "x"}
_BODIES: dict[str, Any] = {
    "POST /crm/objects/{v}/tickets/search": {
        "filterGroups": [{"filters": [_FILTER]}],
        "sorts": ["createdate"],
        "properties": ["subject"],
        "limit": 1,
        "after": "0",
    },
    "POST /crm/objects/{v}/tickets/batch/read": {
        "inputs": [{"id": "1"}],
        "properties": ["subject"],
        "propertiesWithHistory": [],
    },
    "POST /crm/objects/{v}/tickets/batch/update": {
        "inputs": [{"id": "1", "properties": {"subject": "a"}}]
    },
    "POST /crm/objects/{v}/notes/batch/create": {
        "inputs": [
            {
                "properties": {"hs_timestamp": "1"},
                "associations": [{"to": {"id": "1"}, "types": [_TYPE]}],
            }
        ]
    },
    "POST /crm/associations/{v}/notes/tickets/batch/create": {
        "inputs": [{"from": {"id": "1"}, "to": {"id": "1"}, "types": [_TYPE]}]
    },
    "POST /crm/associations/{v}/notes/tickets/batch/archive": {
        "inputs": [{"from": {"id": "1"}, "to": [{"id": "1"}]}]
    },
    "POST /crm/properties/{v}/tickets": {
        "name": "choice",
        "label": "Choice",
        "type": "enumeration",
        "fieldType": "select",
        "groupName": "ticketinformation",
        "options": [{"label": "a", "value": "a", "displayOrder": 1, "hidden": False}],
    },
    "POST /crm/pipelines/{v}/tickets": {
        "label": "p",
        "displayOrder": 1,
        "stages": [{"label": "s", "displayOrder": 1, "metadata": {"ticketState": "OPEN"}}],
    },
}
_ODD: tuple[Any, ...] = (None, 7, "x", [], {}, [1], [None], {"a": 1}, True)


def _places(body: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield before
    if isinstance(body, dict):
        for name, value in body.items():
            yield from _places(value, (*before, name))
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from _places(value, (*before, index))


def _with(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    spoiled = copy.deepcopy(body)
    inner = spoiled
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return spoiled


@pytest.mark.parametrize("endpoint", sorted(_BODIES))
def test_no_odd_body_makes_the_server_fail(hub: Hub, endpoint: str) -> None:
    hub.settings(rates_enabled=False)
    method, path = endpoint.split(" ")
    body = _BODIES[endpoint]

    failed = [
        (place, odd)
        for place in _places(body)
        for odd in _ODD
        if hub.call(method, path, _with(body, place, odd)).status_code >= 500
    ]

    assert failed == []


def test_what_is_no_json_is_refused(hub: Hub) -> None:
    url = f"{hub.base}/crm/objects/2026-09/tickets/batch/read"

    answer = hub.session.post(url, data=b"{not json", timeout=5)

    assert answer.status_code == 400
    assert "Invalid input JSON" in answer.json()["message"]
