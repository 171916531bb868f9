"""Errors that a person can mend: one clear message and exit status 2, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from rich.console import Console
from rich.text import Text

from worker.commands.terminal import shown

UNMENDED = 2  # exit status; 1 is for commands that ran and found something


def spoken(command: Callable[..., int | None]) -> Callable[..., None]:
    """Make a command of a function that returns its exit status (None: 0)."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            status = command(*args, **kwargs)
        except Exception as error:
            said = complaint(error)
            if said is None:
                raise
            heading, sentence = said
            text = Text.assemble((heading, "red"), ": ", shown(_masked(sentence)))
            Console(stderr=True, highlight=False, soft_wrap=True).print(text)
            sys.exit(UNMENDED)
        sys.exit(status or 0)

    return run


def _masked(sentence: str) -> str:
    """Without secrets: servers quote what they were told, an old Redis even the password."""
    from config.settings import SettingsError, load_settings
    from worker.processes.logs import Masking, secrets_of

    try:
        return Masking(secrets_of(load_settings())).text(sentence)
    except SettingsError:
        return sentence  # this one, or one from before any secret was used


def complaint(error: Exception) -> tuple[str, str] | None:
    """What it is about and what to do; None for an error that is our own fault."""
    import redis

    from config.settings import SettingsError
    from worker.hubspot.errors import HubSpotError
    from worker.portal import PortalNotReady
    from worker.portal_names import PortalNamesError
    from worker.processes.embedded_redis import EmbeddedRedisError
    from worker.processes.supervision import SupervisionError
    from worker.reports.errors import RecordRulesNotReady, ReportNotWritten
    from worker.routing.policy_document import PolicyError

    headings = {
        SettingsError: "Settings",
        PolicyError: "Policy",
        PortalNamesError: "Names in the portal",
        PortalNotReady: "The portal",
        EmbeddedRedisError: "Redis",
        SupervisionError: "Processes",
        RecordRulesNotReady: "Client records",
        ReportNotWritten: "Report",
    }
    for kind, heading in headings.items():
        if isinstance(error, kind):
            return heading, str(error)
    if isinstance(error, HubSpotError):
        return "HubSpot", f"{error}{_hubspot_mend(error)}"
    if isinstance(error, redis.RedisError):
        return "Redis", _redis_sentence(error)
    if isinstance(error, OSError) and error.filename:
        return "File", f"{error.filename}: {error.strerror}. Nothing more was done."
    return None


def _hubspot_mend(error: Exception) -> str:
    from worker.hubspot.errors import RateLimited, Rejected, Transient

    if isinstance(error, Rejected) and error.status == 401:
        return " Copy the token again from the app's Auth tab into HUBSPOT_ACCESS_TOKEN."
    if isinstance(error, Rejected) and error.status == 403:
        return " Add what is missing to hubspot-app/, upload it and install it again."
    if isinstance(error, RateLimited):
        return f" Try again in {error.retry_after_s:.0f} s."
    if isinstance(error, Transient):
        return (
            " Is HUBSPOT_BASE_URL right and reachable? Then try again: what is done, is done once."
        )
    return ""


def _redis_sentence(error: Exception) -> str:
    import redis

    if isinstance(error, redis.AuthenticationError):
        return f"It refuses the login in REDIS_URL ({error}). Nothing was done. Correct it."
    if isinstance(error, redis.ConnectionError | redis.TimeoutError):
        return (
            f"It does not answer ({type(error).__name__}). Nothing was done. Start it, correct "
            "REDIS_URL, or use `ticket-worker up`, which brings one along."
        )
    return f"It refused a command: {error}. It must be Redis or Valkey 6.2 or newer, not read-only."
