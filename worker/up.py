"""`ticket-worker up`: everything on one machine, with a Redis of its own where none is named."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys

from rich.console import Console

from config.settings import Settings
from worker import embedded_redis
from worker.cli import check_files
from worker.supervision import Program, programs, write_configuration

FIRST = 10  # supervisord's priority of what the others need


def run_all(settings: Settings, console: Console) -> int:
    """Run until told to stop. Returns supervisord's exit status. Raises what broken settings,
    policy or portal names raise, before anything is started.
    """
    check_files(settings)
    environment = dict(os.environ)
    wanted = programs(settings)
    if "redis_url" not in settings.model_fields_set:
        folder = settings.data_dir / "redis"
        folder.mkdir(parents=True, exist_ok=True)
        embedded_redis.stop_orphan(folder)
        port = embedded_redis.free_port()
        environment["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        server = tuple(embedded_redis.server_command(folder, port))
        wanted.append(Program("redis", server, FIRST))
    folder = settings.data_dir / "run"
    configuration = write_configuration(wanted, folder, getpass.getuser())
    _tell(settings, wanted, console, environment.get("REDIS_URL", settings.redis_url))
    command = [
        sys.executable,
        "-m",
        "supervisor.supervisord",
        "--configuration",
        str(configuration),
    ]
    process = subprocess.Popen(command, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return process.wait()


def _tell(settings: Settings, wanted: list[Program], console: Console, redis_url: str) -> None:
    names = {program.name for program in wanted}
    console.print(
        f"Routing mode [bold]{settings.routing_mode}[/bold], HubSpot {settings.hubspot_base_url}"
    )
    if "redis" in names:
        console.print(f"Redis: our own, {redis_url}, data in {settings.data_dir / 'redis'}")
    if "receiver" in names:
        console.print(f"Webhooks: port {settings.receiver_port}, as {settings.webhook_public_url}")
        private = f"http://{settings.private_host}:{settings.private_port}"
        console.print(f"Health, metrics: {private}/readyz, {private}/metrics")
    else:
        console.print(
            "No webhooks: HUBSPOT_CLIENT_SECRET and WEBHOOK_PUBLIC_URL are not both set. The poll "
            f"finds new tickets every {settings.poll_interval_s:.0f} s."
        )
    if "flower" in names:
        console.print(f"Flower: http://{settings.flower_host}:{settings.flower_port}")
    else:
        console.print("No Flower: FLOWER_BASIC_AUTH is not set.")
    console.print(f"Logs: {settings.data_dir / 'run'}. Ctrl-C stops everything.")
