"""The whole stack in a small storm: a process killed every two seconds, Redis killed and emptied,
HubSpot failing, people moving tickets in between. `make chaos` is the same at full size.
"""

from __future__ import annotations

from pathlib import Path

from chaos.run import run


def test_nothing_is_lost_doubled_or_undone_in_a_storm(tmp_path: Path, trained: Path) -> None:
    environment = {"EXAMPLES_DIR": str(trained / "examples")}
    told: list[str] = []
    summary = run(
        160, 7, tmp_path, environment, trained / "model", told.append, rate=8.0, within_s=75.0
    )
    assert not summary.missed, (summary, told)
    assert summary.kills >= 5
    assert (summary.redis_restarts, summary.flushes) == (5, 1)
