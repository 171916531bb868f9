"""What gaps cost: tickets that are open, and those decided without the data."""

from __future__ import annotations

from config.portal import PortalNames
from tests.simulator.hub import Hub
from tests.worker.clients.sweeping import (
    company,
    now,
)
from worker.clients.burden import Burden, read_burdens
from worker.hubspot.by_night import HubSpotByNight
from worker.portal import read_portal


def test_open_tickets_and_those_decided_without_data_weigh(
    hub: Hub, hubspot: HubSpotByNight, names: PortalNames
) -> None:
    busy, quiet = company(hub, name="Busy"), company(hub, name="Quiet")
    at = str(int(now().timestamp() * 1000))
    decided = {"routing_decided_at": at, "client_record_missing": "ERP system"}
    for properties in ({}, decided, {"client_record_missing": "client unknown"} | decided):
        ticket = {"company_id": busy, "properties": properties, "attach_after_s": 0}
        hub.control("POST", "/tickets", {"tickets": [ticket]})
    stages = hub.control("GET", "/pipelines")["results"][0]["stages"]
    closed = next(one["id"] for one in stages if one["label"] == "Closed")
    done = {"company_id": quiet, "stage": closed, "attach_after_s": 0}
    hub.control("POST", "/tickets", {"tickets": [done]})
    portal = read_portal(hubspot, names, now())
    burdens = read_burdens(hubspot, portal, now())
    assert burdens.of(busy).open_tickets == 3
    assert burdens.of(busy).decided_without >= 1
    assert burdens.of(quiet) == Burden()
    assert burdens.by_gap["ERP system"] >= 1
