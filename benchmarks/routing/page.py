"""The figures as tables, put into their places in `docs/routing-quality.md`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.routing.designs import Result
from benchmarks.routing.topics import TopicFigures
from worker.routing.backtest import TRIAGE, Figures, QueueFigures, Share

PAGE = Path("docs/routing-quality.md")
ENOUGH = 16
"""Tickets that a queue needs to be called the worst."""


def put(name: str, lines: Iterable[str], page: Path = PAGE) -> None:
    """Replace what stands between the marks `<!-- NAME -->` and `<!-- end -->` of the page.

    Raises `ValueError` when the page has no such place.
    """
    mark, end = f"<!-- {name} -->\n", "<!-- end -->"
    text = page.read_text(encoding="utf-8")
    start = text.find(mark) + len(mark)
    stop = text.find(end, start)
    if start < len(mark) or stop < 0:
        raise ValueError(f"{page}: has no place marked {mark.strip()} … {end}")
    body = "\n".join(lines)
    page.write_text(f"{text[:start]}\n{body}\n\n{text[stop:]}", encoding="utf-8")


def voices_table(rows: Mapping[str, Figures]) -> list[str]:
    """One line a voice or group of voices, in percent."""
    head = [
        *("voice", "tickets", "queue", "type", "queue, surest 90 %", "decided", "of these right"),
        *("worst queue", "false costly"),
    ]
    return table(head, [[name, *_cells(one)] for name, one in rows.items()])


def _cells(one: Figures) -> list[str]:
    worst = worst_queue(one)
    return [
        str(one.tickets),
        percent(one.queue_guessed),
        percent(one.type_guessed),
        percent(one.curve[-2].right),
        percent(one.coverage),
        percent(one.precision),
        f"{worst.code} {percent(worst.guessed)}" if worst else "–",
        percent(one.costly_errors),
    ]


def worst_queue(one: Figures) -> QueueFigures | None:
    """The queue of which the fewest are found at full coverage, of those with 16 tickets."""
    queues = [queue for queue in one.queues if queue.tickets >= ENOUGH]
    return min(queues, key=lambda queue: queue.guessed.value or 0.0, default=None)


def confusion_table(one: Figures) -> list[str]:
    """Rows: where tickets belong. Columns: where they were sent, at the policy's bars."""
    codes = [queue.code for queue in one.queues]
    columns = [*codes, TRIAGE]
    rows = [[row, *(str(one.confusion.get((row, to), 0)) for to in columns)] for row in codes]
    return table(["belongs to", *columns], rows)


def topics_table(ours: TopicFigures, by_others: TopicFigures, ordinary: Share) -> list[str]:
    """What is told apart, in percent with counts; `ordinary` are false alarms."""
    names = {
        "recognised": "with several requests: recognised",
        "named": "their requests: named",
        "meant": "topics named: meant",
        "alarms_look_alike": "written to look like several: false alarms",
        "alarms_long": "other long ones: false alarms",
    }
    rows = [
        [name, *(_counted(getattr(one, field)) for one in (ours, by_others))]
        for field, name in names.items()
    ]
    rows.append(["ordinary ones of voices of others: false alarms", "–", _counted(ordinary)])
    return table(["tickets", "written by us", "written by others"], rows)


def _counted(share: Share) -> str:
    return f"{percent(share)} ({share.part}/{share.of})"


def calibration_table(ranges: Sequence[tuple[float, float, Share]]) -> list[str]:
    """How sure decisions were, and how many of these were right."""
    rows = [
        [f"from {100 * start:.0f}", f"{100 * mean:.1f}", percent(right), str(right.of)]
        for start, mean, right in ranges
    ]
    return table(["confidence", "on average", "queue right", "tickets"], rows)


def designs_table(results: Sequence[Result]) -> list[str]:
    """One line a design, in percent."""
    return table(
        ["design", "type", "queue", "queue, surest 90 %", "seconds"],
        [
            [one.design, *map(percent, (one.type, one.queue, one.surest)), f"{one.seconds:.0f}"]
            for one in results
        ],
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown, figures to the right."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def percent(share: Share) -> str:
    """A share as people read it: 96.5; a dash for nothing of nothing."""
    return "–" if share.value is None else f"{100 * share.value:.1f}"
