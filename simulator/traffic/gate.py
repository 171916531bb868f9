"""The gate every HubSpot call passes: token, scopes, limits, latency, faults, then its endpoint."""

import asyncio
import contextlib
import socket
import struct
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.types import Receive, Scope, Send

from simulator.api.call import VERSIONS, Answer, Call, Endpoint
from simulator.rules.refusals import Refusal, not_found
from simulator.state.object_types import find
from simulator.traffic import faults
from simulator.traffic.faults import Rule
from simulator.traffic.rates import Bucket
from simulator.traffic.scopes import check_scopes
from simulator.world import World

_JSON = "application/json;charset=utf-8"


class _BrokenConnection(Exception):
    """The connection was cut on purpose; there is nothing more to send."""


@dataclass
class Reply:
    """Bytes to send, and how."""

    status: int
    body: bytes
    headers: dict[str, str]


class Gate:
    """An endpoint of the API as a small application of its own, so that it may break the line."""

    def __init__(
        self,
        world: World,
        template: str,
        endpoint: Endpoint,
        bucket: Bucket = "ten_secondly",
        scopes: str = "object",
        absent_from_new: bool = False,
    ) -> None:
        self._world = world
        self._template = template
        self._endpoint = endpoint
        self._bucket = bucket
        self._scopes = scopes
        self._absent_from_new = absent_from_new

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = await _body(receive)
        call = Call(
            self._world.portal,
            scope["method"],
            scope["path_params"].get("v", ""),
            dict(scope["path_params"]),
            parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            raw,
            base_url=self._world.base_url,
            template=self._template,
        )
        name = f"{call.method} {self._named(call)}"
        route = f"{call.method} {self._template}"
        concrete = f"{call.method} {scope['path']}"
        world = self._world
        world.portal.agenda.run_due(world.portal.clock.now_ms())
        rule = world.faults.pick(concrete, world.dice)
        status = 0
        try:
            reply = await self._reply(call, scope, rule)
            status = await _deliver(reply, rule, send)
        finally:
            world.counters.count(name, route, call.version, self._bucket, status)

    def _named(self, call: Call) -> str:
        """The path as counters show it: types by their plural name, ids as {id}."""
        parts = []
        for part in self._template.split("/"):
            if part.endswith("object_type}"):
                kind = find(call.path.get(part[1:-1], ""))
                parts.append(kind.name if kind else "{type}")
            elif part.startswith("{") and part != "{v}":
                parts.append("{id}")
            else:
                parts.append(part)
        return "/".join(parts)

    async def _reply(self, call: Call, scope: Scope, rule: Rule | None) -> Reply:
        world = self._world
        if world.settings.latency_ms:
            await asyncio.sleep(world.settings.latency_ms / 1000)
        if rule is not None and rule.kind == "latency":
            await asyncio.sleep(rule.latency_ms / 1000)
        if rule is not None and not rule.after_write:
            early = await self._fault(rule)
            if early is not None:
                return early
        if rule is not None and rule.kind == "row_errors":
            call.row_fault_share = rule.share
        reply = self._answer(call, scope)
        if rule is not None and rule.after_write:
            late = await self._fault(rule)
            if late is not None:
                return late
        return reply

    async def _fault(self, rule: Rule) -> Reply | None:
        """What a rule sends instead of an answer; None for rules that spoil the real one."""
        if rule.kind == "timeout":
            with contextlib.suppress(asyncio.CancelledError):  # the simulator is being stopped
                await asyncio.sleep(rule.hang_s)
            return _rendered(Refusal(504, "Gateway timeout", None))
        if rule.kind == "reset":
            return Reply(0, b"", {})
        if rule.kind == "html":
            return Reply(200, faults.HTML, {"content-type": "text/html"})
        if rule.kind == "empty":
            return Reply(200, b"", {"content-type": _JSON})
        if rule.kind[:3].isdigit():
            return _rendered(faults.refusal(rule, self._world.settings))
        return None

    def _answer(self, call: Call, scope: Scope) -> Reply:
        world = self._world
        try:
            self._admit(call, scope)
            answer = self._endpoint(call)
        except Refusal as refusal:
            reply = _rendered(refusal)
        else:
            reply = _shown(answer)
        for name, value in world.rates.headers(self._bucket).items():
            reply.headers.setdefault(name, value)
        return reply

    def _admit(self, call: Call, scope: Scope) -> None:
        if call.version not in VERSIONS:
            raise Refusal(404, "resource not found", None)
        if (
            self._absent_from_new
            and call.new
            and not call.assume("paths_absent_from_2026_09_spec_work")
        ):
            raise not_found()
        self._check_token(scope)
        check_scopes(self._world.settings, call, self._scopes)
        self._world.rates.admit(self._bucket)

    def _check_token(self, scope: Scope) -> None:
        sent = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        scheme, _, token = sent.partition(" ")
        wanted = self._world.settings.token
        if scheme.lower() == "bearer" and token and wanted in (None, token):
            return
        raise Refusal(
            401,
            "Authentication credentials not found. This API supports OAuth 2.0 authentication",
            "INVALID_AUTHENTICATION",
        )


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def _rendered(refusal: Refusal) -> Reply:
    headers = {"content-type": _JSON, **refusal.headers}
    return Reply(refusal.status, orjson.dumps(refusal.body()), headers)


def _shown(answer: Answer) -> Reply:
    headers = dict(answer.headers or {})
    if answer.body is None:
        return Reply(answer.status, b"", headers)
    headers["content-type"] = _JSON
    return Reply(answer.status, orjson.dumps(answer.body), headers)


async def _deliver(reply: Reply, rule: Rule | None, send: Send) -> int:
    """Sends the reply, spoiled as the rule says; returns the status, 0 for a broken line."""
    if reply.status == 0:
        _cut(send, reset=True)
        return 0
    headers = dict(reply.headers)
    headers["content-length"] = str(len(reply.body))
    headers["x-hubspot-correlation-id"] = str(uuid.uuid4())
    start: dict[str, Any] = {
        "type": "http.response.start",
        "status": reply.status,
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()],
    }
    await send(start)
    if rule is not None and rule.kind == "truncate":
        await send(_chunk(reply.body[: len(reply.body) // 2], more=True))
        _cut(send, reset=False)
        return 0
    if rule is not None and rule.kind == "drip":
        pause = rule.latency_ms / 1000
        for byte in range(0, len(reply.body), max(1, len(reply.body) // 50)):
            await send(_chunk(reply.body[byte : byte + max(1, len(reply.body) // 50)], more=True))
            await asyncio.sleep(pause / 50)
        await send(_chunk(b"", more=False))
        return reply.status
    await send(_chunk(reply.body, more=False))
    return reply.status


def _chunk(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _cut(send: Send, reset: bool) -> None:
    """Breaks the connection below HTTP: uvicorn's send belongs to the request that has it."""
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise RuntimeError("this server gives no hold on its connections; run under uvicorn")
    # What uvicorn notes when the other side hangs up: it then expects no more from us.
    setattr(cycle, "disconnected", True)  # noqa: B010 - the cycle is uvicorn's, unknown to types
    if reset:
        handle = transport.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
