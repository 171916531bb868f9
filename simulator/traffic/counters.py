"""How often each endpoint was called, for tests that hold us to a number of calls."""

from collections import Counter
from typing import Any

from simulator.traffic.rates import Bucket, Rates


class Counters:
    """Counts every call that reached the simulator, refused ones too."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self.reset()

    def reset(self) -> None:
        self._endpoints: Counter[str] = Counter()
        self._buckets: Counter[str] = Counter()
        self._status: Counter[str] = Counter()
        self._routes: Counter[tuple[str, str]] = Counter()
        self._rates.ten_secondly.forget_peak()
        self._rates.search.forget_peak()
        self._rates.associations.forget_peak()

    def count(self, endpoint: str, route: str, version: str, bucket: Bucket, status: int) -> None:
        """Notes one answer; status 0 stands for a broken connection."""
        self._endpoints[endpoint] += 1
        self._routes[(route, version)] += 1
        self._buckets[bucket] += 1
        self._status[str(status)] += 1

    def of_route(self, route: str, version: str) -> int:
        """Calls to one route, such as `GET /crm/owners/{v}`, in one version."""
        return self._routes[(route, version)]

    def as_json(self) -> dict[str, Any]:
        return {
            "by_endpoint": dict(sorted(self._endpoints.items())),
            "ten_secondly": self._buckets["ten_secondly"],
            "search": self._buckets["search"],
            "associations": self._buckets["associations"],
            "total": sum(self._endpoints.values()),
            "status": dict(sorted(self._status.items())),
            "max_ten_secondly_in_window": self._rates.ten_secondly.peak,
            "max_search_in_second": self._rates.search.peak,
            "max_associations_in_window": self._rates.associations.peak,
        }
