"""The Celery application: JSON alone comes in, and no secret goes out."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from kombu.exceptions import ContentDisallowed

from config.settings import load_settings
from tests.worker.processes.test_logs import NEVER, settings
from worker.app import ROUTING_QUEUE, make_app


class Trap:
    """Whoever unpickles it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
        return Path.touch, (self._trace,)


def message(body: bytes, kind: str) -> str:
    """A task as somebody with access to Redis would plant it."""
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "binary",
            "content-type": kind,
            "headers": {"task": "route_tickets", "id": "1", "lang": "py"},
            "properties": {
                "body_encoding": "base64",
                "delivery_tag": "1",
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": ROUTING_QUEUE},
                "priority": 0,
            },
        }
    )


@pytest.mark.parametrize(
    "kind",
    ["application/x-python-serialize", "application/x-yaml", "application/x-msgpack"],
)
def test_the_broker_takes_json_alone(
    redis_client: redis.Redis, redis_url: str, tmp_path: Path, kind: str
) -> None:
    trace = tmp_path / "trace"
    redis_client.lpush(ROUTING_QUEUE, message(pickle.dumps(Trap(trace)), kind))
    refused: list[Exception] = []

    def refuse(planted: Any, error: Exception) -> None:
        refused.append(error)
        planted.ack()

    with (
        make_app(load_settings(_env_file=None, redis_url=redis_url)) as app,
        app.connection_for_read() as connection,
        # As a worker makes it.
        app.amqp.TaskConsumer(connection.default_channel, on_decode_error=refuse),
    ):
        connection.drain_events(timeout=5)
    assert [type(error) for error in refused] == [ContentDisallowed]
    assert not trace.exists()


def test_results_are_json_too() -> None:
    with make_app(settings()) as app:
        assert app.conf.result_serializer == app.conf.event_serializer == "json"
        assert app.conf.result_accept_content in (None, ["json"])
        assert app.conf.accept_content == ["json"]


def test_what_flower_shows_of_the_configuration_holds_no_secret() -> None:
    with make_app(settings()) as app:
        shown = str(app.conf.table(with_defaults=True)) + repr(app)
    assert "redis://user:" in shown
    assert not [one for one in NEVER if one in shown]
