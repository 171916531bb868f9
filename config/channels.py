"""Addresses of channels and receivers: the policy names a variable, the variable holds the secret.

A variable is looked for in the environment, then in `.env`, as the settings are.
"""

from __future__ import annotations

import os

from dotenv import dotenv_values
from pydantic import SecretStr

from config.settings import Settings

_TEAM_TICKETING = "TEAMS_WEBHOOK_URL"


class Channels:
    """Reads addresses at each use, so that a new one needs no restart."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = str(settings.model_config.get("env_file") or "")

    def address(self, variable: str) -> SecretStr:
        """What the variable holds; empty when it is not set."""
        if variable == _TEAM_TICKETING:
            return self._settings.teams_webhook_url
        value = os.environ.get(variable) or self._from_file(variable)
        return SecretStr(value.strip())

    def _from_file(self, variable: str) -> str:
        if not self._file or not os.path.exists(self._file):
            return ""
        return dotenv_values(self._file, interpolate=False).get(variable) or ""
