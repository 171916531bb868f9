"""The environment, read once: every variable, its type, its default and why it is there.

`load_settings()` is called where a process starts and the result is handed on; nothing reads
the environment behind its back.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from annotated_types import Ge, Le
from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

CONFIG_DIR = Path(__file__).resolve().parent
_MAIL_ADDRESS = re.compile(r"[^@\s<>,;:\"()\\]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,6}")


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it and says what would be right."""


class RoutingMode(StrEnum):
    """How much the worker is trusted with (README.md, "Watch, then trust")."""

    OBSERVE = "observe"
    SUGGEST = "suggest"
    ROUTE = "route"


def _is_address(value: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # its words would show the value, which may hold a password
        return False
    return parts.scheme in schemes and (named or parts.scheme == "unix")


def _http_url(value: str) -> str:
    if not _is_address(value, "http", "https"):
        raise ValueError(
            "must be an http:// or https:// address, such as https://support.example.com"
        )
    return value.rstrip("/")


def _optional_http_url(value: str) -> str:
    return _http_url(value) if value else value


def _target_url(value: str) -> str:
    _optional_http_url(value)
    return value  # as it stands: HubSpot signs its very characters, a slash at the end too


def _redis_url(value: str) -> str:
    if not _is_address(value, "redis", "rediss", "unix"):
        raise ValueError("must be a Redis address, such as redis://127.0.0.1:6379/0")
    return value


def _secret_http_url(value: SecretStr) -> SecretStr:
    _optional_http_url(value.get_secret_value())
    return value


def _smtp_url(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _is_address(value.get_secret_value(), "smtp", "smtps"):
        raise ValueError("must be smtp://user:password@host:port, or smtps:// for TLS throughout")
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


def _password(value: SecretStr) -> SecretStr:
    if 0 < len(value.get_secret_value()) < 8:
        raise ValueError("must have at least 8 characters")
    return value


def _no_line_breaks(value: SecretStr) -> SecretStr:
    if any(character.isspace() for character in value.get_secret_value()):
        raise ValueError("must not hold spaces or line breaks; copy the value alone")
    return value


def mail_addresses(value: str) -> list[str]:
    """The addresses in a text with commas between."""
    return [one.strip() for one in value.split(",") if one.strip()]


def _mail_addresses(value: str) -> str:
    if not all(_MAIL_ADDRESS.fullmatch(one) for one in mail_addresses(value)):
        raise ValueError("must be mail addresses with commas between, such as lead@example.com")
    return value


def _optional_mail_address(value: str) -> str:
    if value and not _MAIL_ADDRESS.fullmatch(value):
        raise ValueError("must be a mail address, such as tickets@example.com")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
OptionalHttpUrl = Annotated[str, AfterValidator(_optional_http_url)]
TargetUrl = Annotated[str, AfterValidator(_target_url)]
Token = Annotated[SecretStr, AfterValidator(_no_line_breaks)]
Login = Annotated[SecretStr, AfterValidator(_user_and_password)]
Password = Annotated[SecretStr, AfterValidator(_password)]


class Settings(BaseSettings):
    """All settings. A wrong value stops the start with a `SettingsError`."""

    # A variable that is there but empty counts as not set.
    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
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
    webhook_public_url: TargetUrl = Field(
        default="", description="target URL as entered in HubSpot; signatures cover it"
    )
    webhook_allow_v1: bool = Field(
        default=False, description="accept v1 signatures (no replay protection) until a v3 comes"
    )

    # Redis
    redis_url: Annotated[str, AfterValidator(_redis_url)] = Field(
        default="redis://127.0.0.1:6379/0",
        description="inbox, limits, caches and Celery's broker",
        repr=False,  # it may hold a password
    )

    # Routing
    routing_mode: RoutingMode = Field(
        default=RoutingMode.SUGGEST,
        description="observe writes nothing, suggest moves nothing, route moves tickets",
    )
    route_tickets_since: AwareDatetime | None = Field(
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
    reports_password: Password = Field(
        default=SecretStr(""), description="password of the report pages, at least 8 characters"
    )
    reports_public_url: OptionalHttpUrl = Field(
        default="", description="address of the report pages as people reach it, for links"
    )
    reports_teams_webhook_url: Annotated[SecretStr, AfterValidator(_secret_http_url)] = Field(
        default=SecretStr(""), description="Workflows webhook that gets the report's summary"
    )
    reports_mail_to: Annotated[str, AfterValidator(_mail_addresses)] = Field(
        default="", description="addresses that get the report's summary, with commas"
    )
    reports_mail_from: Annotated[str, AfterValidator(_optional_mail_address)] = Field(
        default="", description="sender of the summaries; by default the first receiver"
    )
    teams_webhook_url: Annotated[SecretStr, AfterValidator(_secret_http_url)] = Field(
        default=SecretStr(""), description="Workflows webhook of the Team Ticketing channel"
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] = Field(
        default=SecretStr(""), description="smtp://user:password@host:port for mailed summaries"
    )

    # Running
    worker_processes: int = Field(default=2, ge=1, le=64, description="Celery processes of `up`")
    worker_threads: int = Field(default=8, ge=1, le=64, description="threads of each process")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="the least that is logged"
    )

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


def load_settings(**overrides: Any) -> Settings:
    """Read the environment and `.env`. Raises `SettingsError` with one line for each fault."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(_in_words(error)) from None
    except (UnicodeDecodeError, OSError):
        raise SettingsError(
            f"Nothing was started.\n{Path('.env').resolve()} can't be read as text; save it as "
            "UTF-8 and let this user read it."
        ) from None


def _in_words(error: ValidationError) -> str:
    lines = ["Nothing was started."]
    for fault in error.errors(include_input=False, include_url=False):
        name = str(fault["loc"][0])
        purpose = Settings.model_fields[name].description
        lines.append(f"{name.upper()} ({purpose}) is wrong: {_right(name, fault)}.")
    where = f" and {Path('.env').resolve()}" if _has_env_file() else ""
    lines.append(f"Read from the environment{where}.")
    return "\n".join(lines)


def _right(name: str, fault: ErrorDetails) -> str:
    """What would be right. Never shows the wrong value: it may be a secret in the wrong place."""
    kind = fault["type"]
    if kind.startswith("bool"):
        return "must be true or false"
    if kind.startswith(("date", "timezone")):
        return "must be a date and time with its zone, such as 2026-11-23T08:00:00Z"
    if kind.startswith(("int", "float", "greater", "less", "finite")):
        return f"must be a number {_range(name)}"
    return fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")


def _range(name: str) -> str:
    limits = {type(limit): limit for limit in Settings.model_fields[name].metadata}
    return f"from {limits[Ge].ge} to {limits[Le].le}"


def _has_env_file() -> bool:
    return os.path.exists(".env")
