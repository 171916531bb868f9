"""The settings that a command begins with."""

from __future__ import annotations

from config.settings import Settings, load_settings, require


def here() -> Settings:
    """The settings; beside a running `up`, with the Redis that it brought along. Raises
    `SettingsError`."""
    from worker.processes import embedded_redis

    settings = load_settings()
    if "redis_url" in settings.model_fields_set:
        return settings
    url = embedded_redis.running(settings.data_dir / "redis")
    return load_settings(redis_url=url) if url else settings


def ready() -> Settings:
    """The same, where HubSpot can be spoken to. Raises `SettingsError`."""
    settings = here()
    require(settings, "hubspot_access_token")
    return settings
