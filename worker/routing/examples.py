"""The labelled tickets that the types are learned from: one CSV file a voice.

Columns: type, subject, body, channel, managed_services, voice. A ticket with several requests
names the type of each, parted by semicolons. A support lead edits the files in a spreadsheet, so
every complaint names the file, the row as the spreadsheet numbers it, and the mend.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.routing.policy_document import GENERAL, PolicyError
from worker.routing.ticket import Channel, Ticket

COLUMNS = ("type", "subject", "body", "channel", "managed_services", "voice")
MAX_FIELD = 131_072
_YES = {"true", "yes", "1", "y"}
_NO = {"false", "no", "0", "n"}


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled ticket. `where` is its file and row, for people. `topics` are the types of its
    requests when it holds several; it is `general` then."""

    ticket: Ticket
    ticket_type: str
    voice: str
    where: str
    topics: tuple[str, ...] = ()


def example_files(examples_dir: Path) -> list[Path]:
    """The CSV files of a folder, by name; spreadsheet lock files are none."""
    return sorted(p for p in examples_dir.glob("*.csv") if not p.name.startswith((".", "~")))


def example_hash(examples_dir: Path) -> str:
    """A hash over names and contents of all example files (64 hex digits)."""
    digest = hashlib.sha256()
    for path in example_files(examples_dir):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read_examples(examples_dir: Path, known_types: Iterable[str]) -> list[Example]:
    """All examples of a folder, in the order of file and row.

    Raises `PolicyError` when a file is no such table, a row names an unknown type, or there is
    no example at all; nothing is skipped in silence.
    """
    types = list(known_types)
    examples = [e for path in example_files(examples_dir) for e in read_file(path, types)]
    if not examples:
        raise PolicyError(
            f"{examples_dir}: holds no examples. Put CSV files with the columns "
            f"{', '.join(COLUMNS)} there."
        )
    return examples


def read_file(path: Path, known_types: Sequence[str]) -> list[Example]:
    """The examples of one file. Raises `PolicyError`."""
    text = _decode(path)
    if text.count('"') % 2:
        opened = _lone_quote_row(text)
        raise PolicyError(
            f'{path}, near row {opened}: a quote (") is opened and never closed. Close it, or '
            f"write it twice inside a quoted text. No example of this file was taken over."
        )
    rows = csv.reader(io.StringIO(text), strict=True)
    examples: list[Example] = []
    number = 0
    try:
        header = next(rows, None)
        _check_header(path, header)
        for number, row in enumerate(rows, start=2):
            if not any(cell.strip() for cell in row):
                continue
            examples.append(_example(path, number, row, known_types))
    except csv.Error as error:
        raise PolicyError(
            f"{path}, row {number + 1}: is no CSV ({error}). Look for a quote that is not "
            f"written twice inside a quoted text."
        ) from None
    return examples


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{path}: can't be read ({error.strerror}).") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise PolicyError(
            f"{path}, line {row}: the byte 0x{data[error.start]:02x} is not UTF-8, so the file "
            f"was probably saved by Windows in its own encoding. Save it as "
            f'"CSV UTF-8 (comma delimited)".'
        ) from None
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise PolicyError(f"{path}, line {row}: holds a NUL character. Save the file as CSV UTF-8.")
    return text


def _lone_quote_row(text: str) -> int:
    """The spreadsheet row in which the last record that swallows the rest of the file begins."""
    row, inside, opened = 1, False, 1
    for char in text:
        if char == '"':
            inside = not inside
            opened = row if inside else opened
        elif char == "\n" and not inside:
            row += 1
    return opened


def _check_header(path: Path, header: list[str] | None) -> None:
    if header is None:
        raise PolicyError(f"{path}: is empty. Its first row must be {','.join(COLUMNS)}.")
    names = [cell.strip() for cell in header]
    if names == list(COLUMNS):
        return
    if len(names) == 1 and ";" in names[0]:
        raise PolicyError(
            f"{path}, row 1: the columns are parted by semicolons. Save the file with commas."
        )
    for name in names:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.5)
            mend = f"did you mean {near[0]!r}?" if near else "delete it."
            raise PolicyError(f"{path}, row 1: the column {name[:60]!r} is not known; {mend}")
    raise PolicyError(f"{path}, row 1: the columns must be {','.join(COLUMNS)}, in this order.")


def _example(path: Path, number: int, row: list[str], known_types: Sequence[str]) -> Example:
    where = f"{path.name}, row {number}"
    full = f"{path}, row {number}"
    if len(row) != len(COLUMNS):
        raise PolicyError(
            f"{full}: has {len(row)} columns instead of {len(COLUMNS)}. A text with a comma in "
            f"it must stand in quotes."
        )
    kind, subject, body, channel, managed, voice = (cell.strip() for cell in row)
    kinds = [part.strip() for part in kind.split(";")]
    for code in kinds:
        if code not in known_types:
            near = difflib.get_close_matches(code, known_types, n=1, cutoff=0.5)
            mend = f" Did you mean {near[0]!r}?" if near else ""
            raise PolicyError(f"{full}: the type {code[:60]!r} is not in the policy.{mend}")
    if not (subject or body):
        raise PolicyError(f"{full}: has neither subject nor body. Fill one or delete the row.")
    if channel and channel not in list(Channel):
        raise PolicyError(
            f"{full}: the channel {channel[:60]!r} is not known. Use one of "
            f"{', '.join(Channel)}, or leave it empty."
        )
    flag = managed.lower()
    if flag and flag not in _YES | _NO:
        raise PolicyError(
            f"{full}: managed_services is {managed[:60]!r}. Write true or false, or leave it empty."
        )
    return Example(
        ticket=Ticket(
            id=where,
            subject=subject,
            body=body,
            channel=Channel(channel) if channel else None,
            managed_services=(flag in _YES) if flag else None,
        ),
        ticket_type=kind if len(kinds) == 1 else GENERAL,
        voice=voice or path.stem,
        where=where,
        topics=tuple(kinds) if len(kinds) > 1 else (),
    )
