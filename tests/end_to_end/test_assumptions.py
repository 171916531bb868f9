"""What HubSpot does not document, it may do either way: the worker lives with both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.settings import ASSUMPTIONS
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, route_all, settings_for
from worker.intake.inbox import Source
from worker.intake.poll import poll
from worker.runtime import Runtime

PASSWORD = {"subject": "locked out", "content": "Please reset my password for the portal."}
REFUSED = {"subject": "SQL", "content": "Write us a SQL query over the invoice tables."}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running_simulator("--empty") as url:
        yield url


@pytest.mark.parametrize(
    ("version", "assumption"),
    [("2026-09", one) for one in sorted(ASSUMPTIONS)] + [("2026-03", "retry_after_on_429")],
)
def test_the_flow_lives_with_the_other_way_too(
    version: str, assumption: str, base: str, redis_url: str, folder: Path
) -> None:
    """One batch with everything in it: a known client, none at all, a ticket archived, one
    merged, one that a rule of the portal refuses; then a poll, and a second `setup`.
    """
    with Hub(base) as hub:
        hub.control("POST", "/reset", {"portal": "empty", "tier": "professional", "seed": 1})
        hub.settings(rates_enabled=False, required_rules=[])
        hub.assume(**{**ASSUMPTIONS, assumption: not ASSUMPTIONS[assumption]})
        settings = settings_for(base, redis_url, folder, hubspot_api_version=version)
        provision(settings)
        assert provision(settings) == 0
        here = Runtime(settings)
        ids = arrive(hub)
        here.inbox.announce(list(ids.values()), Source.WEBHOOK)
        portal = here.portal.current(here.policy.current())
        poll(here.hubspot, here.inbox, portal)
        route_all(here, list(ids.values()))
        said = hub.truth("tickets", ids["known"])["properties"]
        assert said["routing_status"] == "decided"
        assert said["client_erp"] == "NetSuite"
        assert hub.truth("tickets", ids["unknown"])["properties"]["routing_queue"] == "level_1"
        refused = hub.truth("tickets", ids["refused"])["properties"]
        assert refused["routing_status"] == ("failed" if version == "2026-09" else "decided")
        assert {failure.id for failure in here.inbox.failures()} <= {ids["refused"]}
        counts = here.inbox.counts()
        assert counts["leased"] == counts["due"] == 0


def arrive(hub: Hub) -> dict[str, str]:
    """The tickets of the batch by what is special about them."""
    known = {"name": "Quist", "domain": "quist.example", "erp_system": "NetSuite"}
    company = hub.act("import", "1", "create", object_type="companies", properties=known)["id"]
    ids = {
        "known": hub.ticket(**PASSWORD, company_id=company),
        "unknown": hub.ticket(**PASSWORD),
        "archived": hub.ticket(**PASSWORD),
        "merged": hub.ticket(**PASSWORD),
        "refused": hub.ticket(**REFUSED),
    }
    hub.act("user", "7002", "archive", object_type="tickets", id=ids["archived"])
    into = hub.ticket(**PASSWORD)
    hub.act("user", "7002", "merge", object_type="tickets", id=ids["merged"], into_id=into)
    stages = hub.control("GET", "/pipelines")["results"][0]["stages"]
    unsupported = next(one["id"] for one in stages if one["label"] == "Not Supported")
    rule = {
        "object_type": "tickets",
        "when": {"property": "hs_pipeline_stage", "values": [unsupported]},
        "require": ["hs_resolution"],
    }
    hub.settings(required_rules=[rule])
    return ids
