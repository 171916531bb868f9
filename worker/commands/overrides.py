"""`ticket-worker overrides`: corrections by people as candidate examples, for one to confirm."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from worker.commands.terminal import shown
from worker.escalation.hours import WorkingHours
from worker.hubspot.models import chunks
from worker.hubspot.service import BATCH_WITH_HISTORY
from worker.portal import Portal
from worker.reports.files import write_file
from worker.reports.pages import cell
from worker.routing.candidates import Candidate, candidate
from worker.routing.examples import COLUMNS, read_examples
from worker.routing.labelled import known_words
from worker.routing.policy import Policy
from worker.runtime import Runtime
from worker.tickets.corrections import Override
from worker.tickets.past_overrides import Overrides, decided_since, read_overrides

VOICE = "corrections"


def run_overrides(here: Runtime, since: datetime, output: Path, console: Console) -> int:
    """Write the candidates. Exit status 2, and nothing written, where the output would be learned
    from. Raises the gateway's errors and `ReportNotWritten`."""
    if output.resolve().parent == here.settings.examples_dir.resolve():
        console.print(
            shown(
                f"{output} would be learned from without anybody's yes. Name a file elsewhere, "
                "and move the rows that are right into the examples. Nothing was written."
            )
        )
        return 2
    policy = here.policy.current()
    portal = here.portal.current(policy)
    with console.status("Reading what people moved"):
        hours = WorkingHours(policy.document.working_hours)
        decided = decided_since(here.hubspot, portal, since)
        found = read_overrides(here.hubspot, portal, hours, decided)
        candidates = _candidates(here, policy, portal, found.corrections)
    write_file(output, as_table(list(candidates.values())))
    _show(found, candidates, console)
    console.print(shown(f"{output}: {len(candidates)} candidates"), soft_wrap=True)
    if candidates:
        console.print(
            "Nothing is learned from them yet. Check the type of each row, take out what names "
            "people, and move the rows that are right into config/examples/."
        )
    return 0


def as_table(candidates: Sequence[Candidate]) -> bytes:
    """The candidates in the format of the examples: UTF-8 with a mark, and no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in candidates:
        ticket = one.ticket
        managed = "" if ticket.managed_services is None else str(ticket.managed_services).lower()
        words = (cell(part.replace("\0", "").strip()) for part in (ticket.subject, ticket.body))
        writer.writerow([one.ticket_type, *words, ticket.channel or "", managed, VOICE])
    return text.getvalue().encode("utf-8-sig", "replace")


def _candidates(
    here: Runtime, policy: Policy, portal: Portal, corrections: Sequence[Override]
) -> dict[str, Candidate]:
    """By ticket id; what is among the examples already is none."""
    examples = read_examples(here.settings.examples_dir, policy.types)
    known = known_words(example.ticket for example in examples)
    chosen = {one.ticket_id: one.chosen for one in corrections}
    found: dict[str, Candidate] = {}
    for ids in chunks(chosen, BATCH_WITH_HISTORY):
        for id_, (_, case) in here.flow.cases(ids, policy, portal).items():
            one = candidate(case, chosen[id_], policy)
            if one and not known_words([one.ticket]) <= known:
                found[id_] = one
    return found


def _show(found: Overrides, candidates: dict[str, Candidate], console: Console) -> None:
    console.print(
        f"{len(found.corrections)} corrections; {found.hand_offs} later moves, which are hand-offs"
    )
    if found.answers_unread:
        console.print(
            "The app may not read e-mails and notes, so only the time told them apart. Add their "
            "scopes to hubspot-app/, upload it and install it again.",
            style="yellow",
        )
    table = Table(box=None, pad_edge=False)
    for column in ("ticket", "decided", "chosen", "by user", "when", "proposed type"):
        table.add_column(column, overflow="fold")
    for one in found.corrections:
        proposed = candidates.get(one.ticket_id)
        kind = proposed.ticket_type if proposed else "(an example already, or no text)"
        when = f"{one.at:%Y-%m-%d %H:%M}"
        row = (one.ticket_id, one.decided, one.chosen, one.person, when, kind)
        table.add_row(*map(shown, row))
    if found.corrections:
        console.print(table)
