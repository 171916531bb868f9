"""What a worker process holds: its runtime and its waker, made when it is ready."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

import redis
import structlog
from celery.signals import (
    celeryd_after_setup,
    setup_logging,
    worker_ready,
    worker_shutting_down,
)

from config.settings import load_settings
from worker.app import ROUTING_QUEUE, app
from worker.processes.logs import configure_logs
from worker.processes.waker import Waker
from worker.runtime import Runtime

_lock = threading.Lock()
_runtimes: dict[int, Runtime] = {}
_wakers: list[Waker] = []
_name: list[str] = []


def runtime() -> Runtime:
    """This process's runtime, made at first use and never carried over a fork."""
    with _lock:
        if os.getpid() not in _runtimes:
            _runtimes.clear()
            _runtimes[os.getpid()] = Runtime(load_settings(), "".join(_name))
        return _runtimes[os.getpid()]


@setup_logging.connect
def _logs(**_: Any) -> None:
    configure_logs(load_settings())


@celeryd_after_setup.connect
def _learn_name(sender: str, **_: Any) -> None:
    _name[:] = [sender]


@worker_ready.connect
def _start_waker(**_: Any) -> None:
    here = runtime()
    try:
        if freed := here.inbox.release():
            structlog.get_logger().info("leases_of_earlier_life_ended", count=freed)
    except redis.RedisError as error:
        # They run out by themselves.
        structlog.get_logger().warning("leases_not_ended", why=str(error))
    waker = Waker(
        here.inbox,
        here.redis,
        lambda: app.send_task("route_tickets", queue=ROUTING_QUEUE, expires=60),
        here.breaker.closed_for_s,
    )
    waker.start()
    _wakers.append(waker)
    structlog.get_logger().info("worker_ready", mode=str(here.settings.routing_mode))


@worker_shutting_down.connect
def _stop_waker(**_: Any) -> None:
    for waker in _wakers:
        waker.stop()
    logging.getLogger(__name__).info("shutting down")
