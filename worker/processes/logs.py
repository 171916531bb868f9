"""Logs: one line for each event, the ids as fields, never a secret.

A secret is masked by the name of the field it stands in and, wherever else it turns up (a nested
value, a library's sentence, the text of an exception), by its value. In addresses that no setting
holds, what their parts are called tells.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Collection, Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote, unquote, urlsplit

import structlog
from pydantic import SecretStr

from config.settings import Settings
from worker.commands.terminal import shown

MASK = "***"
_SECRET_WORDS = ("token", "secret", "password", "authorization", "signature", "api_key", "cookie")
# user:password@ and the parts of a query that open doors (a Teams channel's address has `sig`).
_IN_ADDRESSES = (
    (re.compile(r"(://)[^/\s:@]*:[^/\s@]+@"), rf"\1{MASK}@"),
    (
        re.compile(
            r"([?&;](?:sig|signature|code|key|token|access_token|secret|password)=)[^&\s\"'<>]+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)
_SHORTEST = 4  # what is shorter is no secret, and masking it would shred every line
_DEPTH = 20
_NOISY = ("urllib3", "celery.app.trace", "celery.worker.strategy", "kombu")
# uvicorn warns of each request that is no HTTP and of each connection too many: a stranger who
# sends nothing else would fill the disk.
_AT_STRANGERS_WILL = ("uvicorn",)
_before: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.ExtraAdder(),
)


def configure_logs(settings: Settings) -> None:
    """Send our own and the libraries' logs to standard error: readable on a terminal, JSON
    lines elsewhere. What ends a process or a thread is logged too.
    """
    structlog.configure(
        processors=[*_before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [log_handler(sys.stderr, secrets_of(settings))]
    root.setLevel(settings.log_level)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel("WARNING")
    for name in _AT_STRANGERS_WILL:
        logging.getLogger(name).setLevel("ERROR")
    sys.excepthook = _log_crash
    threading.excepthook = _log_thread_crash


def log_handler(stream: TextIO, secrets: Collection[str]) -> logging.Handler:
    """A handler that writes events to a stream with these values masked."""
    renderers: list[structlog.typing.Processor] = (
        # Its own tracebacks would show the values of variables.
        [
            _harmless,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
        if stream.isatty()
        else [structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                Masking(secrets),
                *renderers,
            ],
        )
    )
    return handler


def _harmless(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Any:
    """Sentences with foreign words in them can neither steer the terminal nor forge a line; values
    the renderer quotes itself, and so does JSON.
    """
    event["event"] = " ".join(shown(event["event"]).plain.splitlines())
    if "exception" in event:
        event["exception"] = shown(event["exception"]).plain
    return event


def secrets_of(settings: Settings) -> frozenset[str]:
    """Every value that must not be shown: the secret settings, and the passwords inside them."""
    found: set[str] = set()
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            found |= _with_passwords(value.get_secret_value())
        elif name == "redis_url":
            found |= _passwords(value)
    return frozenset(one for one in found if len(one) >= _SHORTEST)


def _with_passwords(secret: str) -> set[str]:
    if "://" in secret:
        return {secret} | _passwords(secret)
    _, colon, password = secret.partition(":")
    return {secret, password} if colon else {secret}


def _passwords(url: str) -> set[str]:
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return set()
    return {password, unquote(password)}


class Masking:
    """A structlog processor that masks secrets in a whole event, however deep."""

    def __init__(self, secrets: Collection[str]) -> None:
        shown_as = {form for one in secrets for form in (one, quote(one, safe=""), repr(one)[1:-1])}
        # The longest first: one secret may hold another.
        self._secrets = sorted(shown_as, key=len, reverse=True)

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        return {name: self._named(name, value, 0) for name, value in event.items()}

    def text(self, text: str) -> str:
        """A text with every secret masked."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for pattern, masked in _IN_ADDRESSES:
            text = pattern.sub(masked, text)
        return text

    def _named(self, name: object, value: Any, depth: int) -> Any:
        if any(word in str(name).lower() for word in _SECRET_WORDS):
            return MASK
        return self._value(value, depth)

    def _value(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if depth >= _DEPTH:
            return "…"
        if isinstance(value, Mapping):
            return {
                self.text(str(name)): self._named(name, one, depth + 1)
                for name, one in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(one, depth + 1) for one in value]
        said = value.decode("utf-8", "replace") if isinstance(value, bytes) else repr(value)
        return self.text(said)


def _log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().critical("process_crashed", exc_info=(kind, error, trace))


def _log_thread_crash(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is None or issubclass(what.exc_type, SystemExit):
        return
    structlog.get_logger().critical(
        "thread_crashed",
        thread=what.thread.name if what.thread else "",
        exc_info=(what.exc_type, what.exc_value, what.exc_traceback),
    )
