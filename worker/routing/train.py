"""`ticket-worker train`: examples in, a cache that workers load out."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console

from worker.routing.model_cache import cache_path, save
from worker.routing.policy import (
    DEFAULT_CACHE,
    DEFAULT_EXAMPLES,
    DEFAULT_MEANINGS,
    DEFAULT_POLICY,
)
from worker.routing.policy_document import PolicyError
from worker.routing.policy_file import read_document


def train(
    examples_dir: Path = DEFAULT_EXAMPLES,
    cache_dir: Path = DEFAULT_CACHE,
    policy_path: Path = DEFAULT_POLICY,
    meanings_path: Path = DEFAULT_MEANINGS,
) -> Path:
    """Learn from the examples and put the model into the cache, whatever is there.

    Returns the model's file. Raises `PolicyError` for examples or a policy that are wrong, and
    `OSError` when the cache can't be written. Two processes may do this at once.
    """
    from worker.routing.training import learn

    document = read_document(policy_path)
    path = cache_path(document, examples_dir, meanings_path, cache_dir)
    save(learn(document, examples_dir, meanings_path), path)
    return path


def train_command(console: Console, examples_dir: Path, cache_dir: Path, policy_path: Path) -> int:
    """Train with a sign of life; 0 when the cache is written, 2 when the policy, the examples or
    the folder are wrong."""
    began = time.monotonic()
    try:
        with console.status("Learning the ticket types from the examples"):
            path = train(examples_dir, cache_dir, policy_path)
    except (PolicyError, OSError) as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 2
    size = path.stat().st_size / 1e6
    console.print(
        f"{path} written: {size:.0f} MB, {time.monotonic() - began:.0f} s", highlight=False
    )
    return 0
