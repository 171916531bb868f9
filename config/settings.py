"""The environment, read once: every variable, its type, its default and why it is there.

`load_settings()` is called where a process starts and the result is handed on; nothing reads
the environment behind its back.
"""

from __future__ import annotations

import os
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

CONFIG_DIR = Path(__file__).resolve().parent


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it and says what would be right."""


class RoutingMode(StrEnum):
    """How much the worker is trusted with (docs/trust.md)."""

    OBSERVE = "observe"
    SUGGEST = "suggest"
    ROUTE = "route"


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// address, such as https://api.hubapi.com")
    return value.rstrip("/")


def _optional_http_url(value: str) -> str:
    return _http_url(value) if value else value


def _redis_url(value: str) -> str:
    if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must be a Redis address, such as redis://127.0.0.1:6379/0")
    return value


def _api_version(value: str) -> str:
    if value not in {"2026-03", "2026-09"}:
        raise ValueError("must be 2026-09 or 2026-03, the dated versions this worker speaks")
    return value


def _user_and_password(value: SecretStr) -> SecretStr:
    name, colon, password = value.get_secret_value().partition(":")
    if value.get_secret_value() and not (name and colon and len(password) >= 8):
        raise ValueError("must be user:password with a password of at least 8 characters")
    return value


def _no_line_breaks(value: SecretStr) -> SecretStr:
    if any(character.isspace() for character in value.get_secret_value()):
        raise ValueError("must not hold spaces or line breaks; copy the value alone")
    return value


def _blank_is_unset(value: object) -> object:
    return None if value == "" else value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
OptionalHttpUrl = Annotated[str, AfterValidator(_optional_http_url)]
Token = Annotated[SecretStr, AfterValidator(_no_line_breaks)]
Login = Annotated[SecretStr, AfterValidator(_user_and_password)]


class Settings(BaseSettings):
    """All settings. A wrong value stops the start with a `SettingsError`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    # HubSpot
    hubspot_access_token: Token = Field(
        default=SecretStr(""), description="token of the private app; the workers need it"
    )
    hubspot_client_secret: Token = Field(
        default=SecretStr(""), description="the app's client secret; proves webhooks authentic"
    )
    hubspot_base_url: HttpUrl = Field(
        default="https://api.hubapi.com", description="where HubSpot's API answers"
    )
    hubspot_api_version: Annotated[str, AfterValidator(_api_version)] = Field(
        default="2026-09", description="dated API version; 2026-03 ignores required-property rules"
    )
    webhook_public_url: OptionalHttpUrl = Field(
        default="", description="target URL as entered in HubSpot; signatures cover it"
    )
    webhook_allow_v1: bool = Field(
        default=False, description="accept v1 signatures (no replay protection) until a v3 comes"
    )

    # Redis
    redis_url: Annotated[str, AfterValidator(_redis_url)] = Field(
        default="redis://127.0.0.1:6379/0", description="inbox, limits, caches and Celery's broker"
    )

    # Routing
    routing_mode: RoutingMode = Field(
        default=RoutingMode.SUGGEST,
        description="observe writes nothing, suggest moves nothing, route moves tickets",
    )
    route_tickets_since: Annotated[AwareDatetime | None, BeforeValidator(_blank_is_unset)] = Field(
        default=None, description="go-live; by default when routing_status was made in the portal"
    )
    poll_interval_s: float = Field(
        default=60, ge=1, le=3600, description="seconds between two searches for undecided tickets"
    )
    policy_file: Path = Field(
        default=CONFIG_DIR / "escalation.yaml", description="the routing policy"
    )
    portal_file: Path = Field(
        default=CONFIG_DIR / "portal.yaml", description="names in the portal, own domains"
    )
    examples_dir: Path = Field(
        default=CONFIG_DIR / "examples", description="labelled tickets that types are learned from"
    )
    data_dir: Path = Field(
        default=Path("var"), description="model cache, observations, embedded Redis data"
    )

    # Listeners
    receiver_host: str = Field(default="0.0.0.0", description="public listener's address")  # noqa: S104 - it is the public one
    receiver_port: int = Field(default=8080, ge=1, le=65535, description="public listener's port")
    private_host: str = Field(default="127.0.0.1", description="health, metrics, reports: address")
    private_port: int = Field(default=8081, ge=1, le=65535, description="private listener's port")
    flower_host: str = Field(default="127.0.0.1", description="Flower's address")
    flower_port: int = Field(default=5555, ge=1, le=65535, description="Flower's port")
    flower_basic_auth: Login = Field(
        default=SecretStr(""), description="user:password for Flower; without it Flower won't start"
    )

    # Reports and notices
    reports_dir: Path = Field(default=Path("var/reports"), description="completeness reports")
    reports_user: str = Field(default="", description="login of the report pages; empty: closed")
    reports_password: SecretStr = Field(
        default=SecretStr(""), description="password of the report pages"
    )
    reports_public_url: OptionalHttpUrl = Field(
        default="", description="address of the report pages as people reach it, for links"
    )
    teams_webhook_url: SecretStr = Field(
        default=SecretStr(""), description="Workflows webhook of the Team Ticketing channel"
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""), description="smtp://user:password@host:port for mailed summaries"
    )

    # Running
    worker_processes: int = Field(default=2, ge=1, le=64, description="Celery processes of `up`")
    worker_threads: int = Field(default=8, ge=1, le=64, description="threads of each process")
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @property
    def go_live(self) -> datetime | None:
        return self.route_tickets_since


def require(settings: Settings, *names: str) -> None:
    """Stop a process that can't do its work without these. Raises `SettingsError`."""
    lacking = []
    for name in names:
        value = getattr(settings, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not plain:
            purpose = Settings.model_fields[name].description
            lacking.append(f"{name.upper()} ({purpose}) is not set; {_WHERE}.")
    if lacking:
        raise SettingsError("Nothing was started.\n" + "\n".join(lacking))


_WHERE = "set it in the environment or in .env (see .env.example)"


def load_settings(**overrides: object) -> Settings:
    """Read the environment and `.env`. Raises `SettingsError` with one line for each fault."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_in_words(error)) from None


def _in_words(error: ValidationError) -> str:
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        name = str(fault["loc"][0])
        field = Settings.model_fields.get(name)
        purpose = f" ({field.description})" if field and field.description else ""
        if fault["type"] == "missing":
            wrong = f"is not set; {_WHERE}"
        else:
            wrong = "is wrong: " + fault["msg"].removeprefix("Value error, ")
        lines.append(f"{name.upper()}{purpose} {wrong}.")
    where = f" Read from the environment and {Path('.env').resolve()}." if _has_env_file() else ""
    return "Nothing was started.\n" + "\n".join(lines) + where


def _has_env_file() -> bool:
    return os.path.exists(".env")
