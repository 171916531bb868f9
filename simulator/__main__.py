"""`python -m simulator --port N`: a HubSpot to run against, on this machine."""

import argparse

import uvicorn

from simulator.server import application
from simulator.settings import TIERS, Settings
from simulator.world import World


def main() -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--empty", action="store_true", help="a portal without any record")
    parser.add_argument("--token", help="the only bearer token taken; any other way, any token is")
    parser.add_argument("--tier", choices=sorted(TIERS), default="professional")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    settings = Settings(latency_ms=given.latency_ms, tier=given.tier, token=given.token)
    world = World(settings, sample=not given.empty, seed=given.seed)
    world.base_url = f"http://{given.host}:{given.port}"
    uvicorn.run(
        application(world),
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
