"""The worker's real parts for tests: settings on a simulated portal, its processes, its flow."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from config.settings import Settings, load_settings
from tests.simulator.hub import Hub
from tests.worker.routing.conftest import write_examples
from worker.hubspot.client import HubSpotClient
from worker.hubspot.limits import Bucket
from worker.hubspot.provision import apply, plan, read_live
from worker.intake.inbox import Claim, Source
from worker.portal import Portal
from worker.portal_names import read_portal_names
from worker.routing.policy import DEFAULT_POLICY, load_policy
from worker.routing.policy_file import read_document
from worker.runtime import Runtime

SECRET = "client-secret-of-the-test"
TOKEN = "token-of-the-test"


class NotInTime(AssertionError):
    """Something that had to happen did not."""


def until(what: str, holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for an effect. Raises `NotInTime`."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if holds():
            return
        time.sleep(0.05)
    raise NotInTime(f"not within {seconds:.0f} s: {what}")


def settings_for(hubspot: str, redis_url: str, folder: Path, **more: object) -> Settings:
    """Settings of a worker against a simulated portal. `folder` comes from `worker_folder`."""
    return load_settings(
        **{
            "_env_file": None,
            "hubspot_base_url": hubspot,
            "hubspot_access_token": TOKEN,
            "hubspot_client_secret": SECRET,
            "redis_url": redis_url,
            "routing_mode": "route",
            "route_tickets_since": "2020-01-01T00:00:00Z",
            "data_dir": folder,
            "examples_dir": folder / "examples",
            **more,
        }
    )


def worker_folder(folder: Path, trained: Path) -> Path:
    """A data folder of its own with the small model of the tests, which says the same whatever
    the shipped examples hold."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("examples", "model"):
        (folder / name).symlink_to(trained / name)
    return folder


def train_small(folder: Path) -> Path:
    """Examples and model for `worker_folder`, learned once for a test run."""
    write_examples(folder / "examples")
    load_policy(DEFAULT_POLICY, folder / "examples", folder / "model")
    return folder


class NoLimits:
    """Lets every call pass: for preparing a portal, not for what is tested."""

    def acquire(self, bucket: Bucket) -> None: ...
    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None: ...
    def hold(self, bucket: Bucket, seconds: float) -> None: ...
    def hold_everything(self, seconds: float) -> None: ...


def provision(settings: Settings) -> int:
    """Make a portal ready as `ticket-worker setup` does; the number of changes."""
    client = HubSpotClient(settings.hubspot_access_token, settings.hubspot_base_url, NoLimits())
    names = read_portal_names(settings.portal_file)
    version = settings.hubspot_api_version
    wanted = plan(read_live(client, version), names, read_document(settings.policy_file), version)
    for change in wanted.changes:
        apply(client, change)
    return len(wanted.changes)


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as a child process reads them."""
    found: dict[str, str] = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        found[name.upper()] = "" if plain is None else str(plain)
    return found


@contextmanager
def processes(
    settings: Settings, *commands: str, logs: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """`ticket-worker` processes (`worker --name w1`, `beat`, `receiver` …), killed at the end."""
    started: list[subprocess.Popen[bytes]] = []
    logs.mkdir(parents=True, exist_ok=True)
    try:
        for command in commands:
            log = (logs / (command.replace(" ", "_") + ".log")).open("wb")
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "worker.cli", *command.split()],
                    env={**os.environ, **environment_of(settings)},
                    cwd=settings.data_dir,  # where nobody has an .env
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
            log.close()
        yield started
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def route_all(here: Runtime, ids: list[str], portal: Portal | None = None) -> str:
    """Announce tickets and take them through the flow in this process; what became of them.
    `portal` stands in for what the worker knows of the portal."""
    here.inbox.announce(ids, Source.WEBHOOK)
    told = []
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        claim, _ = here.inbox.claim()
        if isinstance(claim, Claim):
            policy = here.policy.current()
            seen = portal or here.portal.current(policy)
            told.append(str(here.flow.route(claim, policy, seen)))
            if portal:
                return told[0]
            if not here.inbox.counts()["due"]:
                return "; ".join(told)
        else:
            time.sleep(0.05)
    raise NotInTime(f"tickets {ids} were not claimed")


def writes(hub: Hub, record_id: str, object_type: str = "tickets") -> list[dict[str, Any]]:
    """Everything our app wrote to a record, in order."""
    app = str(hub.control("GET", "/settings")["app_id"])
    return [
        entry
        for entry in hub.control("GET", "/log?after=0")["entries"]
        if entry["actor"] == {"kind": "app", "id": app}
        and (entry["object_type"], str(entry["id"])) == (object_type, record_id)
    ]
