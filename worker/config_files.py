"""The policy and `portal.yaml` that the settings name."""

from __future__ import annotations

from config.settings import Settings
from worker.portal_names import read_portal_names
from worker.routing.policy import Policy, load_policy


def policy_of(settings: Settings) -> Policy:
    """The policy these settings name. Raises `PolicyError`."""
    return load_policy(settings.policy_file, settings.examples_dir, settings.data_dir / "model")


def fingerprint(settings: Settings) -> object:
    """Changes when the policy or an example file does (names, sizes and times)."""
    files = [settings.policy_file, *sorted(settings.examples_dir.glob("*.csv"))]
    return [(str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files if f.exists()]


def check_files(settings: Settings) -> None:
    """Refuse a broken policy or portal.yaml before anything starts. Raises what they raise."""
    read_portal_names(settings.portal_file)
    policy_of(settings)
