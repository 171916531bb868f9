"""Everything that goes wrong during a run: killed processes, Redis, people in between."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import redis
import requests

from chaos.plan import KILL_EVERY_S, PersonsMove, Plan
from chaos.stack import Stack
from demo.portal import SimulatedPortal
from worker.intake.inbox import KEYS

LOOK_EVERY_S = 0.03
# After a worker was seen to hold a ticket: it has read it, and has mostly not written it yet.
STRIKES_AFTER_S = (0.1, 2.0)


class Storm:
    """Kills a process every two seconds and Redis at its times, until it is left."""

    def __init__(self, stack: Stack, plan: Plan) -> None:
        self._stack = stack
        self._plan = plan
        self._dice = random.Random(plan.seed + 1)  # noqa: S311 - repeatable, guards nothing
        self._stop = threading.Event()
        self._broken: list[Exception] = []
        self._threads = [
            threading.Thread(target=self._blow, args=(self._kill,), name="kills", daemon=True),
            threading.Thread(
                target=self._blow, args=(self._break_redis,), name="redis", daemon=True
            ),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._broken and error is None:
            raise self._broken[0]

    def _blow(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._broken.append(error)

    @property
    def over(self) -> bool:
        """The storm itself has broken down, so the run says nothing."""
        return bool(self._broken)

    def _kill(self) -> None:
        names = sorted(self._stack.kept)
        while not self._stop.wait(KILL_EVERY_S):
            self._stack.kept[self._dice.choice(names)].kill()

    def _break_redis(self) -> None:
        server = self._stack.redis
        acts: list[tuple[float, Callable[[], None]]] = [
            (at, server.restart) for at in self._plan.redis_at_s
        ]
        acts += [(at, server.flush) for at in self._plan.flush_at_s]
        began = time.monotonic()
        for at, act in sorted(acts, key=lambda pair: pair[0]):
            if self._stop.wait(max(0.0, began + at - time.monotonic())):
                return
            act()


class Agents:
    """People who move tickets. Whom they meet at work is seen in the inbox's leases; what comes
    of it is told by HubSpot alone.
    """

    def __init__(
        self, portal: SimulatedPortal, stages: dict[str, str], redis_url: str, plan: Plan
    ) -> None:
        self._portal = portal
        self._stages = stages
        self._redis = redis.Redis.from_url(
            redis_url, socket_timeout=2, socket_connect_timeout=1, decode_responses=True
        )
        self._dice = random.Random(plan.seed + 2)  # noqa: S311
        self._by_number = {move.number: move for move in plan.moves}
        self._lock = threading.Lock()
        self._aimed: dict[str, PersonsMove] = {}
        self._due: list[tuple[float, str, PersonsMove]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="agents", daemon=True)
        self.made = 0
        self._thread.start()

    def came(self, ids: Sequence[str], first_number: int) -> None:
        """Tickets have arrived; those that the plan names will be moved."""
        now = time.monotonic()
        with self._lock:
            for number, id_ in enumerate(ids, first_number):
                move = self._by_number.get(number)
                if move is None:
                    continue
                if move.aimed:
                    self._aimed[id_] = move
                # An aimed one that is never met is moved at a random moment too.
                self._due.append((now + move.after_s + 20 * move.aimed, id_, move))

    @property
    def waiting(self) -> int:
        with self._lock:
            return len(self._due)

    def end(self) -> None:
        self._stop.set()
        self._thread.join()
        self._redis.close()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            for id_, move in self._chosen():
                try:
                    self._move(id_, move)
                except requests.RequestException:
                    with self._lock:  # the simulator is busy; a moment later
                        self._due.append((time.monotonic(), id_, move))

    def _chosen(self) -> list[tuple[str, PersonsMove]]:
        with self._lock:
            aimed = set(self._aimed)
        met: set[str] = set()
        if aimed:
            with contextlib.suppress(redis.RedisError, OSError):
                met = {str(one) for one in self._redis.zrange(KEYS["leased"], 0, -1)} & aimed
        now = time.monotonic()
        with self._lock:
            for id_ in met:
                self._aimed.pop(id_)
            soon = {id_: now + self._dice.uniform(*STRIKES_AFTER_S) for id_ in met}
            due = [(soon.get(i, at), i, m) for at, i, m in self._due]
            self._due = [row for row in due if row[0] > now]
            return [(i, m) for at, i, m in due if at <= now]

    def _move(self, id_: str, move: PersonsMove) -> None:
        act = {
            "actor": {"kind": "user", "id": move.user},
            "action": "update",
            "object_type": "tickets",
            "id": id_,
            "properties": {"hs_pipeline_stage": self._stages[move.place]},
        }
        self._portal.control("POST", "/act", act)
        self.made += 1
