"""The commands that try a policy: `ticket-worker backtest`, `overrides`, `lint-policy`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from config.settings import load_settings
from worker.commands.complaints import spoken
from worker.commands.ready import here, ready


@click.command()
@click.option(
    "--input",
    "input_",
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
    help="labelled JSON lines (- for standard input), or examples: a CSV file or their folder; "
    "without it the portal's own tickets",
)
@click.option(
    "--policy",
    "draft",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="a draft: which tickets it would move, and which turn right or wrong",
)
@click.option("--tune", is_flag=True, help="choose the bars; without --input from the examples")
@click.option("--write", is_flag=True, help="with --tune: put the bars into the policy")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="folder for the page; var/backtest by default",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="the portal's tickets created from this day on; the last 90 days by default",
)
@click.option("--limit", type=click.IntRange(1, 100_000), default=10_000, show_default=True)
@spoken
def backtest(
    input_: Path | None,
    draft: Path | None,
    tune: bool,
    write: bool,
    output: Path | None,
    since: datetime | None,
    limit: int,
) -> int:
    """How right the policy is on past tickets, and what a draft of it would move.

    Exit status 1 when a line can't be read, nothing is labelled, or the draft costs more.
    """
    from worker.commands.backtest import Asked, run_backtest

    if write and not tune:
        raise click.UsageError("--write goes with --tune. Nothing was done.")
    settings = load_settings() if input_ or tune else ready()
    folder = output or settings.data_dir / "backtest"
    asked = Asked(input_, draft, tune, write, folder, _day(since), limit)
    return run_backtest(settings, asked, Console(highlight=False))


@click.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV file in the format of the examples; var/corrections.csv by default",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="tickets decided from this day on; the last 90 days by default",
)
@spoken
def overrides(output: Path | None, since: datetime | None) -> int:
    """What people corrected, as candidate examples for a person to confirm."""
    from worker.commands.overrides import run_overrides
    from worker.reports.on_demand import with_redis
    from worker.runtime import Runtime

    with with_redis(ready()) as settings:
        file = output or settings.data_dir / "corrections.csv"
        return run_overrides(Runtime(settings), _day(since), file, Console(highlight=False))


@click.command("lint-policy")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@spoken
def lint_policy(file: Path | None) -> int:
    """What is wrong with a policy (FILE; by default the one in force) and its examples.

    Exit status 1 when there is an error; warnings may be meant.
    """
    from worker.commands.lint_policy import run_lint

    settings = here()
    return run_lint(settings, file or settings.policy_file, Console(highlight=False))


def _day(since: datetime | None) -> datetime:
    """The start of a day; without one, 90 days ago."""
    return since.replace(tzinfo=UTC) if since else datetime.now(UTC) - timedelta(days=90)
