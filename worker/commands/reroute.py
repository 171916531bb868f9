"""`ticket-worker reroute` and `backfill`: decisions that a person asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from rich.console import Console
from rich.table import Table

from worker.commands.terminal import shown
from worker.hubspot.models import chunks
from worker.hubspot.service import BATCH
from worker.portal import Portal
from worker.runtime import Runtime
from worker.tickets.effects import stamp
from worker.tickets.state import STAGE


def run_reroute(here: Runtime, ids: list[str], suggested: bool, console: Console) -> int:
    """Ask the workers for new decisions. Exit status 2 when no ticket is named."""
    if not ids and not suggested:
        console.print("Name tickets, or say --suggested. Nothing was done.")
        return 2
    if suggested:
        portal = here.portal.current(here.policy.current())
        ids = [*ids, *_found(here, _suggested(portal))]
    here.inbox.reroute(ids)
    console.print(f"{len(ids)} tickets will be decided again")
    return 0


def run_backfill(
    here: Runtime, since: datetime, limit: int, dry_run: bool, console: Console
) -> int:
    """Route tickets from before go-live that still wait in intake, oldest first."""
    policy = here.policy.current()
    portal = here.portal.current(policy)
    found = list(islice(_found(here, _older(portal, since)), limit))
    if not dry_run:
        here.inbox.reroute(found)
        console.print(f"{len(found)} older tickets will be decided")
        return 0
    table = Table(box=None, pad_edge=False)
    for column in ("ticket", "subject", "queue", "type", "sure"):
        table.add_column(column, overflow="ellipsis", no_wrap=column != "subject")
    for batch in chunks(found, BATCH):
        for id_, (ticket, decision) in here.flow.preview(batch, policy, portal).items():
            sure = f"{decision.confidence:.2f}"
            row = (id_, ticket.get("subject"), decision.routed_to, decision.ticket_type, sure)
            table.add_row(*map(shown, row))
    console.print(table)
    console.print(f"{len(found)} older tickets would be decided; nothing was written")
    return 0


def _found(here: Runtime, filters: list[Mapping[str, Any]]) -> Iterator[str]:
    for ids, _ in here.hubspot.search_ids("tickets", [filters]):
        yield from ids


def _suggested(portal: Portal) -> list[Mapping[str, Any]]:
    return [
        {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
        {"propertyName": STAGE, "operator": "IN", "values": portal.intake},
        {"propertyName": "routing_status", "operator": "EQ", "value": "suggested"},
    ]


def _older(portal: Portal, since: datetime) -> list[Mapping[str, Any]]:
    return [
        {"propertyName": "hs_pipeline", "operator": "EQ", "value": portal.pipeline_id},
        {"propertyName": STAGE, "operator": "IN", "values": portal.intake},
        {"propertyName": "routing_status", "operator": "NOT_HAS_PROPERTY"},
        {
            "propertyName": "createdate",
            "operator": "GTE",
            "value": stamp(since.replace(tzinfo=UTC)),
        },
        {"propertyName": "createdate", "operator": "LT", "value": stamp(portal.go_live)},
    ]
