"""What the worker's own pages show, and Teams: metrics, Flower's workers and tasks, cards."""

from __future__ import annotations

from typing import Any

import requests

from demo.processes import Addresses


def metrics(addresses: Addresses) -> dict[str, int]:
    page = requests.get(f"{addresses.private}/metrics", timeout=5).text
    rows = (line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    return {name.removeprefix("ticket_worker_"): int(float(value)) for name, value in rows}


def workers_seen(addresses: Addresses) -> int:
    try:
        answer = requests.get(
            f"{addresses.flower}/api/workers?status=1", auth=addresses.flower_login, timeout=2
        )
        return sum(1 for alive in answer.json().values() if alive)
    except (requests.RequestException, ValueError):
        return 0


def flower_tasks(addresses: Addresses) -> int:
    try:
        answer = requests.get(
            f"{addresses.flower}/api/tasks?taskname=route_tickets",
            auth=addresses.flower_login,
            timeout=5,
        )
        return len(answer.json())
    except (requests.RequestException, ValueError):
        return 0


def cards(addresses: Addresses) -> list[dict[str, Any]]:
    """The cards that the Teams channel took."""
    posted = requests.get(f"{addresses.teams}/cards", timeout=5).json()
    return [one["card"] for one in posted["cards"]]
