"""A backtest on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from worker.commands.terminal import shown
from worker.routing.backtest import TRIAGE, Figures, Share
from worker.routing.comparison import Differences, Verdict
from worker.routing.labelled import Standing
from worker.routing.policy_document import PolicyDocument
from worker.routing.replay import Replayed
from worker.routing.tuning import Bar, Overall

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
    """A share with its counts."""
    return "-" if one.value is None else f"{percent(one)} ({one.part:,}/{one.of:,})"


def percent(one: Share) -> str:
    """A share alone; never 100 % before it is all."""
    words = f"{one.value or 0:.1%}"
    return "99.9%" if words == "100.0%" and one.part < one.of else words


def headline(figures: Figures) -> Iterator[tuple[str, str, str]]:
    """The figures that matter: name, value, and the counts it is made of."""
    shares = [("queue right, best guess", figures.queue_guessed)]
    if figures.type_guessed.of:
        shares.append(("type right, best guess", figures.type_guessed))
    shares += [("coverage (decided)", figures.coverage), ("precision", figures.precision)]
    if figures.costly:
        shares.append((f"wrongly to {', '.join(figures.costly)}", figures.costly_errors))
    for name, one in shares:
        yield name, percent(one), f"{one.part:,}/{one.of:,}"
    costs, tickets = figures.costs, max(1, figures.tickets)
    for name, cost in (
        ("cost of 100 tickets", costs.total),
        ("of it for wrong decisions", costs.wrong),
        ("cost with all left to Level 1", costs.nothing_routed),
    ):
        yield name, f"{100 * cost / tickets:.1f}", ""


def _headline(found: Replayed, console: Console) -> None:
    rows = {name: [_value(*words)] for name, *words in headline(found.figures)}
    if found.before is None:
        table = _table("Figures", "figure", "value")
    else:
        table = _table("Figures", "figure", "now", "draft")
        for name, *words in headline(found.before):
            rows.setdefault(name, ["-"]).insert(0, _value(*words))
    for name, values in rows.items():
        table.add_row(name, *([""] * (len(table.columns) - 1 - len(values))), *values)
    console.print(table)


def _value(value: str, counts: str) -> str:
    return f"{value} ({counts})" if counts else value


def _queues(figures: Figures, console: Console) -> None:
    table = _table("Queues", "queue", "tickets", "best guess", "precision", "recall", "cost")
    for one in figures.queues:
        shares = (share(part) for part in (one.guessed, one.precision, one.recall))
        table.add_row(one.code, f"{one.tickets:,}", *shares, f"{one.cost:g}")
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
    seen = [one for one in Verdict if found.count(one)]
    table = _table("Moves", "", "tickets", *seen)
    for (before, after), by_verdict in ways(found):
        counts = [f"{by_verdict.get(one, 0):,}" for one in seen]
        table.add_row(f"{before} → {after}", f"{sum(by_verdict.values()):,}", *counts)
    console.print(table)
    table = _table("Tickets that move", "ticket", "subject", "move", "which makes it")
    for column, width in zip(table.columns, (None, 16, None, None), strict=True):
        column.no_wrap, column.overflow, column.justify = True, "ellipsis", "left"
        column.max_width = width
    for move in found.listed[:MOVES_SHOWN]:
        right = "" if move.label in ("", move.before, move.after) else f", not {move.label}"
        table.add_row(
            *map(shown, (move.id, move.subject, f"{move.before} → {move.after}")),
            shown(f"{move.verdict}{right}", "red" if move.verdict is Verdict.WRONG else ""),
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
