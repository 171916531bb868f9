"""Batches taken through the whole flow against a simulated HubSpot and a real Redis."""

from __future__ import annotations

import contextlib
import inspect
import time
from pathlib import Path

import pytest
import redis

from tests.simulator.hub import Hub
from tests.stack import TOKEN, provision, route_all, settings_for, writes
from tests.worker.people import PASSWORD, PERSON, NoBackoff, client, stage_id, stage_label
from worker.intake.inbox import Claim, Source
from worker.intake.reconcile import reconcile
from worker.portal import PortalNotReady
from worker.runtime import Runtime
from worker.tickets import effects


def test_a_ticket_lands_in_the_stage_of_its_team_with_its_clients_context(
    hub: Hub, here: Runtime
) -> None:
    domain = "quist.example"
    company, contact = client(hub, domain=domain)
    ticket_id = hub.ticket(**PASSWORD, contact_id=contact, company_id=company, source_type="EMAIL")
    assert route_all(here, [ticket_id]) == "1 ticket: 1 decided"
    ticket = hub.truth("tickets", ticket_id)
    assert stage_label(hub, ticket) == "Level 1 Support"
    said = ticket["properties"]
    assert said["routing_queue"] == "level_1"
    assert said["routing_ticket_type"] == "password_reset"
    assert said["routing_status"] == "decided"
    assert said["routing_guideline"] == "5.1"
    assert "5.1" in said["routing_reason"]
    assert said["client_erp"] == "NetSuite"
    assert said["client_admin_contacts"] == f"Ada Quist <ap@{domain}>"
    assert said["client_customizations"] == "Two-step approval."
    assert not said.get("client_record_missing")
    assert len(writes(hub, ticket_id)) == 1, "one move for one decision"


def test_an_incomplete_client_record_is_flagged_on_company_and_ticket(
    hub: Hub, here: Runtime
) -> None:
    company, contact = client(hub, complete=False, erp_system="n/a")
    ticket_id = hub.ticket(**PASSWORD, contact_id=contact, company_id=company)
    route_all(here, [ticket_id])
    gaps = "administrative contact, ERP system, customization summary"
    assert hub.truth("tickets", ticket_id)["properties"]["client_record_missing"] == gaps
    flagged = hub.truth("companies", company)["properties"]
    assert flagged["client_record_status"] == "incomplete"
    assert flagged["client_record_missing"] == gaps
    second = hub.ticket(**PASSWORD, contact_id=contact, company_id=company)
    route_all(here, [second])
    assert len(writes(hub, company, "companies")) == 1, "a flag is written only where it changes"


def test_a_ticket_decided_without_client_gets_it_when_hubspot_attaches_it(
    hub: Hub, here: Runtime
) -> None:
    company, _contact = client(hub)
    ticket_id = hub.ticket(**PASSWORD)
    assert route_all(here, [ticket_id]) == "1 ticket: 1 decided"
    assert (
        hub.truth("tickets", ticket_id)["properties"]["client_record_missing"] == "client unknown"
    )
    assert here.inbox.counts()["waiting"] == 1, "it is looked at again by itself"
    hub.act(
        "hubspot",
        "",
        "associate",
        object_type="tickets",
        id=ticket_id,
        to_type="companies",
        to_id=company,
        primary=True,
    )
    route_all(here, [ticket_id])
    said = hub.truth("tickets", ticket_id)["properties"]
    assert said["client_erp"] == "NetSuite"
    assert not said.get("client_record_missing")
    moves = [e for e in writes(hub, ticket_id) if "hs_pipeline_stage" in e["changes"]]
    assert len(moves) == 1, "the same decision moves it once"


def test_the_clients_are_found_by_company_contact_and_domain(hub: Hub, here: Runtime) -> None:
    _company, contact = client(hub, domain="found.example")
    by_contact = hub.ticket(**PASSWORD, contact_id=contact)
    colleague = hub.act(
        "import", "1", "create", object_type="contacts", properties={"email": "new@found.example"}
    )["id"]
    by_domain = hub.ticket(**PASSWORD, contact_id=colleague)
    free = hub.act(
        "import", "1", "create", object_type="contacts", properties={"email": "someone@gmail.com"}
    )["id"]
    nobody = hub.ticket(**PASSWORD, contact_id=free)
    route_all(here, [by_contact, by_domain, nobody])
    erp = {
        i: hub.truth("tickets", i)["properties"].get("client_erp")
        for i in (by_contact, by_domain, nobody)
    }
    assert erp[by_contact] == "NetSuite"
    assert erp[by_domain] == "NetSuite"
    assert not erp[nobody]


