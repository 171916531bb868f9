"""The sweep's state in Redis: how far it has come, who is at it, what progress to show.

Redis is only speed: when it is flushed, the sweep starts again, and nothing else is lost.
"""

from __future__ import annotations

import secrets

import redis
from pydantic import TypeAdapter, ValidationError

from worker.clients.burden import Burdens
from worker.clients.sweep import SweepState

STATE_KEY = "ticket-worker:sweep:state"
BURDENS_KEY = "ticket-worker:sweep:burdens"
LEASE_KEY = "ticket-worker:sweep:lease"
PROGRESS_KEY = "ticket-worker:sweep:progress"  # a few numbers, for the metrics page
KEPT_S = 3 * 86_400
LEASE_S = 90  # a page takes a second; a limit that others use up takes half a minute of patience
_STATE = TypeAdapter(SweepState)
_BURDENS = TypeAdapter(Burdens)
_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) and 1 or 0
"""
_LEAVE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class SweepTaken(Exception):
    """Another process has taken the sweep over: ours was away for longer than its lease."""


class SweepStore:
    """One process's hand on the sweep. Raises redis's errors."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._token = secrets.token_hex(8)
        self._renew = client.register_script(_RENEW)
        self._leave = client.register_script(_LEAVE)

    def take(self) -> bool:
        """Become the one that sweeps; false while somebody else does."""
        return bool(self._redis.set(LEASE_KEY, self._token, nx=True, ex=LEASE_S))

    def leave(self) -> None:
        """Let another process take over at once."""
        self._leave(keys=[LEASE_KEY], args=[self._token])

    def taken(self) -> bool:
        """Whether somebody is at it."""
        return bool(self._redis.exists(LEASE_KEY))

    def save(self, state: SweepState) -> None:
        """Keep the state and the lease. Raises `SweepTaken` when the lease is somebody else's;
        then nothing is kept."""
        if not self._renew(keys=[LEASE_KEY], args=[self._token, LEASE_S]):
            raise SweepTaken(
                "another process sweeps the clients; this one stopped and wrote nothing more"
            )
        figures = state.figures
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(STATE_KEY, _STATE.dump_json(state), ex=KEPT_S)
        pipe.hset(
            PROGRESS_KEY,
            mapping={
                "companies": figures.companies,
                "expected": state.expected,
                "clients": figures.clients,
                "complete": figures.complete,
                "share": f"{state.share:.4f}",
                "started": state.started,
                "finished": state.finished,
            },
        )
        pipe.execute()

    def load(self) -> SweepState | None:
        """The last state kept; None when there is none that this version can read."""
        raw = self._redis.get(STATE_KEY)
        try:
            return _STATE.validate_json(raw) if raw else None
        except ValidationError:
            return None

    def save_burdens(self, burdens: Burdens) -> None:
        self._redis.set(BURDENS_KEY, _BURDENS.dump_json(burdens), ex=KEPT_S)

    def load_burdens(self) -> Burdens | None:
        raw = self._redis.get(BURDENS_KEY)
        try:
            return _BURDENS.validate_json(raw) if raw else None
        except ValidationError:
            return None
