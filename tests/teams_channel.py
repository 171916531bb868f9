"""A Teams channel on loopback for tests: the demo's endpoint, in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import uvicorn

from demo.teams_endpoint import make_endpoint

ENDS_WITHIN_S = 10.0


class TeamsChannel:
    """The channel's webhook, and what was posted to it."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.webhook = f"{base}/workflows/1/triggers/manual/paths/invoke?sig=s3cret"

    def posted(self) -> dict[str, Any]:
        """`cards`, `refused`, `failed`."""
        answer = requests.get(f"{self.base}/cards", timeout=5)
        found: dict[str, Any] = answer.json()
        return found

    def cards(self) -> list[dict[str, Any]]:
        """The cards taken; the test fails where one was refused."""
        posted = self.posted()
        assert posted["refused"] == []
        return [one["card"] for one in posted["cards"]]

    def fail(self, times: int, status: int, retry_after_s: float | None = None) -> None:
        """Make the next posts fail."""
        body = {"times": times, "status": status, "retry_after_s": retry_after_s}
        requests.post(f"{self.base}/fail", json=body, timeout=5).raise_for_status()

    def forget(self) -> None:
        requests.delete(f"{self.base}/cards", timeout=5).raise_for_status()


@contextmanager
def running_channel() -> Iterator[TeamsChannel]:
    """A channel of its own, for as long as the block lasts."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(make_endpoint(), log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        listener.listen()  # whoever calls before the server runs waits for it
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield TeamsChannel(f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join(ENDS_WITHIN_S)
