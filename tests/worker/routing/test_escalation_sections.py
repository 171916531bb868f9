"""The policy's sections on escalation: optional, and every wrong word is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.routing.escalation_rules import Assign, When
from worker.routing.policy_document import PolicyDocument, PolicyError
from worker.routing.policy_file import read_document

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "escalation.yaml"
TEXT = SHIPPED.read_text(encoding="utf-8")
SECTIONS = ("working_hours", "notices", "owners", "ageing", "replies")
BARE = TEXT[: TEXT.index("\n# When somebody is there")] + "\n"


def written(tmp_path: Path, sections: str) -> PolicyDocument:
    path = tmp_path / "policy.yaml"
    path.write_text(BARE + sections, encoding="utf-8")
    return read_document(path)


def test_every_section_may_be_left_out(tmp_path: Path) -> None:
    document = written(tmp_path, "")
    assert document.notices.of("it").channel == "TEAMS_WEBHOOK_URL"
    assert document.notices.of("it").when is When.AT_ONCE
    assert document.notices.of("it").also == ()
    assert document.owners.of("it").assign is Assign.NONE
    assert not document.ageing.queues
    assert not document.replies.types
    assert document.queues["it"].mode is None


def test_the_shipped_policy_assigns_nobody_and_tells_nobody_but_teams() -> None:
    document = read_document(SHIPPED)
    assert not document.owners.queues
    assert not document.notices.queues
    assert document.notices.default.also == ()
    assert set(document.ageing.queues) == set(document.queues) - {"not_supported"}


def test_the_examples_in_the_comments_are_right(tmp_path: Path) -> None:
    document = written(
        tmp_path,
        """
working_hours:
  days: [mon, tue, wed, thu, fri]
  other_hours: {fri: ["09:00-15:00"]}
  days_off: [2026-12-24]
notices:
  default: {also: [SUPPORT_LEAD_ADDRESS]}
  queues:
    development: {channel: TEAMS_DEV_WEBHOOK_URL}
owners:
  queues:
    level_2: {assign: round_robin, owners: [ana@example.com, bo@example.com]}
  absences: [{owner: ana@example.com, from: 2026-12-21, until: 2027-01-02}]
""",
    )
    assert document.notices.of("development").channel == "TEAMS_DEV_WEBHOOK_URL"
    assert document.notices.of("level_2").also == ("SUPPORT_LEAD_ADDRESS",)
    assert document.owners.of("level_2").assign is Assign.ROUND_ROBIN
    assert document.owners.absences[0].from_.isoformat() == "2026-12-21"
    assert document.working_hours.days_off[0].isoformat() == "2026-12-24"


@pytest.mark.parametrize(
    ("section", "line", "said"),
    [
        ("ageing:\n  queues:\n    levl_2: 4\n", 3, "Did you mean 'level_2'?"),
        ("notices:\n  queues:\n    ocrr: {}\n", 3, "Did you mean 'ocr'?"),
        ("owners:\n  queues:\n    itt: {}\n", 3, "Did you mean 'it'?"),
        (
            "replies:\n  types:\n    custom_querry: Sorry, this is not covered.\n",
            3,
            "Did you mean 'custom_query'?",
        ),
        ("ageing:\n  queues:\n    it: 0\n", 3, "greater than 0"),
        ("ageing:\n  queues:\n    it: soon\n", 3, "number"),
        ("notices:\n  default:\n    chanel: TEAMS_X\n", 3, "Did you mean 'channel'?"),
        ("notices:\n  default:\n    when: tomorrow\n", 3, "at_once"),
        (
            "notices:\n  default:\n    channel: https://x.example/workflows?sig=1\n",
            3,
            "match pattern",
        ),
        ("working_hours:\n  time_zone: Eastern\n", 2, "time zone"),
        ("working_hours:\n  hours: [9-17]\n", 2, "09:00-17:30"),
        ("working_hours:\n  holidays: US\n", 2, "public_holidays"),
        ("owners:\n  queues:\n    it: {assign: fixed}\n", 3, "needs `owners`"),
        (
            "owners:\n  absences:\n  - {owner: a, from: 2026-02-02, until: 2026-02-01}\n",
            3,
            "before",
        ),
        ("replies:\n  queues:\n    it: Hello {clent}, we are sorry.\n", 3, "{client}"),
    ],
)
def test_a_wrong_word_is_named_with_its_line(
    tmp_path: Path, section: str, line: int, said: str
) -> None:
    with pytest.raises(PolicyError) as error:
        written(tmp_path, section)
    assert f"line {BARE.count(chr(10)) + line}:" in str(error.value)
    assert said in str(error.value)
    assert "Nothing of this file was taken over" in str(error.value)


def test_a_queues_own_mode_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(BARE.replace("    label: IT\n", "    label: IT\n    mode: suggest\n"))
    assert read_document(path).queues["it"].mode == "suggest"
    path.write_text(BARE.replace("    label: IT\n", "    label: IT\n    mode: sugest\n"))
    with pytest.raises(PolicyError, match=r"queues\.it\.mode \('sugest'\)"):
        read_document(path)