@pytest.mark.parametrize("gone", ["archive", "privacy_delete", "merged"])
def test_a_ticket_gone_before_it_is_read_holds_nothing_up(
    hub: Hub, here: Runtime, gone: str
) -> None:
    lost, other = hub.ticket(**PASSWORD), hub.ticket(**PASSWORD)
    if gone != "merged":
        hub.act("user", PERSON, gone, object_type="tickets", id=lost)
        assert route_all(here, [lost, other]) in {
            "2 tickets: 1 gone, 1 decided",
            "2 tickets: 1 decided, 1 gone",
        }
        assert hub.truth("tickets", other)["properties"]["routing_status"] == "decided"
    else:
        into = hub.act("user", PERSON, "merge", object_type="tickets", id=lost, into_id=other)["id"]
        route_all(here, [lost])
        assert hub.truth("tickets", into)["properties"]["routing_status"] == "decided"
    assert here.inbox.counts() == {"due": 0, "waiting": 1, "leased": 0, "failed": 0}


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("", ""),
        ("", "x" * 65_536),
        (
            "<b>hi</b>",
            "<html><body><p onclick=alert(1)>Please reset my password &nbsp;</p></body></html>",
        ),
        ("🧾🧾", "🙏🔑❓" * 200),
        (
            "mot de passe",
            "Bonjour, je n'arrive plus à me connecter au portail, merci de m'aider.",
        ),
        ("\x00\u202e=cmd()", "\u200b\ufeff\x07"),
    ],
    ids=["empty", "longest", "html", "emoji", "french", "controls"],
)
def test_whatever_the_text_the_ticket_is_decided(
    hub: Hub, here: Runtime, subject: str, body: str
) -> None:
    ticket_id = hub.ticket(subject=subject, content=body)
    route_all(here, [ticket_id])
    said = hub.truth("tickets", ticket_id)["properties"]
    assert said["routing_status"] in {"decided", "triage"}
    assert said["routing_reason"]
    if not body:
        assert said["routing_queue"] == "level_1"


def test_a_company_without_properties_and_a_contact_without_address_do_no_harm(
    hub: Hub, here: Runtime
) -> None:
    company = hub.act("import", "1", "create", object_type="companies", properties={})["id"]
    contact = hub.act("import", "1", "create", object_type="contacts", properties={})["id"]
    ticket_id = hub.ticket(**PASSWORD, contact_id=contact, company_id=company)
    route_all(here, [ticket_id])
    said = hub.truth("tickets", ticket_id)["properties"]
    assert said["routing_status"] == "decided"
    assert said["client_record_missing"].startswith("administrative contact")


def test_a_required_property_of_the_portal_costs_its_ticket_only(
    fresh_hub: Hub, redis_url: str, folder: Path
) -> None:
    hub = fresh_hub
    settings = settings_for(hub.base, redis_url, folder)
    provision(settings)
    here = Runtime(settings)
    company, contact = client(hub)
    level_1 = stage_id(hub, "Level 1 Support")
    hub.settings(
        required_rules=[
            {
                "object_type": "tickets",
                "when": {"property": "hs_pipeline_stage", "values": [level_1]},
                "require": ["hs_resolution"],
            }
        ]
    )
    refused = hub.ticket(**PASSWORD, contact_id=contact, company_id=company)
    fine = hub.ticket(
        subject="OCR",
        content="Please train the OCR on the new layout of this vendor, samples attached.",
    )
    route_all(here, [refused, fine])
    ticket = hub.truth("tickets", refused)
    assert ticket["properties"]["routing_status"] == "failed"
    assert stage_label(hub, ticket) == "New"
    assert "hs_resolution" in ticket["properties"]["routing_reason"]
    assert hub.truth("tickets", fine)["properties"]["routing_queue"] == "ocr"
    assert [failure.id for failure in here.inbox.failures()] == [refused]


def test_a_portal_without_our_properties_is_said_clearly(
    fresh_hub: Hub, redis_url: str, folder: Path
) -> None:
    here = Runtime(settings_for(fresh_hub.base, redis_url, folder))
    with pytest.raises(PortalNotReady, match="ticket-worker setup"):
        here.portal.current(here.policy.current())


def test_a_deleted_stage_is_said_clearly(fresh_hub: Hub, redis_url: str, folder: Path) -> None:
    hub = fresh_hub
    settings = settings_for(hub.base, redis_url, folder)
    provision(settings)
    here = Runtime(settings)
    stages = hub.control("GET", "/pipelines")["results"][0]["stages"]
    ocr = next(s["id"] for s in stages if s["label"] == "OCR")
    assert hub.call("DELETE", f"/crm/pipelines/{{v}}/tickets/0/stages/{ocr}").status_code == 204
    with pytest.raises(PortalNotReady, match=r"OCR.*no live stage"):
        here.portal.current(here.policy.current())


def test_observing_writes_nothing_and_remembers_what_it_saw(
    hub: Hub, here: Runtime, redis_url: str, folder: Path
) -> None:
    observer = Runtime(settings_for(hub.base, redis_url, folder, routing_mode="observe"))
    ticket_id = hub.ticket(**PASSWORD)
    route_all(observer, [ticket_id])
    assert writes(hub, ticket_id) == []
    assert len(list((folder / "observe").glob("*.jsonl"))) == 1
    assert route_all(observer, [ticket_id]) == "1 ticket: 1 observed before"


