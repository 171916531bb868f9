"""Last of all: no endpoint of 2026-03 was left out by the tests before."""

from pathlib import Path

import pytest

from tests.simulator.hub import Hub


def test_every_endpoint_of_2026_03_was_driven_by_hubspots_client(
    hub: Hub, request: pytest.FixtureRequest
) -> None:
    driven = {item.module.__name__ for item in request.session.items if hasattr(item, "module")}
    if len(driven) < len(list(Path(__file__).parent.glob("test_*.py"))):
        pytest.skip("counts only when all the contract tests run together")

    calls = hub.control("GET", "/endpoints")

    assert [route for route, counts in calls.items() if not counts["2026-03"]] == []
    assert len(calls) > 70
