"""`ticket-worker train`."""

from __future__ import annotations

import time

from rich.console import Console

from config.settings import Settings
from worker.routing.policy import DEFAULT_MEANINGS
from worker.routing.policy_document import PolicyError
from worker.routing.train import Sources, train


def run_train(settings: Settings, console: Console) -> int:
    """Train with a sign of life; 0 when the cache is written, 2 when the policy, the examples or
    the folder are wrong."""
    began = time.monotonic()
    cache = settings.data_dir / "model"
    sources = Sources(settings.policy_file, settings.examples_dir, DEFAULT_MEANINGS, cache)
    try:
        with console.status("Learning the ticket types from the examples"):
            path = train(sources)
    except (PolicyError, OSError) as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 2
    size = path.stat().st_size / 1e6
    console.print(
        f"{path} written: {size:.0f} MB, {time.monotonic() - began:.0f} s", highlight=False
    )
    return 0
