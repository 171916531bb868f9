"""`ticket-worker up`: everything on one machine, with a Redis of its own where none is named."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from config.settings import Settings
from worker.config_files import check_files
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import HubSpotError, Rejected
from worker.hubspot.service import HubSpotService
from worker.hubspot.spaced import Spaced
from worker.processes import embedded_redis
from worker.processes.supervision import (
    REDIS,
    SUPERVISOR,
    Program,
    SupervisionError,
    programs,
    running_supervisor,
    write_configuration,
)

FIRST = 10  # supervisord's priority of what the others need


def run_all(settings: Settings, console: Console) -> NoReturn:
    """Become the supervisord that runs everything, until told to stop.

    Raises what a broken policy or portal.yaml, a refused token and a second `up` on the same data
    folder raise, before anything is started.
    """
    check_files(settings)
    folder = settings.data_dir / "run"
    if pid := running_supervisor(folder):
        raise SupervisionError(
            f"It runs already (process {pid}, data in {settings.data_dir}). Nothing was started. "
            f"Stop that one first: kill {pid}. For a second portal set another DATA_DIR."
        )
    _ask_hubspot(settings, console)
    os.umask(0o077)  # logs, reports and Redis's data are no other user's business
    environment = dict(os.environ)
    wanted = programs(settings)
    if "redis_url" not in settings.model_fields_set:
        port = embedded_redis.free_port()
        password = embedded_redis.new_password()
        server = embedded_redis.prepare(settings.data_dir / "redis", port, password)
        environment["REDIS_URL"] = embedded_redis.url_of(port, password)
        wanted.append(Program(REDIS, tuple(server), FIRST))
    configuration = write_configuration(wanted, folder)
    _tell(settings, wanted, console)
    _become(configuration.resolve(), environment)


def _become(configuration: Path, environment: dict[str, str]) -> NoReturn:
    # No process of ours stays in between that could be stopped or killed without it.
    environment[SUPERVISOR] = str(os.getpid())
    sys.stdout.flush()
    module = ("-m", "supervisor.supervisord", "--configuration", str(configuration))
    os.execve(sys.executable, [sys.executable, *module], environment)  # noqa: S606


def _ask_hubspot(settings: Settings, console: Console) -> None:
    """A refused token is told here and now; an outage is none of `up`'s business."""
    client = HubSpotClient(settings.hubspot_access_token, settings.hubspot_base_url, Spaced())
    try:
        HubSpotService(client, settings.hubspot_api_version).account()
    except Rejected:
        raise
    except HubSpotError as error:
        console.print(f"HubSpot does not answer yet: {error}", style="yellow", markup=False)


def _tell(settings: Settings, wanted: list[Program], console: Console) -> None:
    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    names = {program.name for program in wanted}
    say(f"Routing mode {settings.routing_mode}, HubSpot {settings.hubspot_base_url}")
    if REDIS in names:
        say(f"Redis: our own, data in {settings.data_dir / 'redis'}")
    if "receiver" in names:
        say(f"Webhooks: port {settings.receiver_port}, as {settings.webhook_public_url}")
        private = f"http://{settings.private_host}:{settings.private_port}"
        say(f"Health, metrics: {private}/readyz, {private}/metrics")
    else:
        say(
            "No webhooks: HUBSPOT_CLIENT_SECRET and WEBHOOK_PUBLIC_URL are not both set. The poll "
            f"finds new tickets every {settings.poll_interval_s:.0f} s."
        )
    if "flower" in names:
        say(f"Flower: http://{settings.flower_host}:{settings.flower_port}")
    else:
        say("No Flower: FLOWER_BASIC_AUTH is not set.")
    say(f"Logs: {settings.data_dir / 'run'}. Ctrl-C stops everything.")
