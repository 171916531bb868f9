"""`ticket-worker failed`: the tickets that were set aside."""

from __future__ import annotations

import redis
from rich.console import Console
from rich.table import Table

from worker.commands.terminal import shown
from worker.intake.inbox import Inbox, Source


def show_failed(client: redis.Redis, console: Console) -> int:
    """List them, oldest first. Exit status 0."""
    failures = Inbox(client).failures()
    if not failures:
        console.print("No ticket is set aside.")
        return 0
    table = Table(box=None, pad_edge=False)
    for column in ("ticket", "since", "why"):
        table.add_column(column, overflow="fold")
    for failure in failures:
        row = (failure.id, f"{failure.at:%Y-%m-%d %H:%M} UTC", failure.why)
        table.add_row(*map(shown, row))
    console.print(table)
    return 0


def retry_failed(client: redis.Redis, ticket_ids: list[str], console: Console) -> int:
    """Announce them again. Exit status 1 when an id named was not set aside."""
    inbox = Inbox(client)
    aside = {failure.id for failure in inbox.failures()}
    wanted = set(ticket_ids) or aside
    inbox.announce(sorted(wanted & aside), Source.PERSON)
    console.print(f"{len(wanted & aside)} tickets are tried again")
    for id_ in sorted(wanted - aside):
        console.print(f"{id_} is not set aside; to decide it again: ticket-worker reroute {id_}")
    return 1 if wanted - aside else 0
