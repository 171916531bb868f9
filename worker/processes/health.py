"""`python -m worker.processes.health PROCESS`: is it well? Asked by containers' health checks.

Each is asked the way it is reached in earnest: a listener over HTTP, a Celery worker by Celery's
own ping through Redis, beat by the age of the schedule that it keeps writing.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import time
from collections.abc import Callable
from pathlib import Path

import redis

from config.settings import Settings, SettingsError, load_settings

ANSWERS_WITHIN_S = 3.0
# Beat writes its schedule with the first task it sends 180 s after the last time (Celery:
# celery.beat.Scheduler.sync_every), and sends one every 300 s at the latest.
BEAT_WRITES_WITHIN_S = 600.0
_THIS_MACHINE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a listener may listen


class Unwell(Exception):
    """A process does not do its work; says which and what was seen."""


def check_receiver(settings: Settings) -> None:
    """Both listeners answer. Raises `Unwell`."""
    _answers("the public listener", settings.receiver_host, settings.receiver_port, "/healthz")
    _answers("the private listener", settings.private_host, settings.private_port, "/healthz")


def check_flower(settings: Settings) -> None:
    """Flower answers. Raises `Unwell`."""
    _answers("Flower", settings.flower_host, settings.flower_port, "/healthcheck")


def check_worker(settings: Settings) -> None:
    """The Celery worker of this machine, named `worker`, takes messages. Raises `Unwell`."""
    from celery.utils.nodenames import gethostname, nodename
    from kombu.exceptions import OperationalError

    from worker.app import make_app

    name = nodename("worker", gethostname())
    try:
        _redis_answers(settings.redis_url)  # at once, where Celery would try for six seconds
        with make_app(settings) as app, app.connection_for_write() as connection:
            answers = app.control.ping([name], timeout=ANSWERS_WITHIN_S, connection=connection)
    except (OperationalError, redis.RedisError, OSError) as error:
        raise Unwell(f"{name} can't be asked: Redis: {error}") from None
    if not answers:
        raise Unwell(f"{name} did not answer within {ANSWERS_WITHIN_S:.0f} s")


def check_beat(settings: Settings, now: Callable[[], float] = time.time) -> None:
    """Beat has written its schedule lately. Raises `Unwell`."""
    folder = settings.data_dir / "beat"
    # One file or several, by the database that this Python's shelve uses.
    written = [_modified(file) for file in folder.glob("schedule*")]
    if not written:
        raise Unwell(f"beat has written no schedule to {folder}")
    age = now() - max(written)
    if age > BEAT_WRITES_WITHIN_S:
        raise Unwell(f"beat has sent nothing for {age:.0f} s")


CHECKS: dict[str, Callable[[Settings], None]] = {
    "receiver": check_receiver,
    "worker": check_worker,
    "beat": check_beat,
    "flower": check_flower,
}


def main(arguments: list[str] | None = None) -> int:
    """0 when the process is well, 1 when not; one line says what was seen."""
    parser = argparse.ArgumentParser(prog="python -m worker.processes.health", description=__doc__)
    parser.add_argument("process", choices=CHECKS)
    process = parser.parse_args(arguments).process
    try:
        CHECKS[process](load_settings())
    except (Unwell, SettingsError) as error:
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{process} is well\n")
    return 0


def _redis_answers(url: str) -> None:
    within = ANSWERS_WITHIN_S
    with redis.Redis.from_url(url, socket_timeout=within, socket_connect_timeout=within) as client:
        client.ping()


def _answers(who: str, host: str, port: int, path: str) -> None:
    host = _THIS_MACHINE.get(host, host)
    connection = http.client.HTTPConnection(host, port, timeout=ANSWERS_WITHIN_S)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Unwell(f"{who} at {host}:{port} does not answer: {error}") from None
    finally:
        connection.close()
    if status != 200:
        raise Unwell(f"{who} at {host}:{port} answers {path} with {status}")


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # beat renames as it writes
        return 0.0


if __name__ == "__main__":
    sys.exit(main())
