"""What a run does, drawn from its seed: tickets, agents, bad answers, broken processes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from demo.portal import Sample, arrival

WEBHOOKS = {"duplicate": 0.2, "drop": 0.2, "shuffle": True}
NEVER_ANNOUNCED = 0.2  # of the tickets: no webhook of theirs is ever sent
MOVED_BY_PEOPLE = 0.05
FEWEST_MOVES = 30  # so that in a small run too some of them meet the worker at work
AIMED = 0.8  # of the people's moves: at a ticket that a worker has in its hands
HANDED_ON = 0.05  # of the tickets: somebody asks for a hand-off where their team may
FEWEST_ASKS = 20
LATE_CLIENTS = 0.1  # of the announced tickets; runs too small to wait for them have none
LATE_FROM = 1_000
KILL_EVERY_S = 2.0
REDIS_RESTARTS = 5
FLUSHES = 1
# Where a person may put a ticket: mostly with a team, sometimes waiting or closed.
PLACES = (
    *("Administrative Staff", "Level 2 Support", "OCR", "Product", "Development", "IT"),
    *("Waiting on contact", "Closed"),
)


@dataclass(frozen=True, slots=True)
class PersonsMove:
    """An agent moves the ticket with this number: when a worker has it in its hands (`aimed`), or
    `after_s` seconds after it came."""

    number: int
    place: str
    user: str
    aimed: bool
    after_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `rate` is tickets a second."""

    seed: int
    tickets: tuple[dict[str, Any], ...]
    moves: tuple[PersonsMove, ...]
    asks: tuple[int, ...]  # numbers of the tickets
    rate: float
    redis_at_s: tuple[float, ...]
    flush_at_s: tuple[float, ...]

    @property
    def arrivals_s(self) -> float:
        return len(self.tickets) / self.rate


def make_plan(
    count: int, seed: int, rate: float, samples: Sequence[Sample], senders: Sequence[str]
) -> Plan:
    """The run of a seed: the same tickets, moves and times for the same arguments."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    tickets = []
    for number in range(count):
        sample = dice.choice(samples)
        announce = dice.random() >= NEVER_ANNOUNCED
        late = count >= LATE_FROM and announce and dice.random() < LATE_CLIENTS
        tickets.append(
            {
                **arrival(sample, dice.randrange(1000), senders, announce),
                "attach_after_s": dice.uniform(0.2, 3.0) if late else 0,
            }
        )
        tickets[-1]["subject"] = f"{sample.subject} [{number}]"
    moving = max(round(count * MOVED_BY_PEOPLE), min(FEWEST_MOVES, count // 4))
    moved = dice.sample(range(count), moving)
    moves = tuple(
        PersonsMove(
            number,
            dice.choice(PLACES),
            str(7000 + dice.randrange(5)),
            dice.random() < AIMED,
            dice.uniform(0.0, 15.0),
        )
        for number in sorted(moved)
    )
    # Neither moved by a person nor decided again when the client comes, so that what is asked for
    # is the same in the calm run.
    quiet = [n for n in range(count) if n not in moved and not tickets[n]["attach_after_s"]]
    asking = max(round(count * HANDED_ON), min(FEWEST_ASKS, count // 8))
    asks = tuple(sorted(dice.sample(quiet, min(asking, len(quiet)))))
    lasts = count / rate
    redis_at = tuple(
        lasts * (n + dice.uniform(0.2, 0.8)) / REDIS_RESTARTS for n in range(REDIS_RESTARTS)
    )
    flush_at = tuple(lasts * dice.uniform(0.4, 0.7) for _ in range(FLUSHES))
    return Plan(seed, tuple(tickets), moves, asks, rate, redis_at, flush_at)


def bad_answers() -> list[dict[str, Any]]:
    """The simulator's fault rules: 5 % 5xx, 2 % 429, 1 % time-outs, 1 % truncated bodies, half of
    the failures after the work was done; and slow writes, so that people come in between.
    """
    # The first rule that strikes is taken; chances are small enough to add up.
    rules: list[dict[str, Any]] = [
        {"kind": kind, "probability": 0.0125, "after_write": after}
        for kind, after in (("500", True), ("502", False), ("503", False), ("504", True))
    ]
    rules += [
        {"kind": "429", "probability": 0.015, "retry_after_s": 1},
        {"kind": "429", "probability": 0.005},
        {"kind": "timeout", "probability": 0.0025, "hang_s": 12},
        {"kind": "timeout", "probability": 0.0025, "hang_s": 12, "after_write": True},
        {"kind": "reset", "probability": 0.0025},
        {"kind": "reset", "probability": 0.0025, "after_write": True},
        {"kind": "truncate", "probability": 0.01},
    ]
    rules = [{"match": ".*", **rule} for rule in rules]
    rules.append(
        {
            "match": "tickets/batch/update",
            "kind": "latency",
            "probability": 0.7,
            "latency_ms": 800,
        }
    )
    return rules
