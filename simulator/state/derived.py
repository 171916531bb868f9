"""What HubSpot works out by itself when a record is made, moved or linked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.state.clock import iso
from simulator.state.object_types import COMPANY, CONTACT, TICKET
from simulator.state.records import Record

if TYPE_CHECKING:
    from simulator.state.portal import Portal


def at_creation(portal: Portal, record: Record) -> None:
    """Fills in what a new record has besides what was written; changes the record in place."""
    values = record.values
    creator = record.creator
    values.setdefault("hs_object_source", creator.source_type)
    values.setdefault("hs_object_source_id", creator.source_id)
    if creator.user_id is not None:
        values["hs_object_source_user_id"] = str(creator.user_id)
        values["hs_created_by_user_id"] = str(creator.user_id)
    if record.kind is CONTACT:
        values.setdefault("lifecyclestage", "lead")
        values["hs_is_contact"] = "true"
        email = values.get("email", "")
        if "@" in email:
            values["email"] = email.lower()
            values["hs_email_domain"] = email.rpartition("@")[2].lower()
    if record.kind is TICKET:
        _new_ticket(portal, record)


def _new_ticket(portal: Portal, record: Record) -> None:
    values = record.values
    pipeline = portal.pipelines[values.setdefault("hs_pipeline", "0")]
    if "hs_pipeline_stage" not in values:
        values["hs_pipeline_stage"] = pipeline.live_stages()[0].id
    stage = pipeline.stages[values["hs_pipeline_stage"]]
    entered = iso(record.created_ms)
    values["hs_ticket_id"] = str(record.id)
    values["hs_is_closed"] = str(stage.closed).lower()
    values["hs_v2_date_entered_current_stage"] = entered
    values[f"hs_v2_date_entered_{stage.id}"] = entered
    values["hs_helpdesk_sort_timestamp"] = entered
    values["hs_is_visible_in_help_desk"] = "true"
    values["hs_num_associated_companies"] = "0"
    if stage.closed:
        values.setdefault("closed_date", entered)
    if values.get("hubspot_owner_id"):
        values["hubspot_owner_assigneddate"] = entered


def after_update(
    portal: Portal, record: Record, written: dict[str, str], now_ms: int
) -> dict[str, str]:
    """The computed values that follow from an update, before it is applied."""
    computed: dict[str, str] = {}
    if "hubspot_owner_id" in written:
        computed["hubspot_owner_assigneddate"] = iso(now_ms) if written["hubspot_owner_id"] else ""
    if record.kind is TICKET and "hs_pipeline_stage" in written:
        pipeline = written.get("hs_pipeline") or record.values.get("hs_pipeline", "0")
        computed.update(_stage_move(portal, record, pipeline, written, now_ms))
    if record.kind is CONTACT and "email" in written:
        computed["hs_email_domain"] = written["email"].rpartition("@")[2].lower()
    return computed


def _stage_move(
    portal: Portal, record: Record, pipeline_id: str, written: dict[str, str], now_ms: int
) -> dict[str, str]:
    entered = iso(now_ms)
    old_id = record.values.get("hs_pipeline_stage", "")
    new_id = written["hs_pipeline_stage"]
    computed = {
        "hs_v2_date_entered_current_stage": entered,
        f"hs_v2_date_entered_{new_id}": entered,
        f"hs_v2_date_exited_{old_id}": entered,
    }
    stage = portal.stage(pipeline_id, new_id)
    was_closed = record.values.get("hs_is_closed") == "true"
    is_closed = stage is not None and stage.closed
    if is_closed == was_closed:
        return computed
    computed["hs_is_closed"] = str(is_closed).lower()
    if is_closed:
        computed["hs_last_closed_date"] = entered
        computed["time_to_close"] = str(now_ms - record.created_ms)
        if "closed_date" not in written:
            computed["closed_date"] = entered
    else:
        computed["hs_ticket_reopened_at"] = entered
        computed["closed_date"] = ""
        computed["time_to_close"] = ""
    return computed


def company_values(portal: Portal, record: Record) -> dict[str, str]:
    """The properties that show a record's companies: of tickets and of contacts."""
    pair = (record.kind.id, COMPANY.id)
    primary = portal.associations.primary(pair, record.id)
    shown = "" if primary is None else str(primary)
    if record.kind is CONTACT:
        return {"associatedcompanyid": shown}
    if record.kind is not TICKET:
        return {}
    company = None if primary is None else portal.find(COMPANY, primary)
    name = "" if company is None else company.values.get("name", "")
    count = len(portal.associations.of(pair, record.id))
    return {
        "hs_num_associated_companies": str(count),
        "hs_primary_company_id": shown,
        "hs_primary_company": name,
        "hs_primary_company_name": name,
    }
