"""Files that are there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


class ReportNotWritten(Exception):
    """A file of a report could not be written; says why and that the old one stays."""


def write_file(path: Path, content: bytes) -> None:
    """Put a file in place of the one that is there, whole. Raises `ReportNotWritten`, when the
    old one stays and nothing is left behind."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        old = "The old one stays as it was." if path.exists() else "Nothing was put there."
        raise ReportNotWritten(
            f"{path} could not be written ({error.strerror or error}). {old} Make room there or "
            "let this user write, then run `ticket-worker report`."
        ) from error
