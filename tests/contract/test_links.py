"""Associations, their labels and limits, through HubSpot's client."""

from typing import Any

from hubspot_sdk import BaseModel, HubSpot

from tests.simulator.hub import Hub

_PRIMARY: Any = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 26}
_PLAIN: Any = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 339}
_TYPES: Any = {"from_object_type": "tickets", "to_object_type": "companies"}


def _errors(answer: BaseModel) -> list[dict[str, Any]]:
    """The failed rows, which the client's type of a whole answer has no field for."""
    found: Any = answer.to_dict(mode="json")["errors"]
    rows: list[dict[str, Any]] = found
    return rows


def test_links_are_made_read_and_removed_in_batches(
    client: HubSpot, ticket: str, company: str
) -> None:
    api = client.crm.associations.batch
    ends: Any = {"from": {"id": ticket}, "to": {"id": company}}
    primary: Any = {**ends, "types": [_PRIMARY]}

    made = api.create(**_TYPES, inputs=[primary])
    read = api.get(**_TYPES, inputs=[{"id": ticket}])
    api.delete_labels(**_TYPES, inputs=[primary])
    plain = api.get(**_TYPES, inputs=[{"id": ticket}])
    api.delete(**_TYPES, inputs=[{"from": {"id": ticket}, "to": [{"id": company}]}])
    none = api.get(**_TYPES, inputs=[{"id": ticket}])

    assert made.results[0].from_object_id == ticket
    assert made.results[0].labels == ["Primary"]
    kinds = read.results[0].to[0].association_types
    assert {(kind.type_id, kind.label) for kind in kinds} == {(26, "Primary"), (339, None)}
    assert read.results[0].to[0].to_object_id == company
    assert [kind.type_id for kind in plain.results[0].to[0].association_types] == [339]
    assert none.results == []
    assert _errors(none)[0]["category"] == "OBJECT_NOT_FOUND"


def test_default_links_answer_both_directions(client: HubSpot, ticket: str, company: str) -> None:
    row: Any = {"from": {"id": ticket}, "to": {"id": company}}

    made = client.crm.associations.batch.create_default(**_TYPES, inputs=[row])

    ids = {row.association_spec.association_type_id for row in made.results}
    assert ids == {339, 340}


def test_one_link_is_made_listed_and_removed(client: HubSpot, ticket: str, company: str) -> None:
    api = client.crm.associations
    where: Any = {"object_type": "tickets", "object_id": ticket, "to_object_type": "companies"}

    default = api.create(
        company, from_object_type="tickets", from_object_id=ticket, to_object_type="companies"
    )
    labelled = api.update_labels(company, **where, body=[_PRIMARY, _PLAIN])
    page = api.list("companies", object_type="tickets", object_id=ticket, limit=10)
    api.delete(company, **where)
    empty = api.list("companies", object_type="tickets", object_id=ticket)

    assert default.status == "COMPLETE"
    assert labelled.to_object_id == company
    assert [row.to_object_id for row in page.results] == [company]
    assert empty.results == []


def test_labels_are_made_renamed_and_removed(client: HubSpot) -> None:
    api = client.crm.associations_schema.labels
    pair: Any = {"from_object_type": "contacts", "to_object_type": "companies"}

    made = api.create_label(**pair, label="Manager", name="manager", inverse_label="Managed by")
    there = next(row for row in made.results if row.label == "Manager")
    api.update_label(**pair, association_type_id=there.type_id, label="Head")
    known = {row.type_id: row.label for row in api.list_labels(**pair).results}
    api.delete_label(there.type_id, **pair)
    left = {row.type_id for row in api.list_labels(**pair).results}

    assert {row.label for row in made.results} == {"Manager", "Managed by"}
    assert there.category == "USER_DEFINED"
    assert known[there.type_id] == "Head"
    assert there.type_id not in left
    assert {1, 279} <= left


def test_limits_on_links_are_set_changed_and_purged(client: HubSpot) -> None:
    labels, limits = client.crm.associations_schema.labels, client.crm.associations_schema.limits
    pair: Any = {"from_object_type": "tickets", "to_object_type": "contacts"}

    spec: Any = {"category": "HUBSPOT_DEFINED", "typeId": 16}
    three: Any = {**spec, "maxToObjectIds": 3}
    five: Any = {**spec, "maxToObjectIds": 5}

    made = labels.batch_create(**pair, inputs=[three])
    changed = limits.batch_update(**pair, inputs=[five])
    listed = limits.get_by_object_types(**pair).results
    everywhere = limits.list().results
    limits.batch_delete(**pair, inputs=[spec])

    assert made.results[0].user_enforced_max_to_object_ids == 3
    assert changed.results[0].user_enforced_max_to_object_ids == 5
    assert [row.user_enforced_max_to_object_ids for row in listed] == [5]
    assert len(everywhere) == 1
    assert limits.list().results == []


def test_the_accounts_allowances_are_told(client: HubSpot, hub: Hub) -> None:
    api = client.crm.limits

    pipelines = api.get_pipeline_limits().hubspot_defined_object_types[0]
    properties = api.get_custom_property_limits()
    records = api.get_record_limits()
    labels = api.get_association_label_limits(
        from_object_type_id="0-1", to_object_type_id="0-2"
    ).results[0]

    assert (pipelines.object_type_id, pipelines.limit) == ("0-5", 15)
    assert properties.overall_limit == 10_000
    assert {row.object_type_id for row in records.hubspot_defined_object_types} >= {"0-1", "0-2"}
    assert labels.limit == 10
    assert api.get_calculated_property_limits().overall_usage == 0
    assert api.get_custom_object_type_limits().limit == 0
    assert api.get_association_records_limits_from_objects().results == []
    assert api.get_association_records_limits_to_objects("0-2").results == []
    between = api.get_association_records_limits_by_object_type("0-1", from_object_type_id="0-2")
    assert between.limit == 50_000
