"""Bars written into a policy file. Nothing else of the file changes, not a space."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from worker.routing.policy_document import PolicyError
from worker.routing.policy_file import read_document
from worker.yaml_file import load_tree

_VALUE = re.compile(r"[^\s#,}\]]+")


def write_bars(path: Path, bars: Mapping[str, float]) -> None:
    """Put new bars (by queue) in place of the old ones. The file is replaced as a whole, once the
    new one has been read back as a policy. Raises `PolicyError` and `OSError`,
    when the old one stays.
    """
    tree = load_tree(path, PolicyError)
    lines = path.read_bytes().decode("utf-8").splitlines(keepends=True)
    for queue, bar in bars.items():
        row, column = tree["queues"][queue].lc.value("bar")
        line = lines[row]
        lines[row] = line[:column] + _VALUE.sub(f"{bar:.2f}", line[column:], count=1)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write("".join(lines).encode())
            file.flush()
            os.fsync(file.fileno())
        read_document(new)
        new.chmod(path.stat().st_mode)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
