"""The inbox: ticket ids that may need work, each with a time before which it waits.

A sorted set with leases in Redis. It holds no truth: HubSpot does, and a lost inbox is filled
again by the poll. What it gives: an id is worked on by one worker at a time, announcing an id
again is free, a dead worker's ids come back, and waiting is a score, not a sleeping slot.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.resources import files

import orjson
import redis
from redis.backoff import FullJitterBackoff

PREFIX = "ticket-worker:inbox:"
BATCH = 100
COMPANY_MS = 300  # a claim waits this long for more ids to join the batch
LEASE_MS = 20_000
SETTLED_MS = 120_000  # how long a poll's hint about a settled id is taken for the index's lag
# A ticket alone in so many expired leases is set aside. With three, six innocent ones of 10,000
# were, when a process was killed every two seconds; with six, eight.
ALONE_EXPIRIES = 12
# After Redis lost its memory: as long as a write of whoever held a lease may be on its way, which
# is a wait for its place (2 s) and HubSpot's answer.
QUIET_MS = 4_000
MAX_ATTEMPTS = 6
# HubSpot failed so often on batches with this ticket, while it answered others: about half an hour.
MAX_DOUBTS = 24
SHORTLY_S = 1.0
POISON = "every worker that took it up died; it was left untouched"
SUSPECT_S = 0.5
BACKOFF = FullJitterBackoff(cap=600, base=2)

_NAMES = (
    "due",
    "leased",
    "lease",
    "strikes",
    "alone",
    "attempts",
    "first",
    "again",
    "failed",
    "settled",
    "bell",
    "begun",
    "memory",
    "doubts",
)
KEYS = {name: PREFIX + name for name in (*_NAMES, "reroute")}
_LUA = files("worker.intake") / "lua"
ANNOUNCE_LUA = (_LUA / "announce.lua").read_text()
ANNOUNCE_KEYS = [
    KEYS[n] for n in ("due", "leased", "again", "first", "failed", "settled", "bell", "begun")
]
_CLAIM_KEYS = [KEYS[n] for n in _NAMES if n not in {"settled", "bell"}]


class Source(StrEnum):
    """Who announced an id. A poll and an association are hints, the others are news."""

    WEBHOOK = "webhook"
    ASSOCIATION = "association"  # HubSpot attached a contact or company
    POLL = "poll"
    REQUEST = "request"  # the poll found an open escalation request or a notice that is due
    PERSON = "person"  # a command: reroute, retry, backfill


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased batch: ids, and for each when and by whom it was first announced."""

    token: str
    ids: tuple[str, ...]
    announced: Mapping[str, tuple[datetime, str]]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to claim yet; worth another look after `seconds` (None: only when announced)."""

    seconds: float | None


class Outcome(StrEnum):
    DONE = "done"
    LATER = "later"  # done for now, to be looked at again
    POSTPONED = "postponed"  # not the ticket's fault: a limit, an outage; charged to nobody
    UNSURE = "unsure"  # HubSpot failed on the batch, perhaps for one of its tickets
    SUSPECT = "suspect"  # one of the batch makes the worker fail; comes back in smaller batches
    RETRY = "retry"  # the ticket's own row or decision failed; one attempt charged
    FAILED = "failed"  # set aside


@dataclass(frozen=True, slots=True)
class Settlement:
    """How the work on one id ended. `delay_s` is until it is due again, where it is."""

    id: str
    outcome: Outcome
    delay_s: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A ticket that was set aside."""

    id: str
    why: str
    at: datetime


