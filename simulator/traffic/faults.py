"""Rules by which calls go wrong: as HubSpot's gateway, its limits, or the network would.

A rule: `{"match": <pattern on "METHOD /path">, "kind": …, "probability"?: 0..1, "times"?: n,
"retry_after_s"?: n, "after_write"?: bool, "latency_ms"?: n, "hang_s"?: n, "share"?: 0..1}`.
`after_write` does the call's work first and then fails.
"""

import random
import re
from dataclasses import dataclass
from typing import Any

from simulator.rules.refusals import Refusal
from simulator.settings import Settings
from simulator.traffic.rates import rate_refusal

STATUSES = ("401", "403", "423", "429", "477", "500", "502", "503", "504", "521")
KINDS = (
    *STATUSES,
    "429_daily",
    "429_search",
    "timeout",
    "reset",
    "truncate",
    "html",
    "empty",
    "drip",
    "row_errors",
    "latency",
)
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"


@dataclass
class Rule:
    """One rule; `times` counts down, None never ends."""

    match: re.Pattern[str]
    kind: str
    probability: float = 1.0
    times: int | None = None
    retry_after_s: float | None = None
    after_write: bool = False
    latency_ms: float = 1_000.0
    hang_s: float = 120.0
    share: float = 0.5
    hits: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "match": self.match.pattern,
            "kind": self.kind,
            "times": self.times,
            "hits": self.hits,
        }


def rule_from(given: dict[str, Any]) -> Rule:
    """A rule as the control API takes it. Raises ValueError that says what is wrong."""
    known = set(Rule.__dataclass_fields__) - {"hits"}
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"a fault rule has no {unknown}; it has {sorted(known)}")
    kind = str(given.get("kind", ""))
    if kind not in KINDS:
        raise ValueError(f"fault kind {kind!r} is none of {', '.join(KINDS)}")
    try:
        pattern = re.compile(str(given.get("match", "")))
    except re.error as error:
        raise ValueError(f"match {given.get('match')!r} is no pattern: {error}") from error
    rest = {name: value for name, value in given.items() if name not in ("match", "kind")}
    return Rule(pattern, kind, **rest)


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def pick(self, endpoint: str, dice: random.Random) -> Rule | None:
        """The first rule that strikes this call; counts it."""
        for rule in self.rules:
            if rule.times == 0 or not rule.match.search(endpoint):
                continue
            if rule.probability < 1.0 and dice.random() >= rule.probability:
                continue
            if rule.times is not None:
                rule.times -= 1
            rule.hits += 1
            return rule
        return None


def refusal(rule: Rule, settings: Settings) -> Refusal:
    """The error answer of a rule whose kind is a status."""
    headers: dict[str, str] = {}
    if rule.retry_after_s is not None:
        headers["Retry-After"] = f"{rule.retry_after_s:g}"
    if rule.kind == "429":
        return rate_refusal("TEN_SECONDLY_ROLLING", "ten_secondly_rolling", settings, headers)
    if rule.kind == "429_daily":
        return rate_refusal("DAILY", "daily", settings, headers)
    if rule.kind == "429_search":
        return rate_refusal("SECONDLY", "secondly", settings, headers)
    status = int(rule.kind)
    if status == 477:
        headers.setdefault("Retry-After", "3600")
    words = {
        401: ("Authentication credentials not found.", "INVALID_AUTHENTICATION"),
        403: ("This app hasn't been granted all required scopes.", "MISSING_SCOPES"),
        423: ("The resource is locked; retry in 2 seconds.", "LOCKED"),
        477: ("Migration in progress", "MIGRATION_IN_PROGRESS"),
        500: ("internal error", None),
        502: ("Bad gateway", None),
        503: ("Service temporarily unavailable", None),
        504: ("Gateway timeout", None),
        521: ("Web server is down", None),
    }
    message, category = words[status]
    return Refusal(status, message, category, headers=headers)


HTML = _HTML
