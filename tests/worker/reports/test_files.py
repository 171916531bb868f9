"""Files of a report are there as a whole or not at all; the history outlives everything."""

from __future__ import annotations

import errno
import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from worker.reports.errors import ReportNotWritten
from worker.reports.files import write_files
from worker.reports.history import Day, History
from worker.reports.own_night import OwnNight, Routed
from worker.reports.schedule import Made

TODAY = date(2026, 11, 23)


def test_files_are_put_in_place_of_the_old_ones(tmp_path: Path) -> None:
    write_files(tmp_path / "day", {"a": b"1", "b": b"1"})
    write_files(tmp_path / "day", {"a": b"2", "b": b"2"})
    assert {p.name: p.read_bytes() for p in (tmp_path / "day").iterdir()} == {"a": b"2", "b": b"2"}


def test_a_full_disk_leaves_the_old_report_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"a": b"old", "b": b"old"})
    written = 0

    def full_at_the_second(_: int) -> None:
        nonlocal written
        written += 1
        if written == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full_at_the_second)
    with pytest.raises(ReportNotWritten) as said:
        write_files(tmp_path, {"a": b"new", "b": b"new"})
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"old", "b": b"old"}
    for part in (str(tmp_path), "No space left", "stays as it was", "`ticket-worker report`"):
        assert part in str(said.value)


def test_a_folder_that_is_none_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportNotWritten, match="Nothing was put there"):
        write_files(tmp_path / "file" / "day", {"a": b"1"})


def day(on: date, complete: int = 1, partial: bool = False) -> Day:
    return Day(on.isoformat(), 4, complete, partial, {"erp_system": 3}, OwnNight(Routed({"it": 2})))


def test_the_days_come_back_as_they_were_oldest_first(tmp_path: Path) -> None:
    history = History(tmp_path)
    kept = [day(TODAY - timedelta(days=n), n) for n in range(5)]
    for one in kept:
        history.keep(one)
    assert History(tmp_path).days(TODAY) == kept[::-1]
    until = TODAY - timedelta(days=2)
    assert History(tmp_path).days(until, most=2) == [kept[3], kept[2]]


def test_a_part_is_known_from_the_whole(tmp_path: Path) -> None:
    history = History(tmp_path)
    assert history.made(TODAY) is Made.NOTHING
    history.keep(day(TODAY, partial=True))
    assert history.made(TODAY) is Made.PART
    history.keep(day(TODAY))
    assert history.made(TODAY) is Made.WHOLE


def test_a_spoilt_file_costs_its_day_only(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.keep(day(TODAY))
    (tmp_path / "history" / "2026-11-22.json").write_text("{")
    (tmp_path / "history" / "2026-13-99.json").write_text("{}")
    (tmp_path / "history" / "notes.json").write_text("{}")
    assert [one.date for one in history.days(TODAY)] == ["2026-11-23"]
    assert history.made(date(2026, 11, 22)) is Made.NOTHING


def test_what_is_older_than_a_year_goes_and_nothing_else(tmp_path: Path) -> None:
    history = History(tmp_path)
    old, young = TODAY - timedelta(days=367), TODAY - timedelta(days=366)
    for on in (old, young):
        history.keep(day(on))
        write_files(tmp_path / on.isoformat(), {"report.html": b""})
    (tmp_path / "of-the-customer").mkdir()
    history.forget_old(TODAY)
    assert history.dates() == [young]
    assert {p.name for p in tmp_path.iterdir()} == {"history", "of-the-customer", young.isoformat()}