class Inbox:
    """The inbox as the workers and commands use it. Thread-safe."""

    def __init__(self, client: redis.Redis, holder: str = "") -> None:
        """`holder` names the process, the same after each of its starts."""
        self._redis = client
        self._name = holder.replace(":", "_") + "/"
        self._life = self._name + secrets.token_hex(4) + "/"
        self._memory = ""  # the life of Redis's memory, as far as this process has seen it
        self._announce = client.register_script(ANNOUNCE_LUA)
        self._claim = client.register_script((_LUA / "claim.lua").read_text())
        self._renew = client.register_script((_LUA / "renew.lua").read_text())
        self._settle = client.register_script((_LUA / "settle.lua").read_text())
        self._release = client.register_script((_LUA / "release.lua").read_text())

    def announce(self, ids: Collection[str], source: Source, delay_s: float = 0) -> int:
        """Put ids in; returns how many were taken (a poll's hints may not be)."""
        if not ids:
            return 0
        args = announce_args(ids, source, delay_s)
        return int(self._announce(keys=ANNOUNCE_KEYS, args=args))

    def claim(self, most: int = BATCH) -> tuple[Claim | Wait, list[str]]:
        """Lease up to `most` due ids. Also gives the ids that killed every worker they met
        (alone in `ALONE_EXPIRIES` expired leases): they are set aside already, for the caller to
        say more of with `fail`. For `QUIET_MS` after a loss of Redis's memory there is nothing.
        """
        token = self._life + secrets.token_hex(8)
        args: list[str | int] = [token, LEASE_MS, most, COMPANY_MS, ALONE_EXPIRIES]
        args += [_failure(POISON), self._memory, secrets.token_hex(4), QUIET_MS]
        head, firsts, aside, memory = self._claim(keys=_CLAIM_KEYS, args=args)
        self._memory = _text(memory)
        wait, *ids = (_text(one) for one in head)
        poisoned = [_text(one) for one in aside]
        if ids:
            announced = dict(zip(ids, (_announcement(_text(f)) for f in firsts), strict=True))
            return Claim(token, tuple(ids), announced), poisoned
        return Wait(None if wait == "-1" else int(wait) / 1000), poisoned

    def release(self) -> int:
        """This process has just started, so whatever one of its name still holds is held by
        nobody: end those leases now. Returns how many.
        """
        keys = [KEYS["leased"], KEYS["lease"], KEYS["bell"]]
        return int(self._release(keys=keys, args=[self._name, self._life]))

    def held(self, claim: Claim, ids: Iterable[str]) -> set[str]:
        """The ids that are still ours. Asked directly before each write."""
        return self._held(claim, ids, 0)

    def renew(self, claim: Claim) -> set[str]:
        """Extend the leases of a claim; returns the ids that are still ours."""
        return self._held(claim, claim.ids, LEASE_MS)

    def _held(self, claim: Claim, ids: Iterable[str], lease_ms: int) -> set[str]:
        keys = [KEYS["leased"], KEYS["lease"]]
        answer = self._renew(keys=keys, args=[claim.token, lease_ms, *ids])
        return {_text(one) for one in answer}

    def settle(self, claim: Claim, settlements: Collection[Settlement]) -> set[str]:
        """End leases. A retry without a delay backs off by the attempts made, with full jitter,
        and sets the id aside after `MAX_ATTEMPTS`. Returns the ids that were still ours.
        """
        if not settlements:
            return set()
        args: list[str | int] = [claim.token, SETTLED_MS]
        attempts = self._attempts(s.id for s in settlements if s.outcome is Outcome.RETRY)
        for settlement in settlements:
            args += _row(settlement, attempts.get(settlement.id, 0))
        answer = self._settle(keys=list(KEYS.values()), args=args)
        return {_text(one) for one in answer}

    def fail(self, id_: str, why: str) -> None:
        """Set an id aside that is not leased."""
        self._redis.hset(KEYS["failed"], id_, _failure(why))

    def reroute(self, ids: Collection[str]) -> None:
        """A person wants these decided again, whatever their state."""
        if ids:
            now = _milliseconds(self._redis.time())
            self._redis.hset(KEYS["reroute"], mapping=dict.fromkeys(ids, now))
            self.announce(ids, Source.PERSON)

    def reroutes(self, ids: Iterable[str]) -> dict[str, datetime]:
        """Which of these a person wants decided again, and since when (Redis's clock)."""
        asked = list(ids)
        if not asked:
            return {}
        values = self._redis.hmget(KEYS["reroute"], asked)
        return {
            one: datetime.fromtimestamp(int(value) / 1000, UTC)
            for one, value in zip(asked, values, strict=True)
            if value is not None
        }

    def attempts_left(self, id_: str) -> int:
        """How many more failures of its own the ticket has before it is set aside."""
        return MAX_ATTEMPTS - 1 - self._attempts([id_]).get(id_, 0)

    def in_doubt(self, ids: Iterable[str]) -> set[str]:
        """Those on whose batches HubSpot has failed so often that the next time is the last."""
        asked = list(ids)
        values = self._redis.hmget(KEYS["doubts"], asked) if asked else []
        return {
            one
            for one, value in zip(asked, values, strict=True)
            if int(value or 0) + 1 >= MAX_DOUBTS
        }

    def failures(self) -> list[Failure]:
        """The tickets set aside, oldest first."""
        rows = self._redis.hgetall(KEYS["failed"])
        found = []
        for id_, raw in rows.items():
            said = orjson.loads(raw)
            found.append(Failure(_text(id_), said["why"], datetime.fromisoformat(said["at"])))
        return sorted(found, key=lambda failure: failure.at)

    def counts(self) -> dict[str, int]:
        """How many ids are due, waiting for their time, leased, and set aside."""
        now = _milliseconds(self._redis.time())
        pipe = self._redis.pipeline(transaction=False)
        pipe.zcount(KEYS["due"], "-inf", now)
        pipe.zcard(KEYS["due"])
        pipe.zcard(KEYS["leased"])
        pipe.hlen(KEYS["failed"])
        due, waiting, leased, failed = pipe.execute()
        return {"due": due, "waiting": waiting - due, "leased": leased, "failed": failed}

    def next_due_s(self) -> float | None:
        """Seconds until the next id is due or the next lease runs out; None when empty."""
        now = _milliseconds(self._redis.time())
        pipe = self._redis.pipeline(transaction=False)
        pipe.zrange(KEYS["due"], 0, 0, withscores=True)
        pipe.zrange(KEYS["leased"], 0, 0, withscores=True)
        scores = [row[0][1] for row in pipe.execute() if row]
        return max(0.0, (min(scores) - now) / 1000) if scores else None

    def wait_for_bell(self, seconds: float) -> bool:
        """Block until something was announced or settled, at most `seconds`."""
        return self._redis.blpop([KEYS["bell"]], timeout=seconds) is not None

    def _attempts(self, ids: Iterable[str]) -> dict[str, int]:
        asked = list(ids)
        if not asked:
            return {}
        values = self._redis.hmget(KEYS["attempts"], asked)
        return {i: int(v or 0) for i, v in zip(asked, values, strict=True)}


