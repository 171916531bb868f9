"""`ticket-worker lint-policy`: what is wrong with a policy and its examples, before it acts."""

from __future__ import annotations

from pathlib import Path

import redis
from rich.console import Console
from rich.text import Text

from config.settings import Settings
from worker.commands.terminal import shown
from worker.hubspot.errors import HubSpotError
from worker.portal import PortalNotReady, choose_pipeline, same_label
from worker.portal_names import read_portal_names
from worker.processes.embedded_redis import EmbeddedRedisError
from worker.reports.on_demand import with_redis
from worker.routing.examples import read_examples
from worker.routing.held_out import kept
from worker.routing.lint.finding import Unchecked, Weight
from worker.routing.lint.policy import lint_policy, lint_stages
from worker.routing.policy import DEFAULT_MEANINGS
from worker.routing.policy_file import read_document_and_lines
from worker.routing.train import Sources
from worker.runtime import connect, make_gateway

STAGES = "whether each queue has a stage in the portal"
COLOURS = {Weight.ERROR: "red", Weight.WARNING: "yellow"}


def run_lint(settings: Settings, path: Path, console: Console) -> int:
    """Exit status 1 when there is an error. Trains nothing and writes nothing. Raises
    `PolicyError` for what can't be read at all."""
    document, lines = read_document_and_lines(path)
    examples = read_examples(settings.examples_dir, document.types)
    cache = settings.data_dir / "model"
    sources = Sources(path, settings.examples_dir, DEFAULT_MEANINGS, cache)
    found, unchecked = lint_policy(path, document, lines, examples, kept(sources.model()))
    stages = _stages(settings)
    if isinstance(stages, Unchecked):
        unchecked.append(stages)
    else:
        found = lint_stages(path, document, lines, stages) + found
    for one in found:
        console.print(Text.assemble((one.weight, COLOURS[one.weight]), " ", shown(one)))
    for gap in unchecked:
        console.print(shown(gap))
    errors = sum(one.weight is Weight.ERROR for one in found)
    console.print(f"{_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}")
    return 1 if errors else 0


def _stages(settings: Settings) -> dict[str, bool] | Unchecked:
    """Whether the portal has the stage of each queue."""
    if not settings.hubspot_access_token.get_secret_value():
        return Unchecked(STAGES, "no portal is configured: HUBSPOT_ACCESS_TOKEN is not set")
    names = read_portal_names(settings.portal_file)
    try:
        with with_redis(settings) as reached:
            hubspot = make_gateway(reached, connect(reached), names)
            pipeline = choose_pipeline(hubspot.pipelines(), names)
    except (HubSpotError, PortalNotReady, EmbeddedRedisError, redis.RedisError) as error:
        return Unchecked(STAGES, str(error).rstrip("."))
    return {
        queue: any(same_label(stage.label, label) for stage in pipeline.stages)
        for queue, label in names.stages.queue.items()
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
