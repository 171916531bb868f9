"""Property definitions: created once, found again, archived and brought back."""

from tests.simulator.hub import Hub

_CHOICES = [
    {"label": name, "value": name.lower(), "displayOrder": order, "hidden": False}
    for order, name in enumerate(("Decided", "Triage"))
]


def _values(hub: Hub, name: str) -> list[str]:
    read = hub.get(f"/crm/properties/{{v}}/tickets/{name}").json()
    return [option["value"] for option in read["options"]]


def test_a_property_knows_when_it_was_created(hub: Hub) -> None:
    made = hub.define("tickets", "routing_status")

    assert made.status_code == 201
    listed = hub.get("/crm/properties/{v}/tickets").json()["results"]
    ours = next(row for row in listed if row["name"] == "routing_status")
    assert ours["createdAt"] == made.json()["createdAt"]
    assert ours["hubspotDefined"] is False


def test_a_taken_name_is_a_409_and_changes_nothing(hub: Hub) -> None:
    hub.define("tickets", "routing_status")

    again = hub.define("tickets", "routing_status", label="Other")

    assert again.status_code == 409
    assert again.json()["category"] == "OBJECT_ALREADY_EXISTS"
    read = hub.get("/crm/properties/{v}/tickets/routing_status").json()
    assert read["label"] == "routing status"


def test_an_archived_name_comes_back_with_its_old_date(hub: Hub) -> None:
    made = hub.define("tickets", "routing_status").json()
    path = "/crm/properties/{v}/tickets/routing_status"
    assert hub.call("DELETE", path).status_code == 204
    assert hub.get(path).status_code == 404
    assert hub.get("/crm/properties/{v}/tickets", archived="true").json()["results"]

    back = hub.define("tickets", "routing_status")

    assert back.status_code == 201
    assert back.json()["createdAt"] == made["createdAt"]


def test_an_archived_name_may_stay_taken_by_assumption(hub: Hub) -> None:
    hub.assume(recreating_archived_property_restores=False)
    hub.define("tickets", "routing_status")
    hub.call("DELETE", "/crm/properties/{v}/tickets/routing_status")

    assert hub.define("tickets", "routing_status").status_code == 409


def test_options_given_are_the_whole_list(hub: Hub) -> None:
    hub.define(
        "tickets", "routing_status", type="enumeration", fieldType="select", options=_CHOICES
    )
    path = "/crm/properties/{v}/tickets/routing_status"

    hub.call("PATCH", path, {"label": "Status"})
    assert _values(hub, "routing_status") == ["decided", "triage"]

    hub.call("PATCH", path, {"options": _CHOICES[1:]})
    assert _values(hub, "routing_status") == ["triage"]


def test_what_can_not_be_defined_is_refused(hub: Hub) -> None:
    refused = [
        hub.define("tickets", "Routing"),
        hub.define("tickets", "a", groupName="nowhere"),
        hub.define("tickets", "b", type="number", fieldType="text"),
        hub.define("tickets", "c", type="enumeration", fieldType="select"),
        hub.define("tickets", "d", type="enumeration", fieldType="select", options=_CHOICES * 2),
    ]

    assert [answer.status_code for answer in refused] == [400] * 5


def test_hubspots_own_properties_can_not_be_archived_or_renamed(hub: Hub) -> None:
    path = "/crm/properties/{v}/tickets/subject"

    assert hub.call("DELETE", path).status_code == 400
    assert hub.call("PATCH", path, {"label": "Title"}).status_code == 400


def test_a_batch_creates_the_good_ones_and_names_the_others(hub: Hub) -> None:
    hub.define("tickets", "taken")
    rows = [
        {
            "name": name,
            "label": name,
            "type": "string",
            "fieldType": "text",
            "groupName": "ticketinformation",
        }
        for name in ("taken", "fresh")
    ]

    answer = hub.post("/crm/properties/{v}/tickets/batch/create", {"inputs": rows})

    assert answer.status_code == 207
    assert [row["name"] for row in answer.json()["results"]] == ["fresh"]
    assert answer.json()["errors"][0]["category"] == "OBJECT_ALREADY_EXISTS"


def test_groups_are_made_once_and_kept_while_in_use(hub: Hub) -> None:
    body = {"name": "support_routing", "label": "Support routing"}
    path = "/crm/properties/{v}/tickets/groups"

    assert hub.post(path, body).status_code == 201
    assert hub.post(path, body).status_code == 409
    hub.define("tickets", "routing_status", groupName="support_routing")
    assert hub.call("DELETE", f"{path}/support_routing").status_code == 400
    hub.call("DELETE", "/crm/properties/{v}/tickets/routing_status")
    assert hub.call("DELETE", f"{path}/support_routing").status_code == 204
    assert hub.get(f"{path}/support_routing").status_code == 404


def test_a_unique_property_refuses_a_second_holder(hub: Hub) -> None:
    hub.define("tickets", "our_key", hasUniqueValue=True)
    one, other = hub.ticket(), hub.ticket()
    hub.update("tickets", {"id": one, "properties": {"our_key": "k"}})

    refused = hub.update("tickets", {"id": other, "properties": {"our_key": "k"}})

    assert refused.status_code == 400
    found = hub.get("/crm/objects/{v}/tickets/k", idProperty="our_key")
    assert found.json()["id"] == one
