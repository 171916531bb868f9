"""What can be set from outside while the simulator runs, and the tiers' limits."""

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Tier:
    """What an account may do: calls, pipelines, labels.

    Calls: HubSpot's usage guidelines for privately distributed apps and its associations guide.
    Ticket pipelines and labels: our reading of HubSpot's product catalogue.
    """

    name: str
    ten_secondly: int
    daily: int
    associations: int
    ticket_pipelines: int
    labels: int


TIERS = {
    "starter": Tier("starter", 100, 250_000, 100, 1, 0),
    "professional": Tier("professional", 190, 625_000, 150, 15, 10),
}

# Each is something HubSpot does not document; README.md and docs/hubspot-contract.md say what it
# switches. The value is the one we think likelier.
ASSUMPTIONS = {
    "caller_chosen_stage_ids": True,
    "creation_sends_property_changes": True,
    "history_batch_limit_is_50": True,
    "in_matches_lowercased_strings": True,
    "merge_keeps_primary_id": False,
    "merged_ids_resolve": True,
    "missing_ids_named_in_errors": True,
    "neq_matches_empty": False,
    "no_associations_named_in_errors": True,
    "partial_failure_is_207_in_2026_09": False,
    "paths_absent_from_2026_09_spec_work": False,
    "pipeline_required_on_create": False,
    "primary_company_property_follows": True,
    "recreating_archived_property_restores": True,
    "results_in_input_order": True,
    "retry_after_on_429": False,
    "retry_keeps_event_id": True,
    "retry_restamps_timestamp": True,
    "rules_bind_untouched_values": False,
    "same_value_writes_history": False,
    "search_body_limit": True,
    "stage_of_other_pipeline_refused": True,
    "trace_id_needed_for_partial_success": True,
}


class SettingsError(ValueError):
    """A setting that can't be taken; the message says which and what would do."""


@dataclass
class Settings:
    """The knobs. Times in seconds unless the name says milliseconds."""

    latency_ms: float = 0.0
    index_delay_s: float = 0.0
    tier: str = "professional"
    token: str | None = None
    scopes: list[str] | None = None
    late_attach_share: float = 0.5
    late_attach_max_s: float = 60.0
    app_id: int = 4_711_001
    portal_id: int = 24_680_135
    time_zone: str = "US/Eastern"
    assumptions: dict[str, bool] = field(default_factory=lambda: dict(ASSUMPTIONS))
    required_rules: list[dict[str, Any]] = field(default_factory=list)
    rates_enabled: bool = True

    @property
    def limits(self) -> Tier:
        return TIERS[self.tier]

    def assume(self, name: str) -> bool:
        return self.assumptions[name]

    def as_json(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def update(self, given: dict[str, Any]) -> None:
        """Takes new values, all or none. Raises SettingsError that names the wrong one."""
        known = {item.name for item in fields(self)}
        for name, value in given.items():
            if name not in known:
                raise SettingsError(f"there is no setting {name!r}; there are {sorted(known)}")
            _check(name, value)
        for name, value in given.items():
            if name == "assumptions":
                self.assumptions.update(value)
            else:
                setattr(self, name, value)


def _check(name: str, value: Any) -> None:
    if name == "tier" and value not in TIERS:
        raise SettingsError(f"tier {value!r} is none of {', '.join(sorted(TIERS))}")
    if name == "assumptions":
        unknown = sorted(set(value) - set(ASSUMPTIONS))
        if unknown:
            raise SettingsError(f"no such assumption: {unknown}; there are {sorted(ASSUMPTIONS)}")
    numbers = ("latency_ms", "index_delay_s", "late_attach_share", "late_attach_max_s")
    if name in numbers and (not isinstance(value, int | float) or value < 0):
        raise SettingsError(f"{name} must be a number of 0 or more, not {value!r}")
    if name in ("app_id", "portal_id") and not isinstance(value, int):
        raise SettingsError(f"{name} must be a whole number, not {value!r}")
    if name in ("scopes", "required_rules") and not (value is None or isinstance(value, list)):
        raise SettingsError(f"{name} must be a list, not {value!r}")
