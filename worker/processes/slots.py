"""Scheduled work that must not run twice at the same time, however often it is asked for."""

from __future__ import annotations

import redis

KEY = "ticket-worker:slot:"


def once(client: redis.Redis, job: str, seconds: int) -> bool:
    """Take the slot of a job for so many seconds; false when somebody has it."""
    return bool(client.set(KEY + job, "1", nx=True, ex=seconds))


def done(client: redis.Redis, job: str) -> None:
    """Give the slot of a job back before its time."""
    client.delete(KEY + job)
