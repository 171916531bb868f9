"""Two hundred thousand deliveries that HubSpot never sent: does one get in, does one do harm?

    .venv/bin/python -m benchmarks.forged [--requests 200000] [--seed 7]

The receiver is a process of its own with a real Redis behind it; strangers speak to it over
sockets. Then they hold as many of the largest bodies as they get connections for. At the end a
genuine delivery must still be taken, so that it is no wall that they met.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import secrets
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import redis

from benchmarks.receiver import (
    PATH,
    deliver,
    machine,
    peak_mb,
    resident_mb,
    signed_delivery,
    start_receiver,
    wait_until_healthy,
)
from simulator.webhooks import signature
from worker.processes import embedded_redis

STRANGERS = 24
PIECES = 20  # of the run, after each of which it is told how far it is
WARM_SHARE = 0.05  # of the requests, after which memory counts
MOST_GROWTH_MB = 8.0
HELD_AT_ONCE = 150  # bodies of which the last byte does not come, some times over
HELD_TIMES = 6
MOST_MB = 256.0  # the receiver's in docker-compose.yml
BIG = 1024 * 1024 + 1
WHOLE_SHARE = 0.02  # of the oversized bodies that are really sent; the others only say so
URL = f"https://tickets.example.com{PATH}"
Request = tuple[list[tuple[str, bytes]], bytes]
Tally = Counter[tuple[str, int]]  # kind and status; 0: no answer, the line was cut


def main() -> int:
    """Exit status 1 when one was accepted, one was answered 5xx, memory grew, or the receiver
    takes nothing any more."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=200_000)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    secret = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory() as folder:
        redis_process, redis_url = embedded_redis.start(Path(folder) / "redis")
        port = embedded_redis.free_port()
        receiver = start_receiver(Path(folder), redis_url, port, secret)
        try:
            wait_until_healthy(port)
            print(machine())
            _run(port, secret, max(1, int(given.requests * WARM_SHARE)), given.seed + 1)
            before = resident_mb(receiver.pid)
            began = time.monotonic()
            tally: Tally = Counter()
            for piece in range(PIECES):
                tally += _run(port, secret, given.requests // PIECES, given.seed + 2 + piece)
                held_mb = resident_mb(receiver.pid)
                print(f"{tally.total()} requests, {held_mb:.1f} MB", file=sys.stderr)
            took = time.monotonic() - began
            after = resident_mb(receiver.pid)
            with redis.Redis.from_url(redis_url) as client:
                reached = [key for key in client.keys("*") if b"counters" not in key]
            for _ in range(HELD_TIMES):
                _hold(port)
            peak = peak_mb(receiver.pid)
            deliver(port, secret, 0.1)  # raises where a genuine one is not taken
        finally:
            receiver.terminate()
            receiver.wait()
            redis_process.terminate()
            redis_process.wait()
    accepted = sum(n for (_, status), n in tally.items() if 200 <= status < 300)
    failed = sum(n for (_, status), n in tally.items() if status >= 500)
    for kind in KINDS:
        said = {status: n for (one, status), n in sorted(tally.items()) if one == kind}
        print(f"{kind:<12} {sum(said.values()):>7}  answered {said}")
    print(
        f"{tally.total()} requests in {took:.0f} s: {accepted} accepted, {failed} answered 5xx, "
        f"{len(reached)} keys written; resident memory {before:.1f} MB before, {after:.1f} MB after"
    )
    print(
        f"{peak:.1f} MB at most with {HELD_AT_ONCE} bodies of 1 MiB held, {HELD_TIMES} times over"
    )
    grown = after - before > MOST_GROWTH_MB or peak > MOST_MB
    return 1 if accepted or failed or reached or grown else 0


def _hold(port: int) -> None:
    """All of many bodies but their last bytes, until the receiver has given them up."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {BIG - 1}\r\n\r\n".encode()
    held = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(HELD_AT_ONCE)]

    def send(line: socket.socket) -> None:
        with contextlib.suppress(OSError):
            line.sendall(head + b"x" * (BIG - 2))
            line.recv(1)

    threads = [threading.Thread(target=send, args=(line,)) for line in held]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for line in held:
        line.close()


def _run(port: int, secret: str, count: int, seed: int) -> Tally:
    """`count` requests by strangers at once."""
    tallies: list[Tally] = [Counter() for _ in range(STRANGERS)]

    def stranger(number: int) -> None:
        dice = random.Random(seed * 100 + number)  # noqa: S311 - repeatable, guards nothing
        kinds = list(KINDS)
        line = Line(port)
        for _ in range(number, count, STRANGERS):
            kind = dice.choice(kinds)
            headers, body = KINDS[kind](dice, secret)
            tallies[number][kind, line.ask(headers, body)] += 1
        line.close()

    threads = [threading.Thread(target=stranger, args=(n,)) for n in range(STRANGERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total: Tally = Counter()
    for tally in tallies:
        total += tally
    return total


class Line:
    """One connection after the other, since the receiver cuts the line on some."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, headers: list[tuple[str, bytes]], body: bytes) -> int:
        """The status of the answer; 0 where the line was cut instead."""
        head = f"POST {PATH} HTTP/1.1\r\nHost: tickets.example.com\r\n".encode()
        for name, value in headers:
            head += name.encode() + b": " + value + b"\r\n"
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        # What is cut off while we still send has often been answered before.
        with contextlib.suppress(OSError):
            self._socket.sendall(head + b"\r\n" + body)
            if _announced(headers) > len(body):
                self._socket.shutdown(socket.SHUT_WR)
        try:
            answer = self._answer()
        except OSError:
            answer = b""
        if not answer or b"connection: close" in answer.lower() or _announced(headers) > len(body):
            self.close()
        return int(answer.split(b" ", 2)[1]) if answer else 0

    def _answer(self) -> bytes:
        """Head and body of an answer."""
        if self._socket is None:
            return b""
        found = b""
        while b"\r\n\r\n" not in found:
            got = self._socket.recv(65536)
            if not got:
                return found
            found += got
        head, _, rest = found.partition(b"\r\n\r\n")
        length = next(
            (
                int(row[15:])
                for row in head.lower().split(b"\r\n")
                if row[:15] == b"content-length:"
            ),
            0,
        )
        while len(rest) < length and (got := self._socket.recv(65536)):
            rest += got
        return head

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def _announced(headers: list[tuple[str, bytes]]) -> int:
    lengths = [int(value) for name, value in headers if name == "Content-Length"]
    return lengths[0] if lengths and lengths[0] < 2 * BIG else 0


# ---- what strangers send. Everything is signed with our own secret where that helps them.


def _sent(body: bytes, headers: dict[str, bytes | str]) -> Request:
    rows = [(k, v.encode("latin-1") if isinstance(v, str) else v) for k, v in headers.items()]
    return [*rows, ("Content-Length", b"%d" % len(body))], body


def _forged(dice: random.Random, secret: str) -> Request:
    body, headers = signed_delivery(secret, 1)
    good = headers["X-HubSpot-Signature-v3"]
    ways: list[Callable[[], str]] = [
        lambda: signature.v3(secret[:-1], "POST", URL, body, _now()),
        lambda: signature.v3(secret, "POST", URL.replace("https", "http"), body, _now()),
        lambda: signature.v3(secret, "GET", URL, body, _now()),
        lambda: signature.v3("", "POST", URL, body, _now()),
        lambda: good.swapcase(),
        lambda: good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1],
        lambda: "",
        lambda: "".join(chr(dice.randrange(33, 127)) for _ in range(dice.randrange(90))),
    ]
    return _sent(body, {**headers, "X-HubSpot-Signature-v3": dice.choice(ways)()})


