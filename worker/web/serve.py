"""Runs the public and the private listener in one process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import redis.asyncio
import redis.asyncio.retry
import redis.backoff
import uvicorn
from starlette.applications import Starlette

from config.portal import PortalNames
from config.settings import Settings, SettingsError, require
from worker.hubspot.webhooks import OUR_PROPERTIES
from worker.portal_names import read_portal_names
from worker.runtime import connect, make_gateway
from worker.web.impatient import ImpatientProtocol
from worker.web.private import make_private_app
from worker.web.receiver import MAX_HEAD_BYTES, REDIS_S, Receiver, make_public_app
from worker.web.reports import ReportPages

MAX_CONNECTIONS = 100  # HubSpot opens ten
STOPS_WITHIN_S = 10


def serve(settings: Settings) -> None:
    """Answer until told to stop. Raises `SettingsError` when webhooks could not be verified or a
    port is taken, before anything is answered.
    """
    require(settings, "hubspot_client_secret", "webhook_public_url", "hubspot_access_token")
    names = read_portal_names(settings.portal_file)
    with (
        _listen(settings, "receiver") as public_socket,
        _listen(settings, "private") as private_socket,
    ):
        shared = connect(settings)
        hubspot = make_gateway(settings, shared, names)
        for_webhooks = _redis_for_webhooks(settings.redis_url)
        receiver = Receiver(
            for_webhooks,
            settings.hubspot_client_secret.get_secret_value(),
            settings.webhook_public_url,
            settings.webhook_allow_v1,
            our_properties=_our_properties(names),
        )
        public = make_server(make_public_app(receiver))
        reports = ReportPages(
            settings.reports_dir, settings.reports_user, settings.reports_password
        )
        private = make_server(make_private_app(shared, hubspot.account, reports))
        asyncio.run(_serve(for_webhooks, (public, public_socket), (private, private_socket)))


def make_server(app: Starlette) -> uvicorn.Server:
    """A server that reads no head over 32 KiB, waits for none for ever, and keeps no access log.

    h11 and not httptools: uvicorn bounds the head of a request with h11 alone.
    """
    return _Server(
        uvicorn.Config(
            app,
            http=ImpatientProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=STOPS_WITHIN_S,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        )
    )


class _Server(uvicorn.Server):
    """Signals are handled once for both servers, not by each."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _redis_for_webhooks(url: str) -> redis.asyncio.Redis:
    # One try more, at once: a connection that a restarted Redis has closed is not held against it.
    return redis.asyncio.Redis.from_url(
        url,
        socket_timeout=REDIS_S,
        socket_connect_timeout=REDIS_S,
        health_check_interval=25,
        retry=redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 1),
    )


def _our_properties(names: PortalNames) -> frozenset[str]:
    kinds = (names.ticket_properties, names.company_properties)
    return frozenset(theirs.get(name, name) for theirs in kinds for name in OUR_PROPERTIES)


def _listen(settings: Settings, which: str) -> socket.socket:
    host: str = getattr(settings, f"{which}_host")
    port: int = getattr(settings, f"{which}_port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        name = which.upper()
        raise SettingsError(
            f"{name}_HOST and {name}_PORT: can't listen on {host} port {port} "
            f"({error.strerror or error}). Nothing was started. Stop what listens there, or set "
            f"{name}_PORT to a free port."
        ) from None


async def _serve(
    for_webhooks: redis.asyncio.Redis, *servers: tuple[uvicorn.Server, socket.socket]
) -> None:
    def stop() -> None:
        for server, _ in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with asyncio.TaskGroup() as group:
        for server, listener in servers:
            group.create_task(_serve_then(server, listener, stop))
    await for_webhooks.aclose()


async def _serve_then(
    server: uvicorn.Server, listener: socket.socket, stop: Callable[[], None]
) -> None:
    """One listener never lives on without the other."""
    await server.serve(sockets=[listener])
    stop()
