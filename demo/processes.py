"""The processes of the demo: the simulator, and the worker's own by `ticket-worker up`."""

from __future__ import annotations

import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from config.settings import Settings

STARTS_WITHIN_S = 60.0
QUIET_PORTS = range(20_000, 32_000)  # below what systems hand out by themselves


class DemoFailed(Exception):
    """Something of the demo did not work; says what and where to look."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything listens, all on loopback."""

    hubspot: str
    webhooks: str
    private: str
    flower: str
    teams: str
    flower_login: tuple[str, str]


def forget_settings() -> None:
    """Take every setting of the worker out of this process's environment. A real portal's Redis,
    Teams channel or mail server, set in the shell of whoever runs this, is no business of it.
    """
    for name in [one for one in os.environ if one.lower() in Settings.model_fields]:
        del os.environ[name]


def free_ports(count: int) -> list[int]:
    """Loopback ports that were free a moment ago, all different. None is of those that systems hand
    out for outgoing connections: one of these may be taken while its process is started again.
    """
    found: list[int] = []
    for port in random.sample(QUIET_PORTS, len(QUIET_PORTS)):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
        if len(found) == count:
            return found
    raise DemoFailed(f"{count} free ports were not found between 20000 and 32000.")


def plan_addresses() -> tuple[Addresses, dict[str, str]]:
    """Addresses and the worker's environment for them; secrets are new in every run."""
    hubspot, webhooks, private, flower, teams = free_ports(5)
    password = secrets.token_urlsafe(9)
    addresses = Addresses(
        hubspot=f"http://127.0.0.1:{hubspot}",
        webhooks=f"http://127.0.0.1:{webhooks}/webhooks/hubspot",
        private=f"http://127.0.0.1:{private}",
        flower=f"http://127.0.0.1:{flower}",
        teams=f"http://127.0.0.1:{teams}",
        flower_login=("demo", password),
    )
    return addresses, {
        "HUBSPOT_BASE_URL": addresses.hubspot,
        "HUBSPOT_ACCESS_TOKEN": secrets.token_urlsafe(24),
        "HUBSPOT_CLIENT_SECRET": secrets.token_urlsafe(24),
        "WEBHOOK_PUBLIC_URL": addresses.webhooks,
        "RECEIVER_HOST": "127.0.0.1",
        "RECEIVER_PORT": str(webhooks),
        "PRIVATE_PORT": str(private),
        "FLOWER_PORT": str(flower),
        "FLOWER_BASIC_AUTH": f"demo:{password}",
        "REPORTS_USER": "demo",
        "REPORTS_PASSWORD": password,
        "TEAMS_WEBHOOK_URL": f"{addresses.teams}/workflows/team-ticketing",
        "ROUTING_MODE": "route",
        "POLL_INTERVAL_S": "5",
    }


@contextmanager
def running(
    arguments: list[str], environment: Mapping[str, str], log: Path, folder: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its output in a file; told to stop at the end, and made to. In `folder` it
    reads no `.env` but that folder's.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            env={**os.environ, **environment},
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def wait_for(what: str, ready: Callable[[], bool], log: Path) -> None:
    """Wait until something is ready. Raises `DemoFailed`."""
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends:
        if ready():
            return
        time.sleep(0.1)
    raise DemoFailed(f"{what} was not ready within {STARTS_WITHIN_S:.0f} s; see {log}")


def answers(url: str, auth: tuple[str, str] | None = None) -> bool:
    """Whether an address answers 200."""
    try:
        return requests.get(url, auth=auth, timeout=2).status_code == 200
    except requests.RequestException:
        return False
