"""Owners and ageing against a simulated portal and a real channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.settings import RoutingMode
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import provision, settings_for
from tests.teams_channel import TeamsChannel, running_channel
from tests.worker.people import PASSWORD, PERSON, client, stage_id
from worker.escalation.account import ticket_links
from worker.escalation.ageing_watch import AgeingWatch, Watched
from worker.escalation.assignment import LAST_KEY, OWNERLESS_KEY, Assigned, Assignment
from worker.escalation.card_drawing import as_text
from worker.escalation.cards import MOST_IN_CARD, TicketLinks
from worker.escalation.delivery import Delivery
from worker.hubspot.models import Update, Writing
from worker.routing.escalation_rules import (
    Absence,
    Ageing,
    Assign,
    NoticeRules,
    Notices,
    Owners,
    QueueOwners,
    When,
    WorkingHoursRules,
)
from worker.routing.policy import DEFAULT_POLICY
from worker.routing.policy_document import PolicyDocument
from worker.routing.policy_file import read_document
from worker.runtime import Runtime

SHIPPED = read_document(DEFAULT_POLICY)
ALWAYS = WorkingHoursRules.model_validate_json(
    '{"days": ["mon","tue","wed","thu","fri","sat","sun"], "hours": ["00:00-24:00"]}'
)
MATEO, INGRID = "mateo.silva@ourdesk.example", "ingrid.dahl@ourdesk.example"
FORMER = "former.colleague@ourdesk.example"


class One:
    """One channel, whatever the variable."""

    def __init__(self, webhook: str) -> None:
        self._webhook = SecretStr(webhook)

    def address(self, variable: str) -> SecretStr:
        return self._webhook


@pytest.fixture(scope="module")
def simulated() -> Iterator[str]:
    """A portal with owners, made ready."""
    with running_simulator() as url, Hub(url) as hub:
        hub.settings(rates_enabled=False, index_delay_s=0)
        provision(settings_for(url, "redis://127.0.0.1:1", Path("unused")))
        yield url


@pytest.fixture
def hub(simulated: str) -> Iterator[Hub]:
    """The portal with no tickets in it."""
    with Hub(simulated) as hub:
        yield hub
        left = hub.get("/crm/objects/{v}/tickets", limit=100).json()["results"]
        hub.post(
            "/crm/objects/{v}/tickets/batch/archive",
            {"inputs": [{"id": row["id"]} for row in left]},
        )


@pytest.fixture
def here(hub: Hub, redis_url: str, folder: Path) -> Iterator[Runtime]:
    runtime = Runtime(settings_for(hub.base, redis_url, folder))
    yield runtime
    runtime.redis.close()


@pytest.fixture(scope="module")
def teams() -> Iterator[TeamsChannel]:
    with running_channel() as channel:
        yield channel


@pytest.fixture
def channel(teams: TeamsChannel) -> TeamsChannel:
    teams.forget()
    return teams


def put(hub: Hub, label: str, **more: str) -> str:
    """A ticket that a person put into a queue; its id."""
    ticket_id = hub.ticket(**PASSWORD)
    properties = {"hs_pipeline_stage": stage_id(hub, label), **more}
    hub.act("user", PERSON, "update", object_type="tickets", id=ticket_id, properties=properties)
    return ticket_id


def owner_ids(hub: Hub) -> dict[str, str]:
    rows = hub.get("/crm/owners/{v}").json()["results"]
    return {row["email"]: row["id"] for row in rows}


def owner_of(hub: Hub, ticket_id: str) -> str:
    return str(hub.truth("tickets", ticket_id)["properties"].get("hubspot_owner_id") or "")


# ---- owners


def assigning(assign: Assign, *people: str, absences: Sequence[Absence] = ()) -> PolicyDocument:
    level_2 = QueueOwners(assign=assign, owners=people)
    owners = Owners(queues={"level_2": level_2}, absences=tuple(absences))
    return SHIPPED.model_copy(update={"owners": owners, "working_hours": ALWAYS})


def assign(
    here: Runtime, policy: PolicyDocument, mode: RoutingMode = RoutingMode.ROUTE
) -> Assigned:
    portal = here.portal.current(here.policy.current())
    return Assignment(here.hubspot, here.redis).look(policy, portal, mode, datetime.now(UTC))


def test_tickets_of_the_queue_are_given_owners_in_turn(hub: Hub, here: Runtime) -> None:
    ids = owner_ids(hub)
    tickets = [put(hub, "Level 2 Support") for _ in range(3)]
    elsewhere = put(hub, "OCR")
    done = assign(here, assigning(Assign.ROUND_ROBIN, MATEO, FORMER, INGRID))
    assert str(done) == "3 given an owner"
    assert [owner_of(hub, t) for t in tickets] == [ids[MATEO], ids[INGRID], ids[MATEO]]
    assert owner_of(hub, elsewhere) == ""
    # The next one goes on where this one stopped, in another process too.
    later = put(hub, "Level 2 Support")
    assert assign(here, assigning(Assign.ROUND_ROBIN, MATEO, INGRID)).count == 1
    assert owner_of(hub, later) == ids[INGRID]


def test_the_fewest_open_tickets_decide(hub: Hub, here: Runtime) -> None:
    ids = owner_ids(hub)
    put(hub, "Level 2 Support", hubspot_owner_id=ids[MATEO])
    put(hub, "OCR", hubspot_owner_id=ids[MATEO])
    put(hub, "Closed", hubspot_owner_id=ids[INGRID])
    put(hub, "OCR", hubspot_owner_id=ids[INGRID])
    tickets = [put(hub, "Level 2 Support") for _ in range(3)]
    assign(here, assigning(Assign.LEAST_OPEN, MATEO, INGRID))
    # Mateo has two, Ingrid one.
    assert [owner_of(hub, t) for t in tickets] == [ids[INGRID], ids[MATEO], ids[INGRID]]


def test_who_has_an_owner_keeps_it_and_who_was_left_without_one_by_a_person_too(
    hub: Hub, here: Runtime
) -> None:
    ids = owner_ids(hub)
    taken = put(hub, "Level 2 Support", hubspot_owner_id=ids[INGRID])
    left = put(hub, "Level 2 Support", hubspot_owner_id=ids[INGRID])
    cleared = {"hubspot_owner_id": ""}
    hub.act("user", PERSON, "update", object_type="tickets", id=left, properties=cleared)
    assert assign(here, assigning(Assign.FIXED, MATEO)).count == 0
    assert (owner_of(hub, taken), owner_of(hub, left)) == (ids[INGRID], "")


def test_nobody_eligible_is_reported_and_the_ticket_is_found_again(hub: Hub, here: Runtime) -> None:
    ticket_id = put(hub, "Level 2 Support")
    today = datetime.now(UTC).date()
    away = Absence.model_validate({"owner": MATEO, "from": today, "until": today})
    done = assign(here, assigning(Assign.FIXED, MATEO, FORMER, absences=[away]))
    assert str(done) == "0 given an owner, 1 in level_2 wait because nobody is eligible"
    assert here.redis.hgetall(OWNERLESS_KEY) == {b"level_2": b"1"}
    assert owner_of(hub, ticket_id) == ""
    assert assign(here, assigning(Assign.FIXED, MATEO)).count == 1
    assert owner_of(hub, ticket_id) == owner_ids(hub)[MATEO]
    assert here.redis.hgetall(OWNERLESS_KEY) == {}


@pytest.mark.parametrize("mode", [RoutingMode.OBSERVE, RoutingMode.SUGGEST])
def test_owners_are_given_only_where_the_worker_is_trusted_to_act(
    hub: Hub, here: Runtime, mode: RoutingMode
) -> None:
    ticket_id = put(hub, "Level 2 Support")
    assert assign(here, assigning(Assign.FIXED, MATEO), mode).count == 0
    assert owner_of(hub, ticket_id) == ""


def test_an_owner_whom_somebody_chose_meanwhile_is_given_back(
    hub: Hub, here: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = owner_ids(hub)
    ticket_id = put(hub, "Level 2 Support")
    update = here.hubspot.update
    chosen: list[str] = []

    def somebody_first(object_type: str, rows: Sequence[Update]) -> Writing:
        if not chosen:
            chosen.append(ids[INGRID])
            hub.act(
                "user",
                PERSON,
                "update",
                object_type="tickets",
                id=ticket_id,
                properties={"hubspot_owner_id": ids[INGRID]},
            )
        return update(object_type, rows)

    monkeypatch.setattr(here.hubspot, "update", somebody_first)
    done = assign(here, assigning(Assign.FIXED, MATEO))
    assert (done.count, done.given_back) == (0, 1)
    assert owner_of(hub, ticket_id) == ids[INGRID]


def test_without_a_queue_to_assign_hubspot_is_asked_nothing(hub: Hub, here: Runtime) -> None:
    put(hub, "Level 2 Support")
    here.portal.current(here.policy.current())
    before = hub.control("GET", "/counters")
    assert assign(here, SHIPPED).count == 0
    assert hub.control("GET", "/counters") == before
    assert not here.redis.exists(LAST_KEY)


# ---- ageing


def watched(queues: dict[str, float], when: When = When.AT_ONCE) -> PolicyDocument:
    return SHIPPED.model_copy(
        update={
            "ageing": Ageing(queues=queues),
            "working_hours": ALWAYS,
            "notices": Notices(default=NoticeRules(when=when)),
        }
    )


def look(
    here: Runtime, channel: TeamsChannel, policy: PolicyDocument, hours_from_now: float = 9.0
) -> Watched:
    portal = here.portal.current(here.policy.current())
    watch = AgeingWatch(here.hubspot, here.clients, here.redis, Delivery(One(channel.webhook)))
    now = datetime.now(UTC) + timedelta(hours=hours_from_now)
    return watch.look(policy, portal, ticket_links(here.hubspot), now)


def test_a_ticket_that_waits_too_long_is_announced_once_to_its_queue(
    hub: Hub, here: Runtime, channel: TeamsChannel
) -> None:
    company, contact = client(hub)
    ticket_id = hub.ticket(**PASSWORD, contact_id=contact, company_id=company)
    stage = {"hs_pipeline_stage": stage_id(hub, "OCR")}
    hub.act("user", PERSON, "update", object_type="tickets", id=ticket_id, properties=stage)
    put(hub, "IT")
    policy = watched({"ocr": 8.0, "it": 40.0})
    assert look(here, channel, policy, 7.9).by_queue == {}
    assert look(here, channel, policy).by_queue == {"ocr": 1}
    assert look(here, channel, policy, 30).by_queue == {}
    (card,) = channel.cards()
    title, text = as_text(card)
    assert title == "1 ticket waits longer than 8 working hours"
    assert "Queue: OCR" in text
    assert "locked out" in text
    assert "Harrow & Sons" in text
    assert "9 working hours" in text
    portal_id = here.hubspot.account()["portalId"]
    assert f"https://app.hubspot.com/contacts/{portal_id}/record/0-5/{ticket_id}" in text


def test_a_ticket_that_comes_back_is_announced_again(
    hub: Hub, here: Runtime, channel: TeamsChannel
) -> None:
    ticket_id = put(hub, "OCR")
    policy = watched({"ocr": 8.0})
    assert look(here, channel, policy).by_queue == {"ocr": 1}
    for label in ("Waiting on contact", "OCR"):
        stage = {"hs_pipeline_stage": stage_id(hub, label)}
        hub.act("user", PERSON, "update", object_type="tickets", id=ticket_id, properties=stage)
    assert look(here, channel, policy).by_queue == {"ocr": 1}
    assert len(channel.cards()) == 2


def test_what_the_channel_did_not_take_is_announced_at_the_next_look(
    hub: Hub, here: Runtime, channel: TeamsChannel
) -> None:
    put(hub, "OCR")
    policy = watched({"ocr": 8.0})
    channel.fail(times=1, status=503)
    missed = look(here, channel, policy)
    assert (missed.by_queue, missed.undelivered) == ({}, 1)
    assert look(here, channel, policy).by_queue == {"ocr": 1}
    assert len(channel.cards()) == 1


def test_many_make_few_messages(hub: Hub, here: Runtime, channel: TeamsChannel) -> None:
    for _ in range(MOST_IN_CARD + 1):
        put(hub, "OCR")
    assert look(here, channel, watched({"ocr": 8.0})).by_queue == {"ocr": MOST_IN_CARD + 1}
    assert len(channel.cards()) == 2


def test_a_notice_for_working_hours_waits_for_them(
    hub: Hub, here: Runtime, channel: TeamsChannel
) -> None:
    put(hub, "OCR")
    policy = watched({"ocr": 8.0}, When.WORKING_HOURS)
    now = datetime.now(UTC) + timedelta(hours=9)
    # Closed in the hour of the look, open in the others of the day before or after it.
    span = f"00:00-{now:%H}:00" if now.hour else "01:00-24:00"
    hours = WorkingHoursRules.model_validate_json(
        f'{{"days": ["mon","tue","wed","thu","fri","sat","sun"], "hours": ["{span}"]}}'
    )
    policy = policy.model_copy(
        update={"working_hours": hours, "ageing": Ageing(queues={"ocr": 0.01})}
    )
    assert look(here, channel, policy, 9).by_queue == {}
    opens_in = 25 - now.hour if now.hour else 1.5
    assert look(here, channel, policy, 9 + opens_in).by_queue == {"ocr": 1}


def test_an_account_without_dates_of_entry_is_read_by_history(
    hub: Hub, here: Runtime, channel: TeamsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(hub, "OCR")
    monkeypatch.setattr(
        "worker.escalation.overdue.PROPERTIES", ("hs_pipeline", "hs_pipeline_stage")
    )
    assert look(here, channel, watched({"ocr": 8.0})).by_queue == {"ocr": 1}


def test_links_name_the_accounts_own_domain_only_if_it_is_hubspots(here: Runtime) -> None:
    class Account:
        def __init__(self, domain: str) -> None:
            self.said = {"portalId": 5, "uiDomain": domain}

        def account(self) -> dict[str, object]:
            return self.said

    european = ticket_links(Account("app-eu1.hubspot.com"))  # type: ignore[arg-type]
    assert european == TicketLinks("5", "app-eu1.hubspot.com")
    for strange in ("evil.example", "app.hubspot.com.evil.example", "", "app-eu1.hubspot.com/x"):
        assert ticket_links(Account(strange)) == TicketLinks("5")  # type: ignore[arg-type]
