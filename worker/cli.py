"""`ticket-worker …`: every command a person runs. Thin: each calls one function elsewhere.

Commands import what they need when they run, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import click
from rich.console import Console

from config.settings import load_settings, require
from worker.commands.complaints import spoken
from worker.commands.policy_commands import backtest, lint_policy, overrides
from worker.commands.ready import here, ready

console = Console(highlight=False)


def ticket_ids_only(
    _: click.Context, parameter: click.Parameter, value: str | tuple[str, ...]
) -> str | tuple[str, ...]:
    """Refuse what can be no record id of HubSpot's."""
    for one in [value] if isinstance(value, str) else value:
        if not (one.isascii() and one.isdigit() and len(one) <= 20):
            raise click.BadParameter(
                f"{one!r} is no ticket id. HubSpot's are numbers, such as 48213377.",
                param=parameter,
            )
    return value


@click.group()
@click.version_option(package_name="hubspot-ticket-worker", prog_name="ticket-worker")
def main() -> None:
    """Puts each new HubSpot support ticket into the stage of the team that owns it."""
    from worker.processes.supervision import end_with_supervisor

    end_with_supervisor()


# ---- processes


@main.command()
@spoken
def up() -> int:
    """Run everything on this machine; each process is started again when it dies."""
    from worker.commands.up import run_all

    settings = load_settings()
    require(settings, "hubspot_access_token")
    return run_all(settings, console)


@main.command()
@click.option("--name", default="worker", show_default=True, help="name shown in Flower")
@spoken
def worker(name: str) -> None:
    """A Celery worker process."""
    from worker.config_files import check_files

    settings = load_settings()
    require(settings, "hubspot_access_token")
    check_files(settings)
    _celery(
        "worker",
        "--pool=threads",
        f"--concurrency={settings.worker_threads}",
        f"--hostname={name}@%h",
        "--queues=routing,upkeep",
        "--task-events",
        "--without-gossip",
        "--without-mingle",
        f"--loglevel={settings.log_level}",
    )


@main.command()
@spoken
def beat() -> None:
    """The schedule: polls and sweeps. One process of it is enough; two do no harm."""
    settings = load_settings()
    (settings.data_dir / "beat").mkdir(parents=True, exist_ok=True)
    _celery("beat", f"--loglevel={settings.log_level}", "--pidfile=")


@main.command()
@spoken
def flower() -> None:
    """Flower, read-only, behind the login of FLOWER_BASIC_AUTH."""
    settings = load_settings()
    require(settings, "flower_basic_auth")
    os.environ["FLOWER_BASIC_AUTH"] = settings.flower_basic_auth.get_secret_value()
    _celery(
        "flower",
        f"--address={settings.flower_host}",
        f"--port={settings.flower_port}",
        # What became of each batch is in its result, which Flower does not list by default.
        "--tasks_columns=name,result,state,received,runtime,worker,uuid",
        "--read-only",
        "--max-tasks=10000",
    )


@main.command()
@spoken
def receiver() -> None:
    """The webhook listener, and the private one with health, metrics and reports."""
    from worker.processes.logs import configure_logs
    from worker.web.serve import serve

    settings = load_settings()
    configure_logs(settings)
    serve(settings)


@main.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.pass_context
def simulator(context: click.Context) -> None:
    """A HubSpot to run against: --port N [--empty] [--token T]."""
    os.execv(sys.executable, [sys.executable, "-m", "simulator", *context.args])  # noqa: S606


# ---- the portal


@main.command()
@click.option("--dry-run", is_flag=True, help="say what would change, change nothing")
@click.option("--new-pipeline", is_flag=True, help="make a pipeline instead of adopting one")
@spoken
def setup(dry_run: bool, new_pipeline: bool) -> int:
    """Make the portal ready: properties, stages, the label. Run twice, it changes nothing."""
    from worker.commands.setup import run_setup

    return run_setup(ready(), console, dry_run=dry_run, new_pipeline=new_pipeline)


@main.command()
@spoken
def doctor() -> int:
    """Check token, scopes, names, limits, Redis and webhooks, each with the mend."""
    from worker.commands.doctor import run_doctor

    return run_doctor(here(), console)


# ---- tickets


@main.command()
@click.option(
    "--input",
    "input_",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    required=True,
    help="JSON lines; - for standard input",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    required=True,
    help="JSON lines; - for standard output",
)
@spoken
def decide(input_: Path, output: Path) -> int:
    """Decide tickets from JSON lines. Needs no network."""
    from worker.config_files import policy_of
    from worker.routing.jsonl import decide_lines

    policy = policy_of(load_settings())
    with click.open_file(str(input_), "rb") as source, click.open_file(str(output), "w") as sink:
        return decide_lines(cast(BinaryIO, source), cast(TextIO, sink), policy)


@main.command()
@click.argument("ticket_id", callback=ticket_ids_only)
@spoken
def explain(ticket_id: str) -> int:
    """Why a ticket is where it is, and what would be decided now."""
    from worker.commands.explain import run_explain
    from worker.runtime import Runtime

    return run_explain(Runtime(ready()), ticket_id, console)


@main.command()
@click.argument("ticket_ids", nargs=-1, callback=ticket_ids_only)
@click.option("--suggested", is_flag=True, help="all tickets that were only suggested")
@spoken
def reroute(ticket_ids: tuple[str, ...], suggested: bool) -> int:
    """Decide tickets again, on a person's word."""
    from worker.commands.reroute import run_reroute
    from worker.runtime import Runtime

    return run_reroute(Runtime(ready()), list(ticket_ids), suggested, console)


@main.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@click.option("--dry-run", is_flag=True)
@spoken
def backfill(since: datetime, limit: int, dry_run: bool) -> int:
    """Route older tickets that still wait in intake."""
    from worker.commands.reroute import run_backfill
    from worker.runtime import Runtime

    return run_backfill(Runtime(ready()), since, limit, dry_run, console)


@main.group()
def failed() -> None:
    """Tickets that could not be routed."""


@failed.command("list")
@spoken
def failed_list() -> int:
    """What was set aside, and why."""
    from worker.commands.failed import show_failed
    from worker.runtime import connect

    return show_failed(connect(here()), console)


@failed.command("retry")
@click.argument("ticket_ids", nargs=-1, callback=ticket_ids_only)
@spoken
def failed_retry(ticket_ids: tuple[str, ...]) -> int:
    """Try again; without ids, all of them."""
    from worker.commands.failed import retry_failed
    from worker.runtime import connect

    return retry_failed(connect(here()), list(ticket_ids), console)


# ---- client records


@main.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="folder for the report; REPORTS_DIR/<date> by default",
)
@spoken
def report(output: Path | None) -> int:
    """Check all client records now and write the completeness report."""
    from worker.reports.on_demand import run_report, with_redis
    from worker.runtime import Runtime

    with with_redis(ready()) as settings:
        return run_report(Runtime(settings), output, console)


# ---- the policy


@main.command()
@spoken
def train() -> int:
    """Learn from the examples; workers load what was learned."""
    from worker.commands.train import run_train

    return run_train(load_settings(), console)


for command in (backtest, overrides, lint_policy):
    main.add_command(command)


def _celery(*arguments: str) -> None:
    from celery.bin.celery import celery

    celery.main(args=["--app=worker.app", *arguments], prog_name="ticket-worker")


if __name__ == "__main__":
    main()
