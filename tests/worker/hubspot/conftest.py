"""A gateway whose every call is caught before it leaves, and a limiter that notes what it hears."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest
import responses
from pydantic import SecretStr

from config.settings import CONFIG_DIR
from worker.hubspot.client import HubSpotClient
from worker.hubspot.limits import Bucket
from worker.hubspot.names import PropertyNames
from worker.hubspot.service import HubSpotService
from worker.routing.policy_document import PolicyDocument
from worker.routing.policy_file import read_document

BASE = "https://api.hubapi.com"
TOKEN = "pat-na1-secret-of-the-tests"


@dataclass
class Quota:
    """A limiter that always has a place; notes what was asked and told."""

    asked: list[Bucket] = field(default_factory=list)
    learned: list[tuple[Bucket, Mapping[str, str]]] = field(default_factory=list)
    held: list[tuple[str, float]] = field(default_factory=list)

    def acquire(self, bucket: Bucket) -> None:
        self.asked.append(bucket)

    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        self.learned.append((bucket, headers))

    def hold(self, bucket: Bucket, seconds: float) -> None:
        self.held.append((str(bucket), seconds))

    def hold_everything(self, seconds: float) -> None:
        self.held.append(("everything", seconds))


@pytest.fixture(autouse=True)
def _sent_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what a limit refused not at all, where a test does not say so."""
    monkeypatch.setattr("worker.hubspot.client.READ_AGAIN_S", 0.0)
    monkeypatch.setattr("worker.hubspot.client.MAX_SLEEP_S", 0.0)


@pytest.fixture
def quota() -> Quota:
    return Quota()


@pytest.fixture
def client(quota: Quota) -> HubSpotClient:
    return HubSpotClient(SecretStr(TOKEN), BASE, quota)


@pytest.fixture
def hubspot(client: HubSpotClient) -> HubSpotService:
    """The gateway to a portal that calls two of our properties otherwise."""
    names = {"tickets": PropertyNames({"routing_queue": "team", "erp": "client_erp_name"})}
    return HubSpotService(client, "2026-09", names)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[responses.RequestsMock]:
    """Answers in HubSpot's stead. Whatever `responses` does not catch fails the test when it
    tries to connect.
    """

    def leave(*address: Any, **_: Any) -> NoReturn:
        pytest.fail(f"a call left by another way, to {address[-2:]}")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, leave)
    monkeypatch.setattr(socket, "getaddrinfo", leave)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture(scope="module")
def policy() -> PolicyDocument:
    return read_document(CONFIG_DIR / "escalation.yaml")
