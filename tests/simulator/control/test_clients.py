"""The sample's client records, once there is something to fill."""

from tests.simulator.hub import Hub


def _provision(hub: Hub) -> None:
    hub.define("companies", "erp_system")
    hub.define("companies", "customization_summary", fieldType="textarea")
    body = {"label": "Administrative contact", "name": "administrative_contact"}
    hub.post("/crm/associations/{v}/contacts/companies/labels", body)


def test_the_sample_can_not_be_filled_before_its_properties_exist(sample: Hub) -> None:
    answer = sample.session.post(f"{sample.base}/__control/clients/sample", timeout=5)

    assert answer.status_code == 400
    assert "erp_system" in answer.json()["error"]


def test_a_third_is_complete_a_third_half_and_a_third_empty(sample: Hub) -> None:
    _provision(sample)

    done = sample.control("POST", "/clients/sample")

    assert {name: len(ids) for name, ids in done.items()} == {
        "complete": 20,
        "half": 20,
        "empty": 20,
    }
    for state, ids in done.items():
        for company in ids:
            shown = sample.truth("companies", company)
            have = {
                name
                for name in ("erp_system", "customization_summary")
                if name in shown["properties"]
            }
            labels = {label for row in shown["associations"]["contacts"] for label in row["labels"]}
            if "Administrative contact" in labels:
                have.add("admin")
            assert len(have) == {"complete": 3, "half": 2, "empty": 0}[state]
    contact = sample.truth("companies", done["complete"][0])["associations"]["contacts"][0]
    assert {"Primary", "Administrative contact"} <= set(contact["labels"])


def test_one_client_is_filled_by_domain(sample: Hub) -> None:
    _provision(sample)
    company = sample.company("arborvale.example")
    people = sample.truth("companies", company)["associations"]["contacts"]
    row = {
        "domain": "arborvale.example",
        "properties": {"erp_system": "NetSuite"},
        "admin_contacts": [people[1]["id"]],
    }

    assert sample.control("POST", "/clients", {"clients": [row]})["ids"] == [company]

    shown = sample.truth("companies", company)
    assert shown["properties"]["erp_system"] == "NetSuite"
    labelled = [
        p["id"]
        for p in shown["associations"]["contacts"]
        if "Administrative contact" in p["labels"]
    ]
    assert labelled == [people[1]["id"]]


def test_without_labels_a_contact_property_marks_the_administrator(sample: Hub) -> None:
    sample.settings(tier="starter")
    sample.define("companies", "erp_system")
    sample.define("companies", "customization_summary")
    body = {
        "name": "is_admin",
        "label": "Administrator",
        "type": "string",
        "fieldType": "text",
        "groupName": "contactinformation",
    }
    sample.post("/crm/properties/{v}/contacts", body)

    done = sample.control("POST", "/clients/sample", {"admin_property": "is_admin"})

    people = sample.truth("companies", done["complete"][0])["associations"]["contacts"]
    marks = [sample.truth("contacts", p["id"])["properties"].get("is_admin") for p in people]
    assert marks.count("true") == 1
