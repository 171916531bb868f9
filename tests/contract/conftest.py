"""HubSpot's own generated client against the simulator, its answers checked against its models.

The client speaks 2026-03. It is told to refuse any answer that does not fit its types, so a test
that gets an answer has had its whole shape checked; each test also looks at values.
"""

from collections.abc import Iterator

import pytest
from hubspot_sdk import HubSpot

from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    with running_simulator() as url:
        yield url


@pytest.fixture(scope="session")
def hub(base: str) -> Iterator[Hub]:
    """The control API and plain calls in 2026-03, without rate limits."""
    with Hub(base, "2026-03") as plain:
        plain.settings(rates_enabled=False)
        yield plain


@pytest.fixture(scope="session")
def client(base: str, hub: Hub) -> Iterator[HubSpot]:
    made = HubSpot(
        access_token="any", base_url=base, max_retries=0, _strict_response_validation=True
    )
    with made:
        yield made


@pytest.fixture
def ticket(hub: Hub) -> str:
    """A ticket all of whose default properties are set: the client's types know no null."""
    return hub.ticket(
        properties={"hs_ticket_priority": "HIGH", "hs_ticket_category": "BILLING_ISSUE"}
    )


@pytest.fixture(scope="session")
def company(hub: Hub) -> str:
    return hub.found("companies", limit=1)[0]


@pytest.fixture(scope="session")
def contact(hub: Hub, company: str) -> str:
    people = hub.truth("companies", company)["associations"]["contacts"]
    first: str = people[0]["id"]
    return first
