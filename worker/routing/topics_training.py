"""Learning how several requests are known from one: from the examples that hold several, and from
mixtures of others, as voices sound that were held out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from worker.routing.asking import Asking
from worker.routing.fitting import Numbers
from worker.routing.measuring import Linear, Measured, measure
from worker.routing.softmax import Floats
from worker.routing.topics import (
    Heard,
    Splitting,
    circumstances,
    hear,
    split_in_two,
)
from worker.routing.trees import Trees
from worker.routing.trees_training import grow
from worker.routing.vocabulary import Vocabulary

ALARMS, SURE_ALARMS = 0.03, 0.003
"""The shares of tickets with one request, in voices held out, that may look like several and
surely like several. Many of these voices speak of other matters on purpose; ordinary tickets
do so less often."""
MIXTURES = 1_500
THIRD = 0.35
"""The share of mixtures that hold a third request."""
WHOLE = 0.5
"""The share of mixtures whose first ticket is there as a whole."""
WEIGHT = 3
"""How many mixtures a ticket counts for that somebody wrote with several requests."""
FEW = 30
"""Tickets with several requests below which nothing is learned, and none is ever recognised."""


@dataclass(frozen=True, slots=True)
class Group:
    """Voices held out together (`rows`), what was learned without them and says of them."""

    rows: Numbers
    asking: Asking
    linear: Linear
    margins: Floats


@dataclass(frozen=True, slots=True)
class _Told:
    """A ticket of known requests, heard by a model that did not learn from it."""

    measured: Measured
    heard: Heard
    whole: Floats
    group: int
    types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Sample:
    flags: Floats
    several: bool
    group: int
    weight: int


def learn_splitting(
    groups: Sequence[Group],
    measured: Sequence[Measured],
    y: Numbers,
    topics: Sequence[tuple[int, ...]],
    queues: Sequence[str],
    general: int,
    vocabulary: Vocabulary,
) -> Splitting:
    """What tells tickets with several requests from those with one."""
    told = [
        _Told(one, hear(one, group.linear, vocabulary), group.margins[place], number, wanted)
        for number, group in enumerate(groups)
        for place, row in enumerate(group.rows.tolist())
        if (wanted := topics[row] or (int(y[row]),)) != (general,)
        if (one := measured[row]).segments
    ]
    company = _company(told, len(queues))
    count = MIXTURES if sum(len(one.types) > 1 for one in told) >= FEW else 0
    written = len(told)
    told += _mixtures(told, groups, queues, vocabulary, count)
    samples: list[_Sample] = []
    unsplit = 0
    for number, one in enumerate(told):
        split = split_in_two(one.heard, company, general)
        if split is None:
            unsplit += len(one.types) == 1
            continue
        model = groups[one.group].linear
        rows = [one.measured.part(split.part(n), vocabulary) for n in (0, 1)]
        first, second = model.margins(rows)
        flags = circumstances(one.heard, split, queues, general, one.whole, (first, second))
        several = len(one.types) > 1
        weight = WEIGHT if several and number < written else 1
        samples.append(_Sample(flags, several, one.group, weight))
    return _learn(samples, unsplit, company)


def _company(told: Sequence[_Told], count: int) -> Floats:
    """How often a ticket of one type (row) holds a sentence that sounds like another (column);
    types seldom seen sound as all do."""
    together = np.zeros((count, count))
    for one in told:
        if len(one.types) == 1:
            together[one.types[0]] += one.heard.weights @ one.heard.chances
    every = together.sum(axis=0) / max(1.0, together.sum())
    result: Floats = ((together + 3 * every) / (together.sum(axis=1, keepdims=True) + 3)).astype(
        np.float32
    )
    return result


def _mixtures(
    told: Sequence[_Told],
    groups: Sequence[Group],
    queues: Sequence[str],
    vocabulary: Vocabulary,
    count: int,
) -> Iterator[_Told]:
    """Tickets with what others ask put into them, all from voices held out together."""
    dice = random.Random(0)  # noqa: S311 - not for secrets
    pools = [
        [one for one in told if one.group == number and len(one.types) == 1]
        for number in range(len(groups))
    ]
    pools = [pool for pool in pools if len({queues[one.types[0]] for one in pool}) > 2]
    for _ in range(count if pools else 0):
        pool = dice.choice(pools)
        wanted = 3 if dice.random() < THIRD else 2
        some: list[_Told] = []
        while len(some) < wanted:
            one = dice.choice(pool)
            if all(queues[one.types[0]] != queues[other.types[0]] for other in some):
                some.append(one)
        base = some[0].measured
        whole = dice.random() < WHOLE
        first = list(range(len(base.segments))) if whole else _request(some[0], dice)
        segments = [base.segments[number] for number in first]
        known = [base.known[number] for number in first]
        for one in some[1:]:
            place = dice.randint(1, len(segments))
            request = _request(one, dice)
            segments[place:place] = [one.measured.segments[number] for number in request]
            known[place:place] = [one.measured.known[number] for number in request]
        group = groups[some[0].group]
        mixed = measure(segments, known, group.asking, vocabulary)
        yield _Told(
            measured=mixed,
            heard=hear(mixed, group.linear, vocabulary),
            whole=group.linear.margins([mixed.row])[0],
            group=some[0].group,
            types=tuple(one.types[0] for one in some),
        )


def _request(one: _Told, dice: random.Random) -> list[int]:
    """The segment that asks most, sounding like its type; sometimes one before or after it."""
    sounds = one.heard.chances.argmax(axis=1)
    clear = one.heard.chances.max(axis=1) > 0.5
    right = (sounds == one.types[0]).astype(float)
    best = int((one.heard.asking + right - (clear & (right == 0))).argmax())
    near = [best - 1] if dice.random() < 0.4 else []
    near += [best, *([best + 1] if dice.random() < 0.25 else [])]
    return [number for number in near if 0 <= number < len(sounds)]


def _learn(samples: Sequence[_Sample], unsplit: int, company: Floats) -> Splitting:
    several = sum(one.several for one in samples)
    if several < FEW or several == len(samples):
        # Where no ticket with one request could be split at all, a split is proof enough.
        middle = 1.0 if several < FEW else -1.0
        return Splitting(company=company, trees=Trees.none(), middle=middle, certain=middle)
    single: list[float] = [-np.inf] * unsplit
    for group in sorted({one.group for one in samples}):
        trees = _weigh([one for one in samples if one.group != group])
        there = [one for one in samples if one.group == group and not one.several]
        single += [trees.score(one.flags) for one in there]
    bars = [float(np.quantile(single, 1 - s, method="higher")) for s in (ALARMS, SURE_ALARMS)]
    return Splitting(
        company=company,
        trees=_weigh(samples),
        middle=max(0.0, bars[0]),
        certain=max(0.0, bars[1]),
    )


def _weigh(samples: Sequence[_Sample]) -> Trees:
    return grow(
        np.array([one.flags for one in samples]),
        np.array([one.several for one in samples]),
        np.array([one.weight for one in samples]),
    )
