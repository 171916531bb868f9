"""Objects: every call of HubSpot's client for each type of record we simulate."""

from typing import Any

import pytest
from hubspot_sdk import (
    APIResponseValidationError,
    APIStatusError,
    ConflictError,
    HubSpot,
    NotFoundError,
)

from tests.simulator.hub import Hub

# What makes a record of each type whole: all properties that answers show by default.
_WHOLE: dict[str, dict[str, str]] = {
    "tickets": {
        "subject": "Scanner",
        "content": "It is broken.",
        "hs_pipeline": "0",
        "hs_pipeline_stage": "1",
        "hs_ticket_priority": "LOW",
        "hs_ticket_category": "PRODUCT_ISSUE",
    },
    "companies": {"name": "New Client", "domain": "newclient.example"},
    "contacts": {"firstname": "Ann", "lastname": "Lee", "email": "placeholder"},
    "notes": {"hs_timestamp": "2026-11-23T10:00:00Z", "hs_note_body": "Seen."},
    "tasks": {"hs_timestamp": "2026-11-24T10:00:00Z", "hs_task_subject": "Call back"},
    "emails": {"hs_timestamp": "2026-11-23T10:00:00Z", "hs_email_direction": "INCOMING_EMAIL"},
}
_TEXT = {
    "tickets": "subject",
    "companies": "name",
    "contacts": "firstname",
    "notes": "hs_note_body",
    "tasks": "hs_task_subject",
    "emails": "hs_email_direction",
}
_OTHER = {"emails": "FORWARDED_EMAIL"}
_serial = iter(range(10_000))
_TYPES = pytest.mark.parametrize("name", sorted(_WHOLE))


def _whole(name: str) -> dict[str, str]:
    values = dict(_WHOLE[name])
    if name == "contacts":
        values["email"] = f"ann{next(_serial)}@newclient.example"
    return values


def _resource(client: HubSpot, name: str) -> Any:
    return getattr(client.crm.objects, name)


@_TYPES
def test_a_record_is_created_read_changed_listed_and_archived(client: HubSpot, name: str) -> None:
    api, text = _resource(client, name), _TEXT[name]
    values = _whole(name)

    made = api.create(properties=values, associations=[])
    read = api.get(made.id, properties=[text], properties_with_history=[text])
    changed = api.update(made.id, properties={text: _OTHER.get(name, "Changed")})
    after = str(int(made.id))
    page = api.list(limit=1, after=after, properties=[text])
    api.delete(made.id)
    archived = api.get(made.id, archived=True, properties=[text])

    assert read.properties[text] == values[text]
    assert read.properties_with_history[text][0].source_type == "INTEGRATION"
    assert changed.properties[text] == _OTHER.get(name, "Changed")
    assert changed.updated_at >= made.updated_at
    assert page.results[0].id == made.id
    assert archived.archived is True
    assert archived.archived_at is not None
    with pytest.raises(NotFoundError):
        api.get(made.id)


@_TYPES
def test_batches_create_read_update_and_archive(client: HubSpot, name: str) -> None:
    api, text = _resource(client, name), _TEXT[name]
    rows = [{"properties": _whole(name), "associations": []} for _ in range(2)]

    made = api.batch.create(inputs=rows)
    ids = [row.id for row in made.results]
    updated = api.batch.update(
        inputs=[{"id": i, "properties": {text: _OTHER.get(name, "Changed")}} for i in ids]
    )
    read = api.batch.get(
        inputs=[{"id": i} for i in ids], properties=[text], properties_with_history=[text]
    )
    api.batch.delete(inputs=[{"id": i} for i in ids])
    gone = api.batch.get(
        inputs=[{"id": i} for i in ids],
        properties=[text],
        properties_with_history=[],
        archived=True,
    )

    assert made.status == updated.status == read.status == "COMPLETE"
    assert [row.id for row in read.results] == ids
    assert len(read.results[0].properties_with_history[text]) == 2
    assert {row.properties[text] for row in gone.results} == {_OTHER.get(name, "Changed")}
    assert made.completed_at >= made.started_at


@_TYPES
def test_search_finds_by_id_and_says_how_many(client: HubSpot, name: str) -> None:
    api, text = _resource(client, name), _TEXT[name]
    made = api.create(properties=_whole(name), associations=[])

    found = api.search(
        filter_groups=[
            {
                "filters": [
                    {"propertyName": "hs_object_id", "operator": "EQ", "value": made.id},
                    {"propertyName": text, "operator": "HAS_PROPERTY"},
                ]
            }
        ],
        properties=[text],
        sorts=["-hs_object_id"],
        limit=10,
        after="0",
    )

    assert found.total == 1
    assert found.results[0].properties[text] == _WHOLE[name][text]


