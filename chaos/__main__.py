"""`make chaos TICKETS=10000 SEED=7`: the whole stack in a storm; exit status 1 when a figure is
missed. Logs and `summary.json` are in `var/chaos`.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from pathlib import Path

import orjson
from rich.console import Console

from chaos.run import run
from chaos.verdict import Summary
from demo.processes import DemoFailed

FOLDER = Path("var/chaos")
console = Console(highlight=False)


def main() -> int:
    """Run and say how it went."""
    options = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    options.add_argument("--tickets", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--rate", type=float, default=25.0, help="tickets a second")
    options.add_argument(
        "--knowledge", type=Path, help="a folder with examples/ and model/ in place of our own"
    )
    options.add_argument("--folder", type=Path, default=FOLDER, help="logs and summary.json")
    given = options.parse_args()
    # Told to stop, it stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shutil.rmtree(given.folder, ignore_errors=True)
    environment = {}
    if given.knowledge:
        environment["EXAMPLES_DIR"] = str((given.knowledge / "examples").resolve())
    try:
        summary = run(
            given.tickets,
            given.seed,
            given.folder,
            environment,
            given.knowledge / "model" if given.knowledge else Path("var/model"),
            console.print,
            given.rate,
        )
    except DemoFailed as error:
        console.print(f"[red]Chaos could not run:[/red] {error}")
        return 1
    (given.folder / "summary.json").write_bytes(
        orjson.dumps(summary.as_json(), option=orjson.OPT_INDENT_2)
    )
    _show(summary, given.folder)
    return 1 if summary.missed else 0


def _show(summary: Summary, folder: Path) -> None:
    for name, value in summary.as_json().items():
        console.print(f"{name:>26}  {value}")
    for one in summary.missed:
        console.print(f"[red]missed:[/red] {one}")
    console.print(f"Figures in {folder / 'summary.json'}, logs beside it.")


if __name__ == "__main__":
    sys.exit(main())
