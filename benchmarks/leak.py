"""Two hundred thousand tickets through one worker's flow: does its memory grow?

    .venv/bin/python -m benchmarks.leak [--tickets 200000] [--knowledge FOLDER]

The inbox, Redis, decisions, parsing and writing are the real ones; HubSpot's answers are made up
in this process, since the network would take hours. Prints memory (resident, MB) as it goes.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.settings import load_settings
from demo.portal import SimulatedPortal, samples
from demo.processes import answers, free_ports, python, running, wait_for
from tests.stack import provision
from worker import embedded_redis
from worker.intake.inbox import Claim, Source
from worker.logs import configure_logs
from worker.runtime import Runtime

FOLDER = Path("var/leak")
COMPANIES = 2_000
WARM_SHARE = 0.1  # of the tickets, until caches and pools are full
MOST_GROWTH = 0.10
MODIFIED = "2026-11-23T10:00:00.000Z"


class MadeUpHubSpot:
    """Answers the calls of the flow as HubSpot would, from nothing but the ids asked for."""

    def __init__(self, intake: str, pipeline: str) -> None:
        self._texts = samples()
        self._intake = {"hs_pipeline": pipeline, "hs_pipeline_stage": intake}
        self.calls = 0

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        rows = body.get("inputs", [])
        if path.endswith("/search"):
            return {"total": 0, "results": []}
        if "/associations/" in path:
            return {"status": "COMPLETE", "results": [_links(row["id"]) for row in rows]}
        object_type = path.split("/")[4]
        if path.endswith("update"):
            return {"status": "COMPLETE", "results": [{"id": r["id"], **_EMPTY} for r in rows]}
        history = bool(body.get("propertiesWithHistory"))
        return {
            "status": "COMPLETE",
            "results": [self._record(object_type, row["id"], history) for row in rows],
        }

    def _record(self, object_type: str, id_: str, history: bool) -> dict[str, Any]:
        number = int(id_)
        properties: dict[str, str | None] = {"hs_lastmodifieddate": MODIFIED}
        if object_type == "tickets":
            text = self._texts[number % len(self._texts)]
            properties |= {
                **self._intake,
                "subject": f"{text.subject} {number}",
                "content": f"{text.body} Reference {number}.",
                "createdate": MODIFIED,
            }
        elif object_type == "companies":
            properties |= {"name": f"Client {number}", "erp_system": "NetSuite" * (number % 2)}
        else:
            properties |= {"email": f"person{number}@client{number}.example"}
        found: dict[str, Any] = {"id": id_, "properties": properties}
        if history:
            found["propertiesWithHistory"] = {
                "hs_pipeline_stage": [
                    {
                        "value": self._intake["hs_pipeline_stage"],
                        "timestamp": MODIFIED,
                        "sourceType": "CONVERSATIONS",
                    }
                ]
            }
        return found | {"archived": False}


def _links(id_: str) -> dict[str, Any]:
    other = str(1 + int(id_) % COMPANIES)
    types = [{"typeId": 26, "label": None, "category": "HUBSPOT_DEFINED"}]
    return {"from": {"id": id_}, "to": [{"toObjectId": other, "associationTypes": types}]}


_EMPTY: dict[str, Any] = {"properties": {}, "archived": False}


def main() -> int:
    """Exit status 1 when memory grew by a tenth or more after the warming up."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tickets", type=int, default=200_000)
    options.add_argument("--knowledge", type=Path, help="a folder with examples/ and model/")
    given = options.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    model = given.knowledge / "model" if given.knowledge else Path("var/model")
    if model.exists():
        shutil.copytree(model, FOLDER / "model")
    more = {"examples_dir": given.knowledge / "examples"} if given.knowledge else {}
    server, url = embedded_redis.start(FOLDER / "redis")
    try:
        settings = load_settings(
            hubspot_base_url=f"http://127.0.0.1:{free_ports(1)[0]}",
            hubspot_access_token="made-up",  # noqa: S106
            redis_url=url,
            routing_mode="route",
            route_tickets_since=datetime(2020, 1, 1, tzinfo=UTC),
            data_dir=FOLDER,
            log_level="ERROR",
            **more,
        )
        configure_logs(settings)
        return measure(Runtime(settings), given.tickets)
    finally:
        server.kill()
        server.wait()


def measure(here: Runtime, count: int) -> int:
    """Route `count` tickets in batches of a hundred; prints the figures."""
    base = here.settings.hubspot_base_url
    log = FOLDER / "simulator.log"
    port = base.rpartition(":")[2]
    with running(python("simulator", "--port", port), {}, log):
        wait_for("The simulator", lambda: answers(f"{base}/__control/health"), log)
        provision(here.settings)
        SimulatedPortal(base).control("PUT", "/settings", {"rates_enabled": False})
        policy = here.policy.current()
        portal = here.portal.current(policy)
    made_up = MadeUpHubSpot(portal.intake[0], portal.pipeline_id)
    here.hubspot._client.post = made_up.post  # type: ignore[method-assign]
    here.portal.current(policy)
    began = time.monotonic()
    warm = first = 0.0
    done = decided = 0
    while done < count:
        ids = [str(n) for n in range(1 + done, 1 + min(count, done + 100))]
        here.inbox.announce(ids, Source.WEBHOOK)
        claim, _ = here.inbox.claim()
        while not isinstance(claim, Claim):
            time.sleep(0.02)
            claim, _ = here.inbox.claim()
        decided += len(here.flow.route(claim, policy, portal).decisions)
        done += len(claim.ids)
        first = first or resident_mb()
        if not warm and done >= count * WARM_SHARE:
            warm = resident_mb()
        if done % max(100, count // 10) < 100:
            print(f"{done} tickets: {resident_mb():.1f} MB, {time.monotonic() - began:.0f} s")  # noqa: T201
    last = resident_mb()
    growth = last / warm - 1
    print(  # noqa: T201
        f"{decided} decided, {made_up.calls} calls; {first:.1f} MB at the first batch, "
        f"{warm:.1f} MB warm, {last:.1f} MB at the end: {100 * growth:+.1f} %"
    )
    return 1 if growth >= MOST_GROWTH or decided != count else 0


def resident_mb() -> float:
    """Resident memory of this process, after a collection."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    sys.exit(main())
