"""A target URL that keeps what it is sent and answers as it is told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import orjson


class Delivery(NamedTuple):
    """One POST as it came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        parsed: list[dict[str, Any]] = orjson.loads(self.body)
        return parsed


class Receiver:
    """What came in; `answers` are given in turn, then 200 for ever."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.deliveries: list[Delivery] = []
        self.answers: list[int] = []
        self.pause_s = 0.0
        self.most_at_once = 0
        self.at_once = 0
        self.lock = threading.Lock()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for delivery in list(self.deliveries) for event in delivery.events]

    def wait_for(self, count: int, within_s: float = 5.0) -> list[dict[str, Any]]:
        """Events once there are so many; what there is when the time is up."""
        deadline = time.monotonic() + within_s
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.events

    def settled(self, for_s: float = 0.3) -> list[dict[str, Any]]:
        """Events after a time in which none came."""
        seen = -1
        while seen != len(self.events):
            seen = len(self.events)
            time.sleep(for_s)
        return self.events


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.lock:
                receiver.at_once += 1
                receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
                receiver.deliveries.append(Delivery(dict(self.headers), body))
                status = receiver.answers.pop(0) if receiver.answers else 200
            time.sleep(receiver.pause_s)
            with receiver.lock:
                receiver.at_once -= 1
            try:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/webhooks/hubspot")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
