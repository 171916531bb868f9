"""A backtest on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from worker.routing.backtest import TRIAGE, Figures, Share
from worker.routing.comparison import Differences, Verdict
from worker.routing.labelled import Standing
from worker.routing.policy_document import PolicyDocument
from worker.routing.replay import Replayed
from worker.routing.tuning import Bar, Overall
from worker.terminal import shown

MOVES_SHOWN = 20


def show_replayed(found: Replayed, document: PolicyDocument, console: Console) -> None:
    """Everything a replay found."""
    for sentence in about(found):
        console.print(shown(sentence))
    for line in found.bad:
        console.print(shown(f"Line {line.number} was left out: {line.error}", "red"))
    if found.figures.tickets:
        _headline(found, console)
        _queues(found.figures, console)
        _confusion(found.figures, document, console)
        _curve(found.figures, console)
        _types(found.figures, console)
    if found.differences:
        _differences(found.differences, console)


def about(found: Replayed) -> Iterator[str]:
    """What was judged, in sentences."""
    labelled = found.labelled
    yield f"{labelled:,} {_tickets(labelled)} with a known queue."
    if found.learned_from:
        yield (
            f"{found.learned_from:,} of them were learned from; each is judged by what is learned "
            "without the voice that wrote it."
        )
    unchallenged = found.standings.get(Standing.UNCHALLENGED, 0)
    if unchallenged:
        yield (
            f"{unchallenged:,} unchallenged: nobody moved them, which proves nothing, so they are "
            f"in no figure. {found.unchallenged_decided:,} of them would be decided."
        )
    if ours := found.standings.get(Standing.OURS, 0):
        yield f"{ours:,} moved by the worker alone: left out."
    if without := found.standings.get(Standing.UNLABELLED, 0):
        yield f"{without:,} without `ticket_type`: in no figure."
    if found.bad_lines:
        yield f"{found.bad_lines:,} lines could not be read and were left out."


def show_bars(
    found: Sequence[Bar], before: Overall, after: Overall, costly: Sequence[str], console: Console
) -> None:
    """The bars that were chosen."""
    table = _table("Bars", "queue", "bar now", "chosen", "precision asked", "reached", "passing")
    for bar in found:
        table.add_row(
            bar.queue,
            f"{bar.before:.2f}",
            Text(f"{bar.after:.2f}", style="bold" if bar.after != bar.before else ""),
            f"{bar.asked:.1%}",
            Text(share(bar.precision), style="" if bar.reached else "yellow"),
            share(bar.passing),
        )
    console.print(table)
    table = _table("All queues", "", "bars now", "chosen")
    for name, one, other in (
        ("coverage", before.coverage, after.coverage),
        ("precision", before.precision, after.precision),
        (f"wrongly to {', '.join(costly)}", before.costly_errors, after.costly_errors),
    ):
        table.add_row(name, share(one), share(other))
    console.print(table)


def share(one: Share) -> str:
    """A share with its counts; never 100 % before it is all."""
    if one.value is None:
        return "-"
    words = f"{one.value:.1%}"
    if words == "100.0%" and one.part < one.of:
        words = "99.9%"
    return f"{words} ({one.part:,}/{one.of:,})"


def headline(figures: Figures) -> Iterator[tuple[str, str]]:
    """The figures that matter, by name."""
    costs, tickets = figures.costs, max(1, figures.tickets)
    yield "queue right, best guess", share(figures.queue_guessed)
    if figures.type_guessed.of:
        yield "type right, best guess", share(figures.type_guessed)
    yield "coverage (decided)", share(figures.coverage)
    yield "precision (decided and right)", share(figures.precision)
    if figures.costly:
        yield f"wrongly to {', '.join(figures.costly)}", share(figures.costly_errors)
    yield "cost of 100 tickets: wrong", f"{100 * costs.wrong / tickets:.1f}"
    yield "cost of 100 tickets: abstained", f"{100 * costs.abstained / tickets:.1f}"
    yield "cost of 100 tickets: all to Level 1", f"{100 * costs.nothing_routed / tickets:.1f}"


def _headline(found: Replayed, console: Console) -> None:
    if found.before is None:
        table = _table("Figures", "figure", "value")
        for name, value in headline(found.figures):
            table.add_row(name, value)
    else:
        table = _table("Figures", "figure", "now", "draft")
        now, draft = dict(headline(found.before)), dict(headline(found.figures))
        for name in dict.fromkeys([*now, *draft]):
            table.add_row(name, now.get(name, "-"), draft.get(name, "-"))
    console.print(table)


def _queues(figures: Figures, console: Console) -> None:
    table = _table("Queues", "queue", "tickets", "best guess", "precision", "recall")
    for one in figures.queues:
        shares = (share(part) for part in (one.guessed, one.precision, one.recall))
        table.add_row(one.code, f"{one.tickets:,}", *shares)
    console.print(table)


def _confusion(figures: Figures, document: PolicyDocument, console: Console) -> None:
    places = [*document.queues, TRIAGE]
    table = _table("Right queue (rows), sent to (columns)", "", *places)
    for right in document.queues:
        row = []
        for to in places:
            count = figures.confusion.get((right, to), 0)
            wrong = count and to not in (right, TRIAGE)
            row.append(Text(f"{count:,}" if count else "·", style="red" if wrong else ""))
        table.add_row(right, *row)
    console.print(table)


def _curve(figures: Figures, console: Console) -> None:
    table = _table("The surest tickets", "surest", "queue right", "at least as sure as")
    for point in figures.curve:
        table.add_row(
            f"{(point.surest.value or 0):.0%}", share(point.right), f"{point.confidence:.2f}"
        )
    console.print(table)


def _types(figures: Figures, console: Console) -> None:
    if not figures.types:
        return
    table = _table("Types, best guess", "type", "tickets", "precision", "recall", "taken for")
    for one in figures.types:
        if not (one.tickets or one.precision.of):
            continue
        taken = f"{one.taken_for[0]} ({one.taken_for[1]})" if one.taken_for else ""
        table.add_row(one.code, f"{one.tickets:,}", share(one.precision), share(one.recall), taken)
    console.print(table)


def _differences(found: Differences, console: Console) -> None:
    console.print(
        f"{found.moved:,} of {found.tickets:,} {_tickets(found.tickets)} would move; "
        + ", ".join(f"{found.count(one):,} {one}" for one in Verdict if found.count(one))
        if found.moved
        else f"None of {found.tickets:,} {_tickets(found.tickets)} would move."
    )
    if found.retyped:
        console.print(f"{found.retyped:,} would stay in their queue under another type.")
    if not found.moved:
        return
    table = _table("Moves", "from", "to", "tickets", *Verdict)
    for (before, after), by_verdict in ways(found):
        counts = [f"{by_verdict.get(one, 0):,}" for one in Verdict]
        table.add_row(before, after, f"{sum(by_verdict.values()):,}", *counts)
    console.print(table)
    table = _table("Tickets that move", "ticket", "subject", "from", "to", "right queue", "")
    for move in found.listed[:MOVES_SHOWN]:
        table.add_row(
            *map(shown, (move.id, move.subject[:60], move.before, move.after, move.label or "-")),
            shown(move.verdict, "red" if move.verdict is Verdict.WRONG else ""),
        )
    console.print(table)
    if found.moved > MOVES_SHOWN:
        console.print(f"and {found.moved - MOVES_SHOWN:,} more; the page lists them")


def ways(found: Differences) -> list[tuple[tuple[str, str], dict[Verdict, int]]]:
    """Moves by from and to, the most frequent first."""
    grouped: dict[tuple[str, str], dict[Verdict, int]] = {}
    for (before, after, verdict), count in found.ways.items():
        grouped.setdefault((before, after), {})[verdict] = count
    return sorted(grouped.items(), key=lambda item: (-sum(item[1].values()), item[0]))


def _table(title: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, title=f"\n{title}", title_justify="left")
    for number, name in enumerate(columns):
        first = number == 0
        table.add_column(name, justify="left" if first else "right", no_wrap=first, overflow="fold")
    return table


def _tickets(count: int) -> str:
    return "ticket" if count == 1 else "tickets"
