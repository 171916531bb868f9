"""Rules that no ticket ever reaches, and rules that a hostile ticket makes slow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.routing.lint import rules as lint
from worker.routing.lint.finding import Finding, Weight
from worker.routing.lint.rules import covers, lint_rules, slowest
from worker.routing.policy_document import Rule
from worker.routing.reading import Reading, Segment
from worker.routing.rules import first_rule
from worker.routing.ticket import Channel


def rule(name: str = "r", **conditions: Any) -> Rule:
    return Rule(name=name, becomes="general", **conditions)


@pytest.fixture(autouse=True)
def _short_texts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the tests of speed take their time."""
    if "hostile" not in request.node.name:
        monkeypatch.setattr(lint, "HOSTILE", 100)


def found(*some: Rule) -> list[Finding]:
    return list(lint_rules(some, [f"policy, line {n}" for n in range(1, len(some) + 1)]))


EMAIL, FORM = Channel.EMAIL, Channel.FORM


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"phrases": ("soc 2",)}, {"phrases": ("the SOC-2", "send soc 2 report")}),
        ({"phrases": ("soc",)}, {"phrases": ("report",), "and_phrases": ("soc 2", "the soc")}),
        ({"guess": ("a", "b")}, {"guess": ("a",), "phrases": ("x y",)}),
        ({"phrases": ("soc",)}, {"phrases": ("soc",), "channel": (EMAIL,)}),
        ({"phrases": ("soc",)}, {"phrases": ("soc",), "managed_services": True}),
        (
            {"phrases": ("soc",), "channel": (EMAIL, FORM)},
            {"phrases": ("soc",), "channel": (FORM,)},
        ),
        (
            {"phrases": ("soc",), "without": ("ocr soc",)},
            {"phrases": ("soc",), "without": ("ocr",)},
        ),
    ],
)
def test_a_rule_behind_a_wider_one_is_never_reached(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    (one,) = found(rule("wide", **earlier), rule("narrow", **later))
    assert one.weight is Weight.ERROR
    assert one.where == "policy, line 2"
    assert "'narrow' is never reached: whatever fits it fits 'wide' before it" in one.what
    assert found(rule("narrow", **later), rule("wide", **earlier)) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"phrases": ("soc",)}, {"phrases": ("socks",)}),
        ({"phrases": ("soc",)}, {"phrases": ("soc", "audit")}),
        ({"phrases": ("soc",), "and_phrases": ("x y",)}, {"phrases": ("soc",)}),
        ({"phrases": ("soc",), "without": ("ocr",)}, {"phrases": ("soc",)}),
        (
            {"phrases": ("soc",), "without": ("ocr",)},
            {"phrases": ("soc",), "without": ("ocr soc",)},
        ),
        ({"guess": ("a",)}, {"guess": ("a", "b")}),
        ({"guess": ("a",)}, {"phrases": ("soc",)}),
        ({"phrases": ("soc",), "channel": (EMAIL,)}, {"phrases": ("soc",)}),
        ({"phrases": ("soc",), "managed_services": True}, {"phrases": ("soc",)}),
    ],
)
def test_a_rule_that_fits_something_more_is_reached(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    assert found(rule(**earlier), rule(**later)) == []


WORDS = st.lists(st.sampled_from(["ab", "cd", "ef"]), min_size=1, max_size=2).map(" ".join)
PHRASES = st.lists(WORDS, max_size=2).map(tuple)
RULES = st.builds(
    rule,
    guess=st.sampled_from([(), ("a",), ("a", "b")]),
    phrases=PHRASES,
    and_phrases=PHRASES,
    without=PHRASES,
    managed_services=st.sampled_from([None, True, False]),
    channel=st.sampled_from([(), (EMAIL,), (EMAIL, FORM)]),
)


@given(
    RULES,
    RULES,
    st.lists(st.sampled_from(["ab", "cd", "ef", "x"]), max_size=6).map(" ".join),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([None, EMAIL, FORM]),
    st.sampled_from([None, True, False]),
)
def test_what_is_said_to_be_covered_is_covered_on_every_ticket(
    earlier: Rule, later: Rule, text: str, guess: str, channel: Channel | None, managed: bool | None
) -> None:
    reading = Reading((Segment(text, 1.0, ()),))
    if covers(earlier, later) and first_rule((later,), reading, guess, channel, managed):
        assert first_rule((earlier,), reading, guess, channel, managed)


def test_a_rule_that_forbids_what_it_asks_for_fits_nothing() -> None:
    (one,) = found(rule(phrases=("soc 2 report", "SOC 2"), without=("soc",)))
    assert one.weight is Weight.ERROR
    assert "fits nothing" in one.what
    (one,) = found(rule(phrases=("soc 2", "audit"), without=("soc",)))
    assert one.weight is Weight.WARNING
    assert "'soc 2' of the rule 'r' never counts" in one.what


def test_a_phrase_without_a_word_is_never_found() -> None:
    (one,) = found(rule(phrases=("??", "audit")))
    assert "'??' of the rule 'r' is never found" in one.what


def test_a_rule_of_reasonable_size_is_fast_on_a_hostile_ticket() -> None:
    assert slowest(rule(phrases=("soc 2", "audit report"), without=("ocr",))) < lint.SLOW_S


def test_a_rule_that_is_slow_on_a_hostile_ticket_is_told_with_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lint, "SLOW_S", 0.0)
    (one,) = found(rule(phrases=("soc 2",)))
    assert one.weight is Weight.ERROR
    assert "ms on a hostile ticket of 65,536 characters" in one.what
