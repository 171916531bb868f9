"""The figures of a run and what is asked of them (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from chaos.ledger import Story
from chaos.requests import Announced

LONGEST_S = 900.0
CLIENT_UNKNOWN = "client unknown"


@dataclass(frozen=True, slots=True)
class Breakage:
    """What was done to the stack."""

    kills: int
    redis_restarts: int
    flushes: int
    ends_of_their_own: int  # processes that ended without being killed


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a run; counts are of tickets unless the name says otherwise."""

    seed: int
    tickets: int
    decided: int
    lost: int
    doubled: int
    failed: int
    human_moves: int
    human_moves_undone: int
    human_moves_restored: int
    slowest_restoration_s: float
    hand_offs_asked_for: int
    notices: int
    notices_repeated: int
    notices_missing: int
    calm_notices: int
    calm_notices_repeated: int
    calm_notices_missing: int
    equal_to_calm: int
    unequal_to_calm: int
    kills: int
    redis_restarts: int
    flushes: int
    ends_of_their_own: int
    calls: int
    answers_429: int
    statuses: dict[str, int]
    most_calls_in_ten_seconds: int
    seconds: float
    calm_seconds: float
    undone: list[list[tuple[float, str, str]]]  # each: seconds from its creation, stage, by whom
    missed: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def judge(
    seed: int,
    stories: Sequence[Story],
    calm: Sequence[Story],
    breakage: Breakage,
    counters: dict[str, Any],
    notices: tuple[Announced, Announced],
    seconds: tuple[float, float],
) -> Summary:
    """Count, and say which figures are missed. `notices` and `seconds`: of this run and of the
    calm one, whose tickets stand in the same order.
    """
    untouched = [
        (one, still) for one, still in zip(stories, calm, strict=True) if not one.moved_by_person
    ]
    equal = sum(one.decision == still.decision for one, still in untouched)
    restorations = [s for s in (one.restored_after_s for one in stories) if s is not None]
    summary = Summary(
        seed=seed,
        tickets=len(stories),
        decided=sum(one.decided for one in stories),
        lost=sum(not one.decided for one in stories),
        doubled=sum(one.doubled for one in stories),
        failed=sum(one.status == "failed" for one in stories),
        human_moves=sum(entry.person for one in stories for entry in one.stages),
        human_moves_undone=sum(one.undone for one in stories),
        human_moves_restored=len(restorations),
        slowest_restoration_s=round(max(restorations, default=0.0), 1),
        hand_offs_asked_for=notices[0].asked,
        notices=notices[0].notices,
        notices_repeated=notices[0].repeated,
        notices_missing=notices[0].missing,
        calm_notices=notices[1].notices,
        calm_notices_repeated=notices[1].repeated,
        calm_notices_missing=notices[1].missing,
        equal_to_calm=equal,
        unequal_to_calm=len(untouched) - equal,
        kills=breakage.kills,
        redis_restarts=breakage.redis_restarts,
        flushes=breakage.flushes,
        ends_of_their_own=breakage.ends_of_their_own,
        calls=counters["total"],
        answers_429=counters["status"].get("429", 0),
        statuses=counters["status"],
        most_calls_in_ten_seconds=counters["max_ten_secondly_in_window"],
        seconds=round(seconds[0], 1),
        calm_seconds=round(seconds[1], 1),
        undone=[one.told for one in stories if one.undone],
    )
    summary.missed.extend(_missed(summary))
    return summary


def _missed(said: Summary) -> list[str]:
    found = []
    for name in (
        "lost",
        "doubled",
        "failed",
        "human_moves_undone",
        "unequal_to_calm",
        "notices_missing",
        "calm_notices_missing",
        "calm_notices_repeated",
    ):
        if getattr(said, name):
            found.append(f"{name} is {getattr(said, name)}, not 0")
    if said.decided != said.tickets:
        found.append(f"{said.decided} of {said.tickets} tickets were decided")
    if not said.human_moves_restored:
        found.append("no person's move was restored, so nobody met the worker at work")
    if said.tickets and not said.notices:
        found.append("no hand-off was announced, so nothing is known of notices")
    if said.notices_repeated > said.kills + said.flushes:
        found.append("more notices were repeated than kills and flushes allow")
    if said.seconds > LONGEST_S:
        found.append(f"the storm lasted {said.seconds:.0f} s, not {LONGEST_S:.0f} at most")
    if said.ends_of_their_own:
        found.append(f"{said.ends_of_their_own} processes ended without being killed")
    return found