@pytest.mark.parametrize("name", ["tickets", "companies", "contacts"])
def test_two_records_are_merged_into_one(client: HubSpot, name: str) -> None:
    api = _resource(client, name)
    kept, gone = (api.create(properties=_whole(name), associations=[]).id for _ in range(2))

    merged = api.merge(primary_object_id=kept, object_id_to_merge=gone)

    assert merged.properties["hs_object_id"] == merged.id
    assert api.get(gone).id == merged.id


@_TYPES
def test_records_are_upserted_by_a_unique_property(client: HubSpot, hub: Hub, name: str) -> None:
    api, text = _resource(client, name), _TEXT[name]
    key = "email" if name == "contacts" else "our_key"
    if name != "contacts":
        client.crm.properties.create(
            name,
            name="our_key",
            label="Our key",
            type="string",
            field_type="text",
            group_name=client.crm.properties.groups.list(name).results[0].name,
            has_unique_value=True,
        )
    values = {**_whole(name)}
    values.pop("email", None)
    row = {"id": f"key{next(_serial)}@x.example", "idProperty": key, "properties": values}

    first = api.batch.upsert(inputs=[row]).results[0]
    second = api.batch.upsert(inputs=[row]).results[0]

    assert (first.new, second.new) == (True, False)
    assert first.id == second.id
    assert hub.truth(name, first.id)["properties"][text] == values[text]


def test_any_type_is_reached_by_its_id(client: HubSpot, ticket: str) -> None:
    api = client.crm.objects.generic_objects

    assert api.get(ticket, object_type="0-5").id == ticket
    page = api.list("0-2", limit=2, properties=["name", "domain"])
    assert all(row.properties["domain"].endswith(".example") for row in page.results)


def test_a_ticket_shows_its_companies(client: HubSpot, hub: Hub, company: str) -> None:
    whole = {"hs_ticket_priority": "HIGH", "hs_ticket_category": "BILLING_ISSUE"}
    ticket = hub.ticket(company_id=company, properties=whole)

    read = client.crm.objects.tickets.get(ticket, associations=["companies"])

    assert read.associations is not None
    assert {row.id for row in read.associations["companies"].results} == {company}


def test_a_note_is_linked_as_it_is_made(client: HubSpot, hub: Hub, ticket: str) -> None:
    note = client.crm.objects.notes.create(
        properties={"hs_timestamp": "2026-11-23T10:00:00Z", "hs_note_body": "Seen."},
        associations=[
            {
                "to": {"id": ticket},
                "types": [{"association_category": "HUBSPOT_DEFINED", "association_type_id": 228}],
            }
        ],
    )

    assert hub.truth("tickets", ticket)["associations"]["notes"][0]["id"] == note.id


def test_missing_records_of_a_batch_decode_as_errors(client: HubSpot, ticket: str) -> None:
    answer = client.crm.objects.tickets.batch.get(
        inputs=[{"id": ticket}, {"id": "5"}], properties=["subject"], properties_with_history=[]
    )

    extra: Any = answer.to_dict(mode="json")
    assert [row.id for row in answer.results] == [ticket]
    assert extra["numErrors"] == 1
    assert extra["errors"][0]["context"] == {"ids": ["5"]}


def test_refusals_are_the_clients_own_exceptions(client: HubSpot, contact: str) -> None:
    with pytest.raises(APIStatusError) as refused:
        client.crm.objects.companies.create(properties={"nonsense": "x"}, associations=[])
    assert refused.value.status_code == 400
    known = client.crm.objects.contacts.get(contact).properties["email"]
    with pytest.raises(ConflictError) as conflict:
        client.crm.objects.contacts.create(properties={"email": known}, associations=[])
    assert f"Existing ID: {contact}" in str(conflict.value.body)


def test_an_unset_property_is_null_which_the_clients_types_do_not_foresee(
    client: HubSpot, hub: Hub
) -> None:
    """HubSpot answers null (from 2026-09 its specification says so); also: the check is strict."""
    with pytest.raises(APIResponseValidationError):
        client.crm.objects.tickets.get(hub.ticket())
