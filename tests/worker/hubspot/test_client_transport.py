"""The gateway against a server of our own that behaves badly on the wire."""

from __future__ import annotations

import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from pydantic import SecretStr

from tests.worker.hubspot.conftest import TOKEN, Quota
from worker.hubspot import client as gateway
from worker.hubspot.client import MAX_BODY_BYTES, HubSpotClient
from worker.hubspot.errors import Transient

Answer = Callable[[socket.socket, bytes], object]


class Server:
    """A TCP listener that reads a request and lets `answer` write to the line."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        self.requests: list[bytes] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(line,))
            thread.start()
            self._threads.append(thread)

    def _serve(self, line: socket.socket) -> None:
        with line, suppress(OSError):
            while head := _head(line):
                self.requests.append(head)
                self._answer(line, head)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()


def _head(line: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        got = line.recv(65536)
        if not got:
            return b""
        head += got
    return head


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[Server, HubSpotClient]]:
    server = Server(answer)
    client = HubSpotClient(SecretStr(TOKEN), server.url, Quota(), pool_size=4)
    try:
        yield server, client
    finally:
        client._session.close()
        server.close()


def http(head: str, body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {head}\r\n\r\n".encode() + body


GOOD = http("200 OK\r\nContent-Length: 7", b'{"a":1}')


def cut_short(line: socket.socket, _: bytes) -> None:
    line.sendall(http("200 OK\r\nContent-Length: 100", b'{"results": []}'))
    line.shutdown(socket.SHUT_RDWR)


def cut_chunk(line: socket.socket, _: bytes) -> None:
    line.sendall(http("200 OK\r\nTransfer-Encoding: chunked", b"40\r\n{}\r\n"))
    line.shutdown(socket.SHUT_RDWR)


def no_last_chunk(line: socket.socket, _: bytes) -> None:
    line.sendall(http("200 OK\r\nTransfer-Encoding: chunked", b"2\r\n{}\r\n"))
    line.shutdown(socket.SHUT_RDWR)


def reset(line: socket.socket, _: bytes) -> None:
    line.sendall(http("200 OK\r\nContent-Length: 100", b'{"res'))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def nothing_at_all(line: socket.socket, _: bytes) -> None:
    line.shutdown(socket.SHUT_RDWR)


def no_http(line: socket.socket, _: bytes) -> None:
    line.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    line.shutdown(socket.SHUT_RDWR)


def bad_gzip(line: socket.socket, _: bytes) -> None:
    line.sendall(http("200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2", b"{}"))


def endless_header(line: socket.socket, _: bytes) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n")
    line.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "answer",
    [
        cut_short,
        cut_chunk,
        no_last_chunk,
        reset,
        nothing_at_all,
        no_http,
        bad_gzip,
        endless_header,
    ],
)
def test_half_an_answer_is_of_unknown_outcome_and_is_not_asked_for_again(answer: Answer) -> None:
    with serving(answer) as (server, client):
        with pytest.raises(Transient, match="POST /write"):
            client.post("/write", {"inputs": []})
        assert len(server.requests) == 1


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "READ_S", 0.2)
    silent = threading.Event()
    with serving(lambda *_: silent.wait(5)) as (_, client):
        started = time.monotonic()
        with pytest.raises(Transient, match="ReadTimeout"):
            client.get("/x")
        assert time.monotonic() - started < 2
        silent.set()


def test_a_dripping_body_is_given_up_when_one_more_wait_would_pass_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "READ_S", 0.3)
    monkeypatch.setattr(gateway, "DEADLINE_S", 0.7)

    def drip(line: socket.socket, _: bytes) -> None:
        line.sendall(http("200 OK\r\nContent-Length: 1000"))
        for _tick in range(1000):
            line.sendall(b" ")
            time.sleep(0.02)

    with serving(drip) as (_, client):
        started = time.monotonic()
        with pytest.raises(Transient, match="took too long"):
            client.post("/x", {})
        assert time.monotonic() - started < 0.7


def test_sixteen_mebibytes_are_read_and_one_byte_more_is_not() -> None:
    def exactly(line: socket.socket, _: bytes) -> None:
        body = b'"' + b"x" * (MAX_BODY_BYTES - 2) + b'"'
        line.sendall(http(f"200 OK\r\nContent-Length: {len(body)}", body))

    def more(line: socket.socket, _: bytes) -> None:
        line.sendall(http("200 OK\r\nConnection: close"))
        line.sendall(b'"' + b"x" * MAX_BODY_BYTES)
        line.shutdown(socket.SHUT_RDWR)

    with serving(exactly) as (_, client):
        assert len(client.get("/x")) == MAX_BODY_BYTES - 2
    with serving(more) as (_, client), pytest.raises(Transient, match="larger than 16 MiB"):
        client.get("/x")


def test_a_compressed_bomb_is_given_up() -> None:
    bomb = zlib.compress(b" " * (64 * 1024 * 1024), 9)

    def answer(line: socket.socket, _: bytes) -> None:
        head = f"200 OK\r\nContent-Encoding: deflate\r\nContent-Length: {len(bomb)}"
        line.sendall(http(head, bomb))

    with serving(answer) as (_, client), pytest.raises(Transient, match="larger than 16 MiB"):
        client.get("/x")


def test_nobody_listening_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = HubSpotClient(SecretStr(TOKEN), f"http://127.0.0.1:{port}", Quota())

    with pytest.raises(Transient, match="ConnectionError"):
        client.get("/x")


def test_calls_share_one_connection() -> None:
    with serving(lambda line, _: line.sendall(GOOD)) as (server, client):
        for _ in range(20):
            assert client.get("/x") == {"a": 1}
        assert server.connections == 1


def test_threads_get_their_own_answers_over_few_connections() -> None:
    def echo(line: socket.socket, head: bytes) -> None:
        body = b'"' + head.split(b" ")[1] + b'"'
        line.sendall(http(f"200 OK\r\nContent-Length: {len(body)}", body))

    with serving(echo) as (server, client):
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda n: client.get(f"/{n}"), range(80)))
        assert answers == [f"/{n}" for n in range(80)]
        assert server.connections <= 8


def test_a_connection_with_an_unread_rest_is_never_used_again() -> None:
    def twice_too_long(line: socket.socket, _: bytes) -> None:
        line.sendall(http("200 OK\r\nContent-Length: 7", b'{"a":1}HTTP/1.1 200 OK\r\n'))

    with serving(cut_short) as (server, client):
        for _ in range(3):
            with pytest.raises(Transient):
                client.post("/x", {})
        assert server.connections == 3
    with serving(twice_too_long) as (_, client):
        assert client.get("/x") == {"a": 1}


def test_a_refusal_is_read_to_its_end_so_that_the_connection_lives_on() -> None:
    bad = http("500 Oops\r\nContent-Length: 2", b"{}")
    with serving(lambda line, _: line.sendall(bad)) as (server, client):
        for _ in range(5):
            with pytest.raises(Transient):
                client.get("/x")
        assert server.connections == 1


def test_the_request_on_the_wire_is_plain_http_with_our_headers_alone() -> None:
    with serving(lambda line, _: line.sendall(GOOD)) as (server, client):
        client.get("/crm/owners/2026-09", {"limit": 1})
        lines = server.requests[0].decode().split("\r\n")

    assert lines[0] == "GET /crm/owners/2026-09?limit=1 HTTP/1.1"
    names = {line.partition(":")[0].lower() for line in lines[1:] if line}
    assert names == {
        "host",
        "accept-encoding",
        "accept",
        "connection",
        "content-type",
        "user-agent",
        "authorization",
    }
