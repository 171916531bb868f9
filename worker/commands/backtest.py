"""`ticket-worker backtest`: how right the policy is on past tickets, what a draft would move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.settings import Settings
from worker.commands.backtest_terminal import show_bars, show_replayed
from worker.commands.terminal import shown
from worker.reports.backtest_page import PAGE, page
from worker.reports.files import write_file
from worker.reports.on_demand import with_redis
from worker.routing.backtest import costly_queues
from worker.routing.examples import read_examples, read_file
from worker.routing.jsonl import BadLine
from worker.routing.labelled import Learned, Past, from_examples, from_lines
from worker.routing.policy import DEFAULT_MEANINGS, Policy, load_policy
from worker.routing.policy_bars import write_bars
from worker.routing.replay import Judge, Replayed, replay
from worker.routing.train import Sources, held_out
from worker.routing.tuning import changes, overall, tune
from worker.runtime import Runtime
from worker.tickets.past_tickets import PastTickets

Items = Iterable[Past | BadLine]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was asked. `input_` None: the portal's own tickets since `since`, or the
    examples where bars are to be chosen."""

    input_: Path | None
    draft: Path | None
    tune: bool
    write: bool
    output: Path
    since: datetime
    limit: int


def run_backtest(settings: Settings, asked: Asked, console: Console) -> int:
    """Exit status 1 when a line could not be read, when no ticket has a label, or when the draft
    costs more than the policy in force. Raises `PolicyError`, `ReportNotWritten`, `OSError` and,
    for the portal, the gateway's errors.
    """
    with console.status("Loading the policy"):
        now = judge(settings.policy_file, settings)
        draft = judge(asked.draft, settings) if asked.draft else None
    with _items(settings, asked, now.policy) as (items, total):
        found = _replayed(items, total, now, draft, console)
    tuned = draft or now
    show_replayed(found, tuned.policy.document, console)
    if asked.tune:
        _tune(asked.draft or settings.policy_file, tuned.policy, found, asked.write, console)
    policies = f"Policy {now.policy.version}"
    if draft:
        policies = f"Draft {draft.policy.version} beside policy {now.policy.version}"
    path = asked.output / PAGE
    document, made_at = tuned.policy.document, datetime.now(UTC)
    write_file(path, page(found, document, _what(asked), policies, made_at))
    console.print(shown(f"The page: {path}"), soft_wrap=True)
    if not found.labelled:
        console.print("No ticket here has a label, so nothing can be said of right and wrong.")
    if found.worse:
        console.print("The draft costs more than the policy in force.", style="red")
    return 1 if found.worse or found.bad_lines or not found.labelled else 0


def judge(path: Path, settings: Settings) -> Judge:
    """A policy that knows which tickets it learned from. Raises `PolicyError`."""
    cache = settings.data_dir / "model"
    policy = load_policy(path, settings.examples_dir, cache)
    examples = read_examples(settings.examples_dir, policy.types)
    margins = held_out(Sources(path, settings.examples_dir, DEFAULT_MEANINGS, cache))
    return Judge(policy, Learned(examples, margins))


@contextmanager
def _items(settings: Settings, asked: Asked, policy: Policy) -> Iterator[tuple[Items, int | None]]:
    """Tickets to decide again, and how many they are, where that is known beforehand."""
    source = asked.input_ or (settings.examples_dir if asked.tune else None)
    if source is None:
        with with_redis(settings) as reached:
            here = Runtime(reached)
            portal = here.portal.current(policy)
            past = PastTickets(here, policy, portal, asked.since, asked.limit)
            yield past, past.count()
    elif source.is_dir() or source.suffix.lower() == ".csv":
        types = list(policy.types)
        examples = read_examples(source, types) if source.is_dir() else read_file(source, types)
        yield from_examples(examples, policy.document), len(examples)
    else:
        total = None if str(source) == "-" else _lines(source)
        with click.open_file(str(source), "rb") as file:
            yield from_lines(cast(BinaryIO, file), policy.document), total


def _replayed(
    items: Items, total: int | None, now: Judge, draft: Judge | None, console: Console
) -> Replayed:
    with Progress(
        TextColumn("Deciding again"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=total)
        return replay(items, now, draft, lambda more: bar.advance(task, more))


def _tune(path: Path, policy: Policy, found: Replayed, write: bool, console: Console) -> None:
    document = policy.document
    bars = tune(document, found.scored)
    before = overall(document, found.scored, {bar.queue: bar.before for bar in bars})
    after = overall(document, found.scored, {bar.queue: bar.after for bar in bars})
    show_bars(bars, before, after, costly_queues(document), console)
    new = changes(bars)
    if not new:
        console.print("The policy has these bars already.")
    elif write:
        write_bars(path, new)
        console.print(shown(f"{path}: the bars of {', '.join(new)} were written."))
    else:
        console.print("Nothing was written; --write puts the chosen bars into the policy.")


def _what(asked: Asked) -> str:
    if asked.input_:
        return asked.input_.name
    if asked.tune:
        return "the examples, by voices held out"
    return f"tickets of the portal since {asked.since:%Y-%m-%d}"


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
