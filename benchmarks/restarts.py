"""Redis restarted fifty times under two workers, idle and busy in turn.

    .venv/bin/python -m benchmarks.restarts [--rounds 50]

Prints the seconds from Redis being back to a decision on a ticket that came then.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from pathlib import Path

from chaos.restarts import RedisRounds
from chaos.stack import stack

FOLDER = Path("var/restarts")


def main() -> int:
    """Exit status 1 when the work did not go on within ten seconds each time."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=50)
    options.add_argument("--knowledge", type=Path, help="a folder with examples/ and model/")
    given = options.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    environment = {}
    if given.knowledge:
        environment["EXAMPLES_DIR"] = str((given.knowledge / "examples").resolve())
    model = given.knowledge / "model" if given.knowledge else Path("var/model")
    with stack(FOLDER, environment, model) as running:
        trial = RedisRounds(running)
        rounds = list(trial.rounds(given.rounds))
        lost, doubled = len(trial.undecided()), trial.doubled()
        ended = running.ends_of_their_own().total()
    for name, some in (
        ("idle", [one.seconds for one in rounds if not one.busy]),
        ("busy", [one.seconds for one in rounds if one.busy]),
        ("without its data", [one.seconds for one in rounds if not one.kept_data]),
    ):
        print(f"{name}: {len(some)} restarts, median {statistics.median(some):.1f} s, ", end="")
        print(f"longest {max(some):.1f} s")
    print(f"undecided {lost}, doubled {doubled}, processes ended of their own {ended}")
    late = sum(one.seconds > 10 for one in rounds)
    return 1 if late or lost or doubled or ended else 0


if __name__ == "__main__":
    sys.exit(main())
