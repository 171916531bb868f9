"""A backtest as one HTML page that loads nothing (pure)."""

from __future__ import annotations

from datetime import datetime

from worker.commands.backtest_terminal import about, headline, share, ways
from worker.reports import charts
from worker.reports.pages import drawn, environment
from worker.routing.backtest import TRIAGE, Figures
from worker.routing.comparison import MOST_LISTED, Verdict
from worker.routing.policy_document import PolicyDocument
from worker.routing.replay import Replayed

PAGE = "backtest.html"
DARKEST = 0.35
"""How much of the colour the fullest cell of the confusion table has; its text stays readable."""


def page(
    found: Replayed, document: PolicyDocument, what: str, policies: str, made_at: datetime
) -> bytes:
    """The page. `what` says in words which tickets were decided again, `policies` under which."""
    figures = found.figures
    template = environment().get_template("backtest.html.j2")
    now = {name: value for name, value, _ in headline(found.before)} if found.before else None
    html = template.render(
        what=what,
        policies=policies,
        made_at=made_at,
        about=list(about(found)),
        bad=found.bad,
        figures=figures,
        headline=list(headline(figures)),
        now=now,
        places=[*document.queues, TRIAGE],
        confusion=_confusion(figures, document),
        curve_chart=drawn(
            charts.curve(
                "curve",
                [
                    (100 * (one.surest.value or 0), round(100 * (one.right.value or 0), 1))
                    for one in figures.curve
                ],
            )
        ),
        queues_chart=drawn(
            charts.bars(
                "queues",
                [
                    (f"{one.label}, %", round(100 * one.guessed.value))
                    for one in figures.queues
                    if one.guessed.value is not None
                ],
            )
        ),
        differences=found.differences,
        ways=ways(found.differences) if found.differences else [],
        verdicts=list(Verdict),
        most_listed=MOST_LISTED,
        share=share,
    )
    return html.encode("utf-8", "replace")


def _confusion(
    figures: Figures, document: PolicyDocument
) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Rows by right queue: place, count, and how dark the cell is."""
    rows = []
    for right in document.queues:
        counts = {to: figures.confusion.get((right, to), 0) for to in [*document.queues, TRIAGE]}
        total = max(1, sum(counts.values()))
        cells = [(to, count, f"{DARKEST * count / total:.3f}") for to, count in counts.items()]
        rows.append((right, cells))
    return rows
