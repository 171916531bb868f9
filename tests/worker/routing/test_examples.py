from __future__ import annotations

from pathlib import Path

import pytest

from worker.routing.examples import read_examples
from worker.routing.policy_document import PolicyError
from worker.routing.ticket import Channel

HEADER = b"type,subject,body,channel,managed_services,voice\n"
TYPES = ["soc2_report", "general"]


def refused(tmp_path: Path, content: bytes) -> str:
    (tmp_path / "desk.csv").write_bytes(content)
    with pytest.raises(PolicyError) as error:
        read_examples(tmp_path, TYPES)
    assert "desk.csv" in str(error.value)
    return str(error.value)


def test_row_becomes_a_labelled_ticket(tmp_path: Path) -> None:
    (tmp_path / "desk.csv").write_bytes(
        b"\xef\xbb\xbf" + HEADER + b'soc2_report,audit,"send it,\nplease",email,Yes,clerks\n'
    )
    (example,) = read_examples(tmp_path, TYPES)
    assert example.ticket_type == "soc2_report"
    assert example.ticket.body == "send it,\nplease"
    assert example.ticket.channel is Channel.EMAIL
    assert example.ticket.managed_services is True
    assert example.voice == "clerks"
    assert example.where == "desk.csv, row 2"


def test_unknown_circumstances_stay_unknown(tmp_path: Path) -> None:
    (tmp_path / "desk.csv").write_bytes(HEADER + b"general,hi,,,,\n\n")
    (example,) = read_examples(tmp_path, TYPES)
    assert example.ticket.channel is None
    assert example.ticket.managed_services is None
    assert example.voice == "desk"


def test_ticket_with_several_requests_names_the_type_of_each(tmp_path: Path) -> None:
    (tmp_path / "desk.csv").write_bytes(HEADER + b"soc2_report; general,a,b,,,\n")
    (example,) = read_examples(tmp_path, TYPES)
    assert example.ticket_type == "general"
    assert example.topics == ("soc2_report", "general")


def test_unknown_type_among_several_is_named(tmp_path: Path) -> None:
    message = refused(tmp_path, HEADER + b"general; soc_report,a,b,,,\n")
    assert "'soc_report'" in message
    assert "'soc2_report'" in message


def test_unknown_type_names_row_and_nearest_type(tmp_path: Path) -> None:
    message = refused(tmp_path, HEADER + b"general,a,b,,,\nsoc_report,a,b,,,\n")
    assert "row 3" in message
    assert "'soc2_report'" in message


def test_wrong_column_names_the_right_one(tmp_path: Path) -> None:
    message = refused(tmp_path, b"type,subjekt,body,channel,managed_services,voice\n")
    assert "row 1" in message
    assert "'subject'" in message


def test_lone_quote_names_the_row_where_it_opens(tmp_path: Path) -> None:
    message = refused(tmp_path, HEADER + b'general,a,b,,,\ngeneral,"a,b,,,\ngeneral,c,d,,,\n')
    assert "row 3" in message
    assert "quote" in message


def test_windows_1252_bytes_name_line_and_mend(tmp_path: Path) -> None:
    message = refused(tmp_path, HEADER + "general,caf\xe9,b,,,\n".encode("cp1252"))
    assert "line 2" in message
    assert "CSV UTF-8" in message


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (b"general,a,b\n", "3 columns"),
        (b"general,,,,,\n", "neither subject nor body"),
        (b"general,a,b,fax,,\n", "channel"),
        (b"general,a,b,,maybe,\n", "managed_services"),
        (b"general,a\0,b,,,\n", "NUL"),
        (b'general,a"b"c,"x"y,,,\n', "no CSV"),
    ],
)
def test_wrong_row_is_refused(tmp_path: Path, row: bytes, fault: str) -> None:
    assert fault in refused(tmp_path, HEADER + row)


def test_semicolons_are_named(tmp_path: Path) -> None:
    assert "semicolons" in refused(tmp_path, HEADER.replace(b",", b";"))


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="holds no examples"):
        read_examples(tmp_path, TYPES)
