"""The listeners on real sockets: strangers who drip, flood and talk nonsense; start and stop."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
import pytest
import redis.asyncio
import requests
import uvicorn

from tests.stack import until
from tests.worker.web.door import PATH, Door, Headers, event, v3_headers
from worker.processes import embedded_redis
from worker.web import receiver as receiver_module
from worker.web.impatient import ImpatientProtocol
from worker.web.receiver import MAX_HEAD_BYTES, Receiver, make_public_app
from worker.web.serve import make_server

SECRET = "a-secret-of-this-test"


@contextmanager
def listening(server: uvicorn.Server, client: redis.asyncio.Redis) -> Iterator[int]:
    """A server in a thread; its port."""

    async def serve() -> None:
        await server.serve(sockets=[listener])
        await client.aclose()

    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def port(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The public listener, with a shorter patience for heads and bodies than in earnest."""
    monkeypatch.setattr(ImpatientProtocol, "head_s", 0.4)
    monkeypatch.setattr(receiver_module, "BODY_S", 0.4)
    client = redis.asyncio.Redis.from_url(redis_url, socket_timeout=1)
    url = "https://tickets.example.com" + PATH
    with listening(make_server(make_public_app(Receiver(client, SECRET, url))), client) as port:
        yield port


def raw(port: int, *pieces: bytes, wait_s: float = 0, read_s: float = 3) -> bytes:
    """All that comes back on a connection for some bytes, until the other side closes it."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=read_s) as connection:
        with suppress(ConnectionResetError, BrokenPipeError):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(wait_s)
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                said += chunk
    return said


def post(headers: Headers, *more: bytes) -> bytes:
    lines = [b"POST " + PATH.encode() + b" HTTP/1.1", b"Host: x", b"Connection: close"]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", b""]) + b"".join(more)


def healthy(port: int) -> bool:
    return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200


def test_a_delivery_over_the_wire(port: int) -> None:
    body = orjson.dumps([event()])
    signed = v3_headers(body, at_ms=time.time_ns() // 1_000_000, secret=SECRET)
    said = raw(port, post([*signed, (b"Content-Length", b"%d" % len(body))], body))
    assert said.startswith(b"HTTP/1.1 202")
    assert b"uvicorn" not in said.lower()


def test_a_chunked_body_over_one_mebibyte_is_413_and_the_line_is_cut(port: int) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
        connection.sendall(post([(b"Transfer-Encoding", b"chunked")]))
        sent = 0
        try:
            for _ in range(2000):
                connection.sendall(chunk)
                sent += 1
        except (ConnectionResetError, BrokenPipeError):
            pass
    assert sent < 200  # what the sockets buffer, beside the mebibyte
    assert time.monotonic() - began < 3
    assert healthy(port)


def test_a_head_that_drips_or_never_comes_is_cut_off(port: int) -> None:
    began = time.monotonic()
    assert raw(port) == b""
    assert raw(port, *(b"POST / HTTP/1.1\r\nHo", b"st", b": x", b"\r\n"), wait_s=0.2) == b""
    assert time.monotonic() - began < 2.5


def test_a_body_that_drips_is_408(port: int) -> None:
    said = raw(port, post([(b"Content-Length", b"100")]), b"[", b" ", wait_s=0.1)
    assert said.startswith(b"HTTP/1.1 408")


def test_many_idle_connections_do_not_shut_hubspot_out(port: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(220)]
    try:
        until("they are cut off", lambda: healthy(port), 5)
    finally:
        for one in idle:
            one.close()


def test_a_head_that_is_too_large_is_refused_unread(port: int) -> None:
    body = orjson.dumps([event()])
    signed = v3_headers(body, at_ms=time.time_ns() // 1_000_000, secret=SECRET)
    length = (b"Content-Length", b"%d" % len(body))
    one = [(b"X-Filler", b"x" * (MAX_HEAD_BYTES + 1))]
    many = [(b"X-%d" % n, b"x" * 60) for n in range(1000)]
    for filler in (one, many):
        # A genuine signature does not help: whoever made this, HubSpot did not.
        said = raw(port, post([*signed, length, *filler], body))
        assert said[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 431"}
    with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
        sent = 0
        try:
            connection.sendall(b"GET /healthz HTTP/1.1\r\n")
            for _ in range(1000):
                connection.sendall(b"X: " + b"y" * 65533)
                sent += 1
        except (ConnectionResetError, BrokenPipeError):
            pass
    assert sent < 200
    assert healthy(port)


def test_bytes_that_are_no_http_are_never_a_500(port: int) -> None:
    dice = random.Random(3)  # noqa: S311 - repeatable, guards nothing
    start = post([(b"Content-Length", b"2")], b"[]")
    for _ in range(150):
        said = bytearray(start if dice.random() < 0.7 else dice.randbytes(80))
        for _ in range(dice.randrange(1, 6)):
            said[dice.randrange(len(said))] = dice.randrange(256)
        answer = raw(port, bytes(said) + b"\r\n\r\n")
        assert not answer.startswith(b"HTTP/1.1 5")
    assert healthy(port)


def test_a_second_request_hidden_in_a_first_needs_its_own_signature(port: int) -> None:
    body = orjson.dumps([event()])
    signed = v3_headers(body, at_ms=time.time_ns() // 1_000_000, secret=SECRET)
    length = (b"Content-Length", b"%d" % len(body))
    hidden = post([(b"Content-Length", b"2")], b"[]")
    chunked = (b"Transfer-Encoding", b"chunked")
    for headers, sent in (
        ([*signed, length, (b"Content-Length", b"0")], body + hidden),
        ([*signed, length, chunked], b"0\r\n\r\n" + hidden),
        ([*signed, (b"Content-Length", b"0")], hidden),
        ([*signed, (b"Transfer-Encoding", b"x, chunked")], b"0\r\n\r\n" + hidden),
    ):
        first = post(headers).replace(b"Connection: close\r\n", b"")
        said = raw(port, first + sent)
        assert said.startswith(b"HTTP/1.1 ")
        assert b"HTTP/1.1 2" not in said
        assert b"HTTP/1.1 500" not in said


def test_a_request_to_become_a_websocket_is_not_followed(port: int) -> None:
    upgrade = [(b"Upgrade", b"websocket"), (b"Sec-WebSocket-Key", b"x" * 16)]
    said = raw(port, post([*upgrade, (b"Content-Length", b"0")]))
    assert said.startswith(b"HTTP/1.1 401")


# ---- the process


def environment(redis_url: str, tmp_path: Path, **more: str) -> dict[str, str]:
    ports = [str(embedded_redis.free_port()) for _ in range(2)]
    return {
        "PATH": "/usr/bin:/bin",
        "HUBSPOT_ACCESS_TOKEN": "token",
        "HUBSPOT_CLIENT_SECRET": SECRET,
        "HUBSPOT_BASE_URL": "http://127.0.0.1:9",
        "WEBHOOK_PUBLIC_URL": "https://tickets.example.com" + PATH,
        "REDIS_URL": redis_url,
        "RECEIVER_HOST": "127.0.0.1",
        "RECEIVER_PORT": ports[0],
        "PRIVATE_PORT": ports[1],
        "DATA_DIR": str(tmp_path),
        **more,
    }


def receiver(env: dict[str, str], cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "worker.cli", "receiver"],
        env=env,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_receiver_starts_without_redis_and_stops_when_told(tmp_path: Path) -> None:
    env = environment(f"redis://127.0.0.1:{embedded_redis.free_port()}/0", tmp_path)
    process = receiver(env, tmp_path)
    public, private = (f"http://127.0.0.1:{env[p]}" for p in ("RECEIVER_PORT", "PRIVATE_PORT"))
    try:
        _until_open(int(env["PRIVATE_PORT"]))
        assert requests.get(public + "/healthz", timeout=5).status_code == 200
        assert requests.get(public + "/metrics", timeout=5).status_code == 404
        assert requests.get(private + "/metrics", timeout=5).status_code == 503
        ready = requests.get(private + "/readyz", timeout=10)
        assert ready.status_code == 503
        assert ready.json()["redis"].startswith("does not answer")
        body = b"[]"
        headers = {
            name.decode(): value.decode()
            for name, value in v3_headers(body, time.time_ns() // 1_000_000, SECRET)
        }
        assert requests.post(public + PATH, body, headers=headers, timeout=5).status_code == 503
        for _ in range(20):
            raw(int(env["RECEIVER_PORT"]), b"no http at all\r\n\r\n")
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0
    assert SECRET not in said
    assert "Traceback" not in said
    assert "Invalid HTTP" not in said, "a line for each would let strangers fill the disk"


def test_a_port_that_is_taken_is_one_clear_message(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        env = environment("redis://127.0.0.1:1/0", tmp_path, RECEIVER_PORT=port)
        process = receiver(env, tmp_path)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert f"RECEIVER_PORT: can't listen on 127.0.0.1 port {port}" in said
    assert "Traceback" not in said


def test_the_receiver_says_what_it_lacks(tmp_path: Path) -> None:
    env = environment("redis://127.0.0.1:1/0", tmp_path, HUBSPOT_CLIENT_SECRET="")
    process = receiver({**env, "WEBHOOK_PUBLIC_URL": ""}, tmp_path)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "HUBSPOT_CLIENT_SECRET" in said
    assert "WEBHOOK_PUBLIC_URL" in said


def _until_open(port: int) -> None:
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing listens on {port}")


def test_a_door_is_never_left_open(door: Door) -> None:
    """Without a secret in its settings, nothing is authentic."""
    door.app = make_public_app(Receiver(door.redis, "", "https://tickets.example.com" + PATH))
    assert door.deliver([event()], secret="") == 401
