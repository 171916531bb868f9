"""The rest of the control API: settings, reset, acts, log, bulk, files."""

from typing import Any

import pytest

from tests.simulator.hub import Hub


def test_settings_are_shown_as_they_were_put(hub: Hub) -> None:
    hub.settings(latency_ms=3, assumptions={"merged_ids_resolve": False})

    shown = hub.control("GET", "/settings")

    assert shown["latency_ms"] == 3
    assert shown["assumptions"]["merged_ids_resolve"] is False
    assert shown["assumptions"]["results_in_input_order"] is True


@pytest.mark.parametrize(
    "body",
    [
        {"latency": 3},
        {"latency_ms": -1},
        {"tier": "free"},
        {"assumptions": {"nonsense": True}},
        {"app_id": "x"},
    ],
)
def test_a_wrong_setting_is_refused_and_nothing_taken(hub: Hub, body: dict[str, Any]) -> None:
    before = hub.control("GET", "/settings")

    answer = hub.session.put(f"{hub.base}/__control/settings", json=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert hub.control("GET", "/settings") == before


def test_a_reset_forgets_records_and_the_same_seed_makes_the_same_portal(hub: Hub) -> None:
    def people() -> list[str]:
        rows = hub.control("GET", "/objects/contacts?properties=email")["results"]
        return [row["properties"]["email"] for row in rows]

    hub.control("POST", "/reset", {"portal": "sample", "seed": 3})
    first = people()
    hub.control("POST", "/reset", {"portal": "empty"})
    assert people() == []
    hub.control("POST", "/reset", {"portal": "sample", "seed": 3})

    assert people() == first
    assert len(first) > 120


def test_the_log_tells_every_write_with_its_writer(hub: Hub) -> None:
    ticket = hub.ticket()
    mark = hub.control("GET", "/log")["next"]
    hub.act("user", "7", "update", object_type="tickets", id=ticket, properties={"subject": "x"})
    hub.update("tickets", {"id": ticket, "properties": {"subject": "y"}})

    entries = hub.control("GET", f"/log?after={mark}")["entries"]

    app_id = str(hub.control("GET", "/settings")["app_id"])
    assert [(e["actor"], e["changes"]["subject"]) for e in entries] == [
        ({"kind": "user", "id": "7"}, ["Help", "x"]),
        ({"kind": "app", "id": app_id}, ["x", "y"]),
    ]
    assert {e["id"] for e in entries} == {ticket}


def test_others_may_link_unlink_delete_and_restore(sample: Hub) -> None:
    company = sample.company("arborvale.example")
    ticket = sample.ticket()
    link: dict[str, Any] = {"object_type": "tickets", "id": ticket, "to_type": "companies"}

    sample.act("workflow", "3", "associate", **link, to_id=company, primary=True)
    assert sample.truth("tickets", ticket)["associations"]["companies"][0]["type_ids"] == [26, 339]
    sample.act("workflow", "3", "dissociate", **link, to_id=company)
    assert sample.truth("tickets", ticket)["associations"] == {}
    sample.act("user", "1", "archive", object_type="tickets", id=ticket)
    sample.act("user", "1", "restore", object_type="tickets", id=ticket)
    assert sample.get(f"/crm/objects/{{v}}/tickets/{ticket}").status_code == 200


def test_an_act_on_nothing_is_refused(hub: Hub) -> None:
    body = {
        "actor": {"kind": "user", "id": "1"},
        "action": "archive",
        "object_type": "tickets",
        "id": "5",
    }

    answer = hub.session.post(f"{hub.base}/__control/act", json=body, timeout=5)

    assert answer.status_code == 400


def test_thousands_of_old_tickets_are_made_at_once_open_and_closed(hub: Hub) -> None:
    hub.settings(rates_enabled=False)
    counts = {"companies": 20, "contacts": 50, "tickets": 300}
    defaults = {"closed_share": 0.5, "age_days": 400}

    made = hub.control("POST", "/bulk", {**counts, "ticket_defaults": defaults})

    assert {name: made[name]["count"] for name in counts} == counts
    closed = {"propertyName": "hs_is_closed", "operator": "EQ", "value": "true"}
    assert hub.search("tickets", closed, limit=1).json()["total"] == 150
    shown = hub.truth("tickets", made["tickets"]["ids"][0])
    assert set(shown["associations"]) == {"companies", "contacts"}
    assert hub.control("GET", "/log")["next"] == 0


def test_bulk_clients_are_complete_as_far_as_asked(hub: Hub) -> None:
    hub.settings(rates_enabled=False)
    hub.define("companies", "erp_system")

    hub.control("POST", "/bulk", {"companies": 100, "contacts": 100, "complete_share": 0.3})

    known = {"propertyName": "erp_system", "operator": "HAS_PROPERTY"}
    assert hub.search("companies", known, limit=1).json()["total"] == 30


def test_an_attached_file_is_described_and_linked_to(old_hub: Hub) -> None:
    file_id = old_hub.control("POST", "/files", {"name": "scan.pdf", "size": 900})["id"]

    shown = old_hub.get(f"/files/{{v}}/files/{file_id}").json()
    signed = old_hub.get(f"/files/{{v}}/files/{file_id}/signed-url").json()

    assert (shown["name"], shown["extension"], shown["size"]) == ("scan", "pdf", 900)
    assert signed["url"].startswith(shown["url"])


def test_pipelines_are_shown_with_archived_stages(hub: Hub) -> None:
    hub.call("DELETE", "/crm/pipelines/{v}/tickets/0/stages/2")

    stages = hub.control("GET", "/pipelines")["results"][0]["stages"]

    assert [s["id"] for s in stages if s["archived"]] == ["2"]
