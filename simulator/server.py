"""The simulator as a web application under uvicorn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.responses import JSONResponse
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.routes import all_routes
from simulator.world import World

_TICK_S = 0.02


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    body = {"status": "error", "message": "resource not found", "category": "OBJECT_NOT_FOUND"}
    await JSONResponse(body, status_code=404)(scope, receive, send)


def application(world: World) -> ASGIApp:
    """The application. A bare router: anything around it would hide the connection from faults."""

    @contextlib.asynccontextmanager
    async def lifespan(_: ASGIApp) -> AsyncIterator[None]:
        async def keep_time() -> None:
            while True:
                await asyncio.sleep(_TICK_S)
                world.portal.agenda.run_due(world.portal.clock.now_ms())

        tasks = [asyncio.create_task(keep_time()), asyncio.create_task(world.webhooks.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return Router(
        routes=all_routes(world),
        redirect_slashes=False,
        default=_nothing_here,
        lifespan=lifespan,
    )
