"""Redis restarted under real workers, idle and busy, with and without its append-only file."""

from __future__ import annotations

from pathlib import Path

from chaos.restarts import RedisRounds
from chaos.stack import stack

GOES_ON_WITHIN_S = 10.0


def test_work_goes_on_within_ten_seconds_of_a_restart(tmp_path: Path, trained: Path) -> None:
    environment = {"EXAMPLES_DIR": str(trained / "examples")}
    with stack(tmp_path / "stack", environment, trained / "model") as running:
        redis_rounds = RedisRounds(running)
        rounds = list(redis_rounds.rounds(6, forget_every=3))
        assert max(one.seconds for one in rounds) <= GOES_ON_WITHIN_S, rounds
        assert redis_rounds.undecided() == []
        assert redis_rounds.doubled() == 0
        assert not running.ends_of_their_own().total(), running.ends_of_their_own()
        assert {(one.busy, one.kept_data) for one in rounds} == {
            (busy, kept) for busy in (True, False) for kept in (True, False)
        }
