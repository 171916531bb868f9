"""What a worker process holds: its runtime and its waker, made when it is ready."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

import structlog
from celery.signals import setup_logging, worker_ready, worker_shutting_down

from config.settings import load_settings
from worker.app import ROUTING_QUEUE, app
from worker.logs import configure_logs
from worker.runtime import Runtime
from worker.waker import Waker

_lock = threading.Lock()
_runtimes: dict[int, Runtime] = {}
_wakers: list[Waker] = []


def runtime() -> Runtime:
    """This process's runtime, made at first use and never carried over a fork."""
    with _lock:
        if os.getpid() not in _runtimes:
            _runtimes.clear()
            _runtimes[os.getpid()] = Runtime(load_settings())
        return _runtimes[os.getpid()]


@setup_logging.connect
def _logs(**_: Any) -> None:
    configure_logs(load_settings())


@worker_ready.connect
def _start_waker(**_: Any) -> None:
    here = runtime()
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
