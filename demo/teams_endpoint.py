"""A stand-in for the Workflows webhook of a Teams channel: checks each card and keeps it.

`python -m demo.teams_endpoint --port N` listens on loopback. A message is posted to `/workflows/…`
(any path beneath, as the real ones carry their secret there) and answered 202 like Teams does, or
400 with what is wrong. `GET /cards` returns all messages taken so far; `POST /fail` makes the next
ones fail: `{"times": 2, "status": 429, "retry_after_s": 1}`.
"""

from __future__ import annotations

import argparse
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.card_rules import MOST_BYTES, cards_in, faults_of_message

MOST_KEPT = 1000


@dataclass
class Channel:
    """What was posted: messages taken, and how often something was refused or made to fail."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: int = 0
    failures_left: int = 0
    failure: tuple[int, dict[str, str]] = (503, {})
    lock: threading.Lock = field(default_factory=threading.Lock)


def make_endpoint() -> Starlette:
    """A channel of its own. Its state is `app.state.channel`."""
    channel = Channel()

    async def post(request: Request) -> Response:
        body = await request.body()
        with channel.lock:
            if channel.failures_left:
                channel.failures_left -= 1
                channel.failed += 1
                status, headers = channel.failure
                return Response(status_code=status, headers=headers)
        faults = faults_of_message(body)
        with channel.lock:
            if faults:
                channel.refused += faults
                status = 413 if len(body) > MOST_BYTES else 400
                return JSONResponse({"error": {"message": "; ".join(faults)}}, status_code=status)
            for card in cards_in(body):
                kept = {
                    "path": request.url.path,
                    "at": time.time(),
                    "bytes": len(body),
                    "card": card,
                }
                channel.messages = [*channel.messages, kept][-MOST_KEPT:]
        return Response(status_code=202)

    async def cards(_: Request) -> Response:
        with channel.lock:
            return JSONResponse(
                {
                    "cards": channel.messages,
                    "refused": channel.refused,
                    "failed": channel.failed,
                }
            )

    async def fail(request: Request) -> Response:
        wanted = await request.json()
        wait = wanted.get("retry_after_s")
        with channel.lock:
            channel.failures_left = int(wanted.get("times", 1))
            channel.failure = (
                int(wanted.get("status", 503)),
                {} if wait is None else {"Retry-After": str(wait)},
            )
        return Response(status_code=204)

    async def forget(_: Request) -> Response:
        with channel.lock:
            channel.messages, channel.refused = [], []
            channel.failed = channel.failures_left = 0
        return Response(status_code=204)

    app = Starlette(
        routes=[
            Route("/workflows/{rest:path}", post, methods=["POST"]),
            Route("/cards", cards, methods=["GET"]),
            Route("/cards", forget, methods=["DELETE"]),
            Route("/fail", fail, methods=["POST"]),
        ]
    )
    app.state.channel = channel
    return app


def main() -> None:
    """Serve on loopback until told to stop."""
    options = argparse.ArgumentParser(prog="python -m demo.teams_endpoint", description=__doc__)
    options.add_argument("--port", type=int, required=True)
    port = options.parse_args().port
    uvicorn.run(make_endpoint(), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