def announce_args(ids: Collection[str], source: Source, delay_s: float = 0) -> list[str | int]:
    """Arguments of `ANNOUNCE_LUA`, for the receiver's own asynchronous client too."""
    return [str(source), int(delay_s * 1000), SETTLED_MS, *ids]


def _row(settlement: Settlement, attempts: int) -> list[str | int]:
    outcome, delay_s, why = settlement.outcome, settlement.delay_s, settlement.why
    if outcome is Outcome.RETRY and attempts + 1 >= MAX_ATTEMPTS:
        outcome = Outcome.FAILED
    if outcome is Outcome.SUSPECT and delay_s is None:
        delay_s = SUSPECT_S
    if outcome is Outcome.RETRY and delay_s is None:
        delay_s = 0.5 + BACKOFF.compute(attempts + 1)
    if outcome in {Outcome.POSTPONED, Outcome.UNSURE} and delay_s is None:
        delay_s = SHORTLY_S  # without a time it would leave the inbox
    delay_ms = -1 if delay_s is None else max(0, int(delay_s * 1000))
    return [settlement.id, str(outcome), delay_ms, _failure(why)]


def _failure(why: str) -> str:
    return orjson.dumps({"why": why, "at": datetime.now(UTC)}).decode()


def _announcement(value: str) -> tuple[datetime, str]:
    at, _, source = value.partition(":")
    return datetime.fromtimestamp(int(at) / 1000, UTC), source


def _milliseconds(time: tuple[int, int]) -> int:
    seconds, micros = time
    return int(seconds * 1000 + micros / 1000)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
