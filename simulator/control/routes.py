"""The control API's paths. Wrong input is a 400 with the reason; nothing here is counted."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.api.call import VERSIONS
from simulator.control import acts, arrivals, bulk, clients, files, inspect, link_limits
from simulator.settings import TIERS
from simulator.traffic.faults import rule_from
from simulator.world import World

Handler = Callable[[dict[str, Any], Request], dict[str, Any]]


def _endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        raw = await request.body()
        try:
            body = orjson.loads(raw) if raw else {}
            if not isinstance(body, dict):
                raise ValueError("the body must be a JSON object")
            status, shown = 200, handler(body, request)
        except (ValueError, LookupError, TypeError) as error:
            status, shown = 400, {"error": f"{type(error).__name__}: {error}"}
        return Response(orjson.dumps(shown), status, media_type="application/json")

    return answer


def control_routes(world: World) -> list[Route]:
    """Routes under /__control for one world."""

    def health(_: dict[str, Any], __: Request) -> dict[str, Any]:
        return {"ok": True}

    def reset(body: dict[str, Any], _: Request) -> dict[str, Any]:
        portal = body.get("portal", "sample")
        if portal not in ("sample", "empty"):
            raise ValueError(f"portal is sample or empty, not {portal!r}")
        tier = body.get("tier", world.settings.tier)
        if tier not in TIERS:
            raise ValueError(f"tier is one of {sorted(TIERS)}, not {tier!r}")
        world.settings.tier = tier
        world.begin(portal == "sample", int(body.get("seed", 0)))
        return {"ok": True}

    def settings(body: dict[str, Any], request: Request) -> dict[str, Any]:
        if request.method == "PUT":
            world.settings.update(body)
        return world.settings.as_json()

    def clock(body: dict[str, Any], _: Request) -> dict[str, Any]:
        world.portal.clock.advance(float(body.get("advance_s", 0)))
        ran = world.portal.agenda.run_due(world.portal.clock.now_ms())
        return {"now_ms": world.portal.clock.now_ms(), "ran": ran}

    def webhooks(body: dict[str, Any], request: Request) -> dict[str, Any]:
        if request.method == "PUT":
            world.webhooks.configure(body)
        return world.webhooks.as_json()

    def tickets(body: dict[str, Any], _: Request) -> dict[str, Any]:
        arrived = [arrivals.arrive(world.portal, row) for row in body["tickets"]]
        return {"ids": [str(ticket.id) for ticket in arrived]}

    def act(body: dict[str, Any], _: Request) -> dict[str, Any]:
        return acts.act(world.portal, body)

    def faults(body: dict[str, Any], request: Request) -> dict[str, Any]:
        if request.method == "PUT":
            world.faults.rules = [rule_from(row) for row in body.get("rules", [])]
        return {"rules": [rule.as_json() for rule in world.faults.rules]}

    def counters(_: dict[str, Any], __: Request) -> dict[str, Any]:
        return world.counters.as_json()

    def reset_counters(_: dict[str, Any], __: Request) -> dict[str, Any]:
        world.counters.reset()
        return {"ok": True}

    def endpoints(_: dict[str, Any], __: Request) -> dict[str, Any]:
        return {
            route: {version: world.counters.of_route(route, version) for version in VERSIONS}
            for route in world.endpoints
        }

    def log(_: dict[str, Any], request: Request) -> dict[str, Any]:
        return world.portal.journal.after(int(request.query_params.get("after", "0")))

    def objects(_: dict[str, Any], request: Request) -> dict[str, Any]:
        ids = request.query_params.get("ids")
        names = request.query_params.get("properties")
        return inspect.objects(
            world.portal,
            request.path_params["type"],
            ids.split(",") if ids else None,
            names.split(",") if names else None,
        )

    def put_clients(body: dict[str, Any], _: Request) -> dict[str, Any]:
        return clients.put(world.portal, body["clients"])

    def sample_clients(body: dict[str, Any], _: Request) -> dict[str, Any]:
        return dict(clients.fill_sample(world.portal, body))

    def make_bulk(body: dict[str, Any], _: Request) -> dict[str, Any]:
        return bulk.create(world.portal, body)

    def add_file(body: dict[str, Any], _: Request) -> dict[str, Any]:
        return files.add(world.portal, body)

    def put_link_limits(body: dict[str, Any], _: Request) -> dict[str, Any]:
        return link_limits.put(world.portal, body)

    def pipelines(_: dict[str, Any], __: Request) -> dict[str, Any]:
        return inspect.pipelines(world.portal)

    table: list[tuple[str, list[str], Handler]] = [
        ("/health", ["GET"], health),
        ("/reset", ["POST"], reset),
        ("/settings", ["GET", "PUT"], settings),
        ("/clock", ["GET", "POST"], clock),
        ("/webhooks", ["GET", "PUT"], webhooks),
        ("/tickets", ["POST"], tickets),
        ("/act", ["POST"], act),
        ("/faults", ["GET", "PUT"], faults),
        ("/counters", ["GET"], counters),
        ("/counters/reset", ["POST"], reset_counters),
        ("/endpoints", ["GET"], endpoints),
        ("/log", ["GET"], log),
        ("/objects/{type}", ["GET"], objects),
        ("/pipelines", ["GET"], pipelines),
        ("/clients", ["POST"], put_clients),
        ("/clients/sample", ["POST"], sample_clients),
        ("/bulk", ["POST"], make_bulk),
        ("/files", ["POST"], add_file),
        ("/link-limits", ["PUT"], put_link_limits),
    ]
    return [
        Route("/__control" + path, _endpoint(handler), methods=methods)
        for path, methods, handler in table
    ]
