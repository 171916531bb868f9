"""Files that are there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from worker.reports.errors import ReportNotWritten


def write_file(path: Path, content: bytes) -> None:
    """Put a file in place of the one that is there, whole. Raises `ReportNotWritten`, when the
    old one stays and nothing is left behind."""
    write_files(path.parent, {path.name: content})


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Put files in place of those that are there, once all of them are on the disk. Raises
    `ReportNotWritten`, when the old ones stay and nothing is left behind."""
    mark = secrets.token_hex(4)
    beside = {name: folder / f".{name}.{mark}" for name in contents}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            with beside[name].open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for name, path in beside.items():
            path.replace(folder / name)
    except OSError as error:
        for path in beside.values():
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        there = any((folder / name).exists() for name in contents)
        raise ReportNotWritten(
            f"{', '.join(contents)} could not be written to {folder} "
            f"({error.strerror or error}). "
            f"{'What was there stays as it was.' if there else 'Nothing was put there.'} Make "
            "room or let this user write there, then run `ticket-worker report`."
        ) from error