def _stale(dice: random.Random, secret: str) -> Request:
    body, headers = signed_delivery(secret, 1)
    back = dice.choice([300_500, 3_600_000, 10**12])
    at = _now() + dice.choice([-back, 61_000 + dice.randrange(10**9)])
    return _sent(
        body,
        {
            **headers,
            "X-HubSpot-Request-Timestamp": str(at),
            "X-HubSpot-Signature-v3": signature.v3(secret, "POST", URL, body, at),
        },
    )


def _truncated(dice: random.Random, secret: str) -> Request:
    body, headers = signed_delivery(secret, 1)
    cut = body[: dice.randrange(len(body))]
    sent = _sent(cut, dict(headers))
    if dice.random() < 0.5:
        return sent
    return [*sent[0][:-1], ("Content-Length", b"%d" % len(body))], cut


def _oversized(dice: random.Random, secret: str) -> Request:
    body, headers = signed_delivery(secret, 1)
    if dice.random() < WHOLE_SHARE:
        return _sent(body + b" " * (BIG - len(body)), dict(headers))
    if dice.random() < 0.3:
        return _sent(body, {**headers, "X-Filler": "x" * 40_000})
    length = dice.choice([2 * BIG, 10**12, 10**60])
    return [*_sent(b"", dict(headers))[0][:-1], ("Content-Length", b"%d" % length)], b""


def _downgraded(dice: random.Random, secret: str) -> Request:
    body, headers = signed_delivery(secret, 1)
    older: dict[str, bytes | str] = {
        "Content-Type": "application/json",
        "X-HubSpot-Signature": signature.v1(secret, body),
        "X-HubSpot-Signature-Version": dice.choice(["v1", "v2", "v3"]),
    }
    if dice.random() < 0.5:
        older |= {"X-HubSpot-Signature-v3": "", "X-HubSpot-Request-Timestamp": str(_now())}
    elif dice.random() < 0.5:
        older |= {"X-HubSpot-Signature-v3": headers["X-HubSpot-Signature-v3"][::-1]}
    return _sent(body, older)


def _non_ascii(dice: random.Random, secret: str) -> Request:
    body, headers = signed_delivery(secret, 1)
    name = dice.choice(["X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"])
    value = dice.choice(
        [
            headers[name].encode() + b"\xe9",
            "²".encode("latin-1"),
            "١٧٩٠٠٠٠٠٠٠٠٠٠".encode(),
            b"\xff\xfe" + headers[name].encode(),
            bytes(dice.randrange(0x80, 0x100) for _ in range(dice.randrange(1, 80))),
        ]
    )
    return _sent(body, {**headers, name: value})


def _now() -> int:
    return time.time_ns() // 1_000_000


KINDS: dict[str, Callable[[random.Random, str], Request]] = {
    "forged": _forged,
    "stale": _stale,
    "truncated": _truncated,
    "oversized": _oversized,
    "downgraded": _downgraded,
    "non-ASCII": _non_ascii,
}

if __name__ == "__main__":
    sys.exit(main())