def test_suggesting_writes_its_own_properties_and_moves_nothing(
    hub: Hub, here: Runtime, redis_url: str, folder: Path
) -> None:
    suggesting = Runtime(settings_for(hub.base, redis_url, folder, routing_mode="suggest"))
    ticket_id = hub.ticket(**PASSWORD)
    route_all(suggesting, [ticket_id])
    ticket = hub.truth("tickets", ticket_id)
    assert ticket["properties"]["routing_status"] == "suggested"
    assert ticket["properties"]["routing_queue"] == "level_1"
    assert stage_label(hub, ticket) == "New"


def test_older_tickets_are_left_alone(
    hub: Hub, here: Runtime, redis_url: str, folder: Path
) -> None:
    later = Runtime(settings_for(hub.base, redis_url, folder, route_tickets_since=None))
    old = hub.ticket(**PASSWORD, created_at="2026-01-01T00:00:00Z")
    assert route_all(later, [old]) == "1 ticket: 1 needing nothing"


def test_our_source_id_is_learned_from_what_we_wrote(
    hub: Hub, here: Runtime, redis_client: redis.Redis
) -> None:
    assert here.identity.source_id == ""
    route_all(here, [hub.ticket(**PASSWORD)])
    app_id = hub.control("GET", "/settings")["app_id"]
    assert here.identity.source_id == str(app_id)
    assert TOKEN not in repr(here.hubspot.__dict__)


def test_a_flushed_redis_loses_no_ticket_and_moves_none_twice(hub: Hub, here: Runtime) -> None:
    done, waiting = hub.ticket(**PASSWORD), hub.ticket(**PASSWORD)
    route_all(here, [done])
    here.inbox.announce([waiting], Source.WEBHOOK)
    here.redis.flushall()
    portal = here.portal.current(here.policy.current())
    result = reconcile(here.hubspot, here.inbox, portal, here.now())
    assert result.unaccounted >= 1
    assert result.by_age["under 5 minutes"] >= 1
    assert reconcile(here.hubspot, here.inbox, portal, here.now()).unaccounted == 0
    route_all(here, [done, waiting])
    assert hub.truth("tickets", waiting)["properties"]["routing_status"] == "decided"
    assert len([e for e in writes(hub, done) if "hs_pipeline_stage" in e["changes"]]) == 1


def test_a_ticket_that_makes_the_worker_fail_costs_itself_alone(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = hub.ticket(subject="bad", content="bad"), hub.ticket(**PASSWORD)
    client_properties = effects.client_properties

    def fails(record: object, missing: object) -> dict[str, str]:
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        if frame.f_back.f_locals["decision"].id == bad:
            raise ZeroDivisionError
        return client_properties(record, missing)  # type: ignore[arg-type]

    monkeypatch.setattr(effects, "client_properties", fails)
    monkeypatch.setattr("worker.intake.inbox.SUSPECT_S", 0.0)
    monkeypatch.setattr("worker.intake.inbox.BACKOFF", NoBackoff())
    here.inbox.announce([bad, good], Source.WEBHOOK)
    policy = here.policy.current()
    portal = here.portal.current(policy)
    ends = time.monotonic() + 60
    while time.monotonic() < ends and not here.inbox.failures():
        claim, _ = here.inbox.claim()
        if isinstance(claim, Claim):
            with contextlib.suppress(ZeroDivisionError):
                here.flow.route(claim, policy, portal)
        time.sleep(0.05)
    assert hub.truth("tickets", good)["properties"]["routing_status"] == "decided"
    said = hub.truth("tickets", bad)["properties"]
    assert said["routing_status"] == "failed"
    assert "failed retry" in said["routing_reason"]
    assert [failure.id for failure in here.inbox.failures()] == [bad]
    here.inbox.announce([bad], Source.WEBHOOK)
    assert here.inbox.failures() == [], "news of it frees it"


def test_a_stage_deleted_while_the_worker_runs_costs_no_ticket(
    fresh_hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = fresh_hub
    settings = settings_for(hub.base, redis_url, folder)
    provision(settings)
    here = Runtime(settings)
    monkeypatch.setattr("worker.intake.inbox.BACKOFF", NoBackoff())
    policy = here.policy.current()
    before = here.portal.current(policy)
    gone = stage_id(hub, "Level 1 Support")
    assert hub.call("DELETE", f"/crm/pipelines/{{v}}/tickets/0/stages/{gone}").status_code == 204
    ticket_id = hub.ticket(**PASSWORD)
    assert "waiting for the portal" in route_all(here, [ticket_id], before)
    with pytest.raises(PortalNotReady, match="Level 1"):
        here.portal.current(policy)
    provision(settings)
    route_all(here, [ticket_id])
    assert stage_label(hub, hub.truth("tickets", ticket_id)) == "Level 1 Support"
