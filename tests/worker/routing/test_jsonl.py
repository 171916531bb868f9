from __future__ import annotations

import io
import json
from typing import Any

import pytest

from worker.routing.jsonl import MAX_LINE, decide_lines
from worker.routing.policy import Policy

GOOD = b'{"id": "t1", "subject": "SOC 2", "body": "please send the report", "channel": "email"}'


def run(policy: Policy, data: bytes) -> tuple[int, list[dict[str, Any]]]:
    output = io.StringIO()
    status = decide_lines(io.BytesIO(data), output, policy)
    return status, [json.loads(line) for line in output.getvalue().splitlines()]


def test_each_line_becomes_a_decision_in_order(policy: Policy) -> None:
    lines = b"\n".join(b'{"id": "%d", "subject": "x", "body": "y"}' % n for n in range(250))
    status, written = run(policy, lines)
    assert status == 0
    assert [line["id"] for line in written] == [str(n) for n in range(250)]


def test_decision_has_every_field(policy: Policy) -> None:
    _, (line,) = run(policy, GOOD + b"\n")
    assert set(line) == {
        "id",
        "ticket_type",
        "queue",
        "confidence",
        "decided",
        "routed_to",
        "guideline",
        "reason",
        "evidence",
        "alternatives",
        "topics",
    }
    assert set(line["evidence"][0]) == {"text", "supports"}
    assert set(line["alternatives"][0]) == {"ticket_type", "queue", "confidence"}
    assert line["topics"] == []


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"id": "1", "subject": "\xe9", "body": ""}',
        b'{"subject": "no id", "body": ""}',
        b'{"id": null, "subject": "", "body": ""}',
        b'{"id": true, "subject": "", "body": ""}',
        b'{"id": "1", "subject": 5, "body": ""}',
        b'{"id": "1", "subject": "", "body": ["x"]}',
        b'{"id": "1", "body": "x", "channel": "fax"}',
        b'{"id": "1", "body": "x", "managed_services": "yes"}',
        b'{"id": "1", "body": "\\ud800"}',
        b"[" * 100_000,
        b"{" + b" " * MAX_LINE + b"}",
        b"NaN",
    ],
)
def test_unreadable_line_is_reported_in_its_place_and_stops_nothing(
    policy: Policy, bad: bytes
) -> None:
    status, written = run(policy, GOOD + b"\n" + bad + b"\n" + GOOD)
    assert status == 1
    assert [line.get("id") for line in written] == ["t1", None, "t1"]
    assert written[1]["line"] == 2
    assert written[1]["error"]


def test_empty_file_and_empty_lines_are_no_fault(policy: Policy) -> None:
    assert run(policy, b"") == (0, [])
    status, written = run(policy, b"\n  \n" + GOOD)
    assert (status, len(written)) == (0, 1)


def test_text_input_is_read_too(policy: Policy) -> None:
    output = io.StringIO()
    assert decide_lines(io.StringIO(GOOD.decode() + "\n"), output, policy) == 0
    assert json.loads(output.getvalue())["id"] == "t1"


def test_nul_in_a_text_is_read(policy: Policy) -> None:
    status, (line,) = run(policy, b'{"id": "1", "subject": "\\u0000", "body": "SOC 2 report"}')
    assert (status, line["ticket_type"]) == (0, "soc2_report")
