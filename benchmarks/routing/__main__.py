"""`make quality`: how well tickets are routed in voices that were not learned from.

Writes `var/quality/*.json` and the tables of `docs/routing-quality.md`. Needs the shipped model
(`make train`) and trains another one without the voices of others; `--designs` also trains the
designs that were tried.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
from rich.console import Console

from benchmarks.routing.designs import Result, designs
from benchmarks.routing.knowledge import OTHERS, UNSEEN, Knowledge, decisions, figures, speed
from benchmarks.routing.page import (
    calibration_table,
    confusion_table,
    designs_table,
    put,
    table,
    topics_table,
    voices_table,
)
from benchmarks.routing.topics import BY_OTHERS, OURS, alarms, calibration, topic_figures
from worker.routing.backtest import Figures
from worker.routing.decision import Decision
from worker.routing.examples import Example, read_examples
from worker.routing.model_cache import load, save
from worker.routing.policy import (
    DEFAULT_CACHE,
    DEFAULT_EXAMPLES,
    DEFAULT_MEANINGS,
    DEFAULT_POLICY,
    Policy,
    load_policy,
)
from worker.routing.train import Sources, held_out
from worker.routing.training import Trained, learn_from

FOLDER = Path("var/quality")
console = Console(highlight=False)


def main() -> int:
    """Measure, write, show."""
    options = argparse.ArgumentParser(prog="make quality", description=__doc__)
    options.add_argument("--designs", action="store_true")
    given = options.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    knowledge = Knowledge.shipped()
    own = knowledge.without(OTHERS)
    began, cpu = time.monotonic(), time.process_time()
    trained = learn_from(own.document, own.examples, own.meanings)
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - cpu
    policy = Policy(own.document, trained.classifier, version="held out")
    learned = {
        "examples learned from": float(len(own.examples)),
        "training, s on the clock": seconds,
        "training, s of a processor": cpu_seconds,
        # Linux counts in kilobytes.
        "training, MB at most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    costs = learned | _costs(policy, own.examples[:1000])
    _write("costs", costs, table(["", "measured"], [[k, f"{v:,.1f}"] for k, v in costs.items()]))
    _headline(knowledge, policy)
    _unseen(knowledge)
    _topics(policy, [one for one in knowledge.examples if one.voice in OTHERS])
    _every_voice(knowledge)
    if given.designs:
        _designs(own, trained, seconds)
    return 0


def _headline(knowledge: Knowledge, policy: Policy) -> None:
    """The voices of others, each apart, by a policy that has learned neither."""
    spoken = {voice: [knowledge.examples[row] for row in knowledge.rows(voice)] for voice in OTHERS}
    _apart("headline", policy, spoken)


def _unseen(knowledge: Knowledge) -> None:
    """Voices that nothing is ever learned from, by the shipped policy."""
    examples = read_examples(UNSEEN, knowledge.document.types)
    voices = sorted({one.voice for one in examples})
    spoken = {voice: [one for one in examples if one.voice == voice] for voice in voices}
    _apart("unseen", load_policy(), spoken | {"together": examples})


def _apart(name: str, policy: Policy, spoken: Mapping[str, Sequence[Example]]) -> None:
    """Each voice by itself, as it is and without channel and managed services."""
    found: dict[str, Figures] = {}
    for voice, examples in spoken.items():
        for row, blank in ((voice, False), (f"{voice}, both hidden", True)):
            made = decisions(policy, examples, blank=blank)
            found[row] = figures(policy.document, examples, made)
    _write(name, {row: asdict(one) for row, one in found.items()}, voices_table(found))


def _topics(policy: Policy, others: Sequence[Example]) -> None:
    """Tickets with several requests, and what a confidence is worth; `others` were not learned
    from."""
    ours, by_others = topic_figures(policy, OURS), topic_figures(policy, BY_OTHERS)
    ordinary = alarms(policy, others)
    found = {"ours": asdict(ours), "by others": asdict(by_others), "ordinary": asdict(ordinary)}
    _write("topics", found, topics_table(ours, by_others, ordinary))
    ranges = calibration(policy.document, others, decisions(policy, others))
    _write("calibration", ranges, calibration_table(ranges))


def _costs(policy: Policy, examples: Sequence[Example]) -> dict[str, float]:
    """Loading and deciding."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "held-out.model"
        save(policy.classifier, path)
        size = path.stat().st_size / 1e6
        began = time.perf_counter()
        load(path)
        loading = time.perf_counter() - began
    a_second, alone_ms = speed(policy, examples)
    return {
        "the model, MB": size,
        "loading it, s": loading,
        "tickets a second of a processor, in batches": a_second,
        "one ticket alone, ms of a processor (19 of 20 take less)": alone_ms,
    }


def _every_voice(knowledge: Knowledge) -> None:
    """Every voice by models that have learned neither it nor those held out with it. Tickets with
    several requests are left out: they are known by their parts, which is not held out."""
    policy = load_policy()
    margins = held_out(Sources(DEFAULT_POLICY, DEFAULT_EXAMPLES, DEFAULT_MEANINGS, DEFAULT_CACHE))
    single = [number for number, one in enumerate(knowledge.examples) if not one.topics]
    margins, document = margins[single], knowledge.document
    examples = [knowledge.examples[number] for number in single]
    made = decisions(policy, examples, margins)
    found: dict[str, Figures] = {}
    for voice in sorted({one.voice for one in examples}):
        rows = [number for number, one in enumerate(examples) if one.voice == voice]
        found[voice] = figures(document, [examples[n] for n in rows], [made[n] for n in rows])
    found["all"] = figures(document, examples, made)
    blank = decisions(policy, examples, margins, blank=True)
    found["all, both hidden"] = figures(document, examples, blank)
    bare = Policy(document.model_copy(update={"rules": ()}), policy.classifier, policy.version)
    found["all, without rules"] = figures(document, examples, decisions(bare, examples, margins))
    _write("voices", {name: asdict(one) for name, one in found.items()}, voices_table(found))
    put("confusion", confusion_table(found["all"]))
    _write_misses(examples, made)


def _write_misses(examples: Sequence[Example], made: Sequence[Decision]) -> None:
    """The wrong ones, surest first, for whoever writes the next examples."""
    lines = [
        {
            "where": example.where,
            "type": example.ticket_type,
            "said": decision.ticket_type,
            "confidence": decision.confidence,
            "subject": example.ticket.subject,
            "body": example.ticket.body,
        }
        for example, decision in zip(examples, made, strict=True)
        if decision.ticket_type != example.ticket_type
    ]
    lines.sort(key=lambda line: -float(str(line["confidence"])))
    (FOLDER / "misses.jsonl").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in lines))


def _designs(own: Knowledge, trained: Trained, seconds: float) -> None:
    results: list[Result] = []
    for result in designs(own, trained, seconds):
        results.append(result)
        console.print(designs_table([result])[-1], markup=False, soft_wrap=True)
    _write("designs", [asdict(result) for result in results], designs_table(results))


def _write(name: str, value: object, lines: Sequence[str]) -> None:
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    data = orjson.dumps(_plain(value), option=options)
    (FOLDER / f"{name}.json").write_bytes(data)
    put(name, lines)
    console.print(*lines, sep="\n", markup=False, soft_wrap=True)


def _plain(value: object) -> object:
    """What JSON can hold: keys of two parts joined, shares as they are."""
    if isinstance(value, dict):
        return {
            " > ".join(key) if isinstance(key, tuple) else key: _plain(one)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


if __name__ == "__main__":
    sys.exit(main())
