"""Time as HubSpot writes it, and things that fall due."""

import pytest

from simulator.state.clock import Agenda, Clock, iso, parse_time


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1_795_465_096_650, "2026-11-23T20:18:16.650Z")],
)
def test_times_are_written_and_read_back(at_ms: int, text: str) -> None:
    assert iso(at_ms) == text
    assert parse_time(text) == at_ms
    assert parse_time(str(at_ms)) == at_ms


def test_offsets_are_understood_and_nonsense_is_not() -> None:
    assert parse_time("2026-11-23T21:18:16+01:00") == parse_time("2026-11-23T20:18:16Z")
    assert parse_time("2026-11-23") == parse_time("2026-11-23T00:00:00Z")
    assert parse_time("tomorrow") is None


def test_the_clock_only_goes_forward() -> None:
    clock = Clock()
    before = clock.now_ms()
    clock.advance(60)

    assert clock.now_ms() - before >= 60_000
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


def test_due_things_happen_in_the_order_of_their_time() -> None:
    agenda, happened = Agenda(), []
    agenda.at(30, lambda: happened.append("late"))
    agenda.at(10, lambda: happened.append("early"))
    agenda.at(99, lambda: happened.append("never"))

    assert agenda.run_due(50) == 2
    assert happened == ["early", "late"]
    assert len(agenda) == 1
