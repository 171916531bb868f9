"""Everything a running simulator holds, so that a reset can put a new portal under it."""

import random

from simulator.sample.sample_portal import fill
from simulator.settings import Settings
from simulator.state.portal import Portal
from simulator.traffic.counters import Counters
from simulator.traffic.faults import Faults
from simulator.traffic.rates import Rates
from simulator.webhooks.delivery import Webhooks


class World:
    """One simulated HubSpot: a portal, its limits, its faults and its webhooks."""

    def __init__(self, settings: Settings, sample: bool = True, seed: int = 0) -> None:
        self.settings = settings
        self.base_url = "http://127.0.0.1"
        self.webhooks = Webhooks()
        self.faults = Faults()
        self.endpoints: list[str] = []
        self.begin(sample, seed)

    def begin(self, sample: bool, seed: int) -> None:
        """Starts anew with the settings as they are: portal, counters, log, events."""
        self.dice = random.Random(seed + 1)  # noqa: S311 - repeatable faults, guards nothing
        self.rates = Rates(self.settings)
        self.counters = Counters(self.rates)
        self.faults.rules = []
        self.portal = Portal(self.settings, seed)
        if sample:
            fill(self.portal)
        self.webhooks.attach(self.portal)
