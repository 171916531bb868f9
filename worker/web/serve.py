"""Runs the public and the private listener in one process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

import redis.asyncio
import uvicorn
from starlette.applications import Starlette

from config.settings import Settings, require
from worker.portal_names import read_portal_names
from worker.runtime import connect, make_gateway
from worker.web.private import make_private_app
from worker.web.receiver import Receiver, make_public_app


def serve(settings: Settings) -> None:
    """Answer until told to stop. Raises `SettingsError` when webhooks could not be verified."""
    require(settings, "hubspot_client_secret", "webhook_public_url", "hubspot_access_token")
    secret = settings.hubspot_client_secret.get_secret_value()
    shared = connect(settings)
    names = read_portal_names(settings.portal_file)
    hubspot = make_gateway(settings, shared, names)
    for_webhooks = redis.asyncio.Redis.from_url(
        settings.redis_url, socket_timeout=1, socket_connect_timeout=1, health_check_interval=25
    )
    receiver = Receiver(
        for_webhooks, secret, settings.webhook_public_url, settings.webhook_allow_v1
    )
    public = _server(make_public_app(receiver), settings.receiver_host, settings.receiver_port)
    private = _server(
        make_private_app(shared, hubspot.account), settings.private_host, settings.private_port
    )
    asyncio.run(_both(public, private))


class _Server(uvicorn.Server):
    """Signals are handled once for both servers, not by each."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: Starlette, host: str, port: int) -> uvicorn.Server:
    return _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=200,
            timeout_keep_alive=30,
            h11_max_incomplete_event_size=32 * 1024,
        )
    )


async def _both(*servers: uvicorn.Server) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(_serve_then(server, stop))


async def _serve_then(server: uvicorn.Server, stop: Callable[[], None]) -> None:
    """One listener never lives on without the other."""
    await server.serve()
    stop()
