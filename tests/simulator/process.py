"""A simulator in a process of its own, for the tests that talk HTTP to it."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import requests

_START_S = 20.0


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_simulator(*arguments: str) -> Iterator[str]:
    """The base URL of a simulator that has answered its health check."""
    port = free_port()
    command = [sys.executable, "-m", "simulator", "--port", str(port), *arguments]
    base = f"http://127.0.0.1:{port}"
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stderr=errors) as process,
    ):
        try:
            _await_health(base, process, errors)
            yield base
        finally:
            process.terminate()
            process.wait(timeout=10)


def _await_health(base: str, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            errors.seek(0)
            raise RuntimeError(f"the simulator ended at once: {errors.read().decode()[-2000:]}")
        try:
            if requests.get(f"{base}/__control/health", timeout=1).json() == {"ok": True}:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError(f"the simulator at {base} gave no sign of health in {_START_S:g} s")
