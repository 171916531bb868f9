"""`ticket-worker doctor`: each finding, with its mend where something is wrong."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import redis
from pydantic import SecretStr
from rich.console import Console

from config.settings import load_settings
from tests.simulator.hub import Hub
from tests.simulator.process import running_simulator
from tests.stack import TOKEN, provision, settings_for
from worker.commands.doctor import Finding, examine, run_doctor
from worker.processes.counters import Counters
from worker.tickets.identity import KEY as IDENTITY_KEY

WEBHOOKS = {"webhook_public_url": "https://tickets.example.com/webhooks/hubspot"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_simulator("--empty") as base, Hub(base) as hub:
        hub.settings(rates_enabled=False)
        provision(settings_for(base, "redis://127.0.0.1:1/0", tmp_path_factory.mktemp("x")))
        yield hub


class Doctor:
    """Examines with these settings, and others where they are given."""

    def __init__(self, hub: Hub, redis_url: str, folder: Path) -> None:
        self._base, self._redis_url, self._folder = hub.base, redis_url, folder

    def __call__(self, **changes: object) -> dict[str, Finding]:
        """The findings by what they are about."""
        settings = settings_for(self._base, self._redis_url, self._folder, **changes)
        return {finding.about: finding for finding in examine(settings)}


@pytest.fixture
def doctor(hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    monkeypatch.chdir(folder)  # no .env but its own
    return Doctor(hub, redis_url, folder)


def wrong(findings: dict[str, Finding]) -> dict[str, str]:
    return {about: one.said for about, one in findings.items() if one.good is False}


def test_all_is_well(doctor: Doctor, redis_client: redis.Redis) -> None:
    redis_client.set(IDENTITY_KEY, "appId:4711")
    findings = doctor(**WEBHOOKS)
    assert wrong(findings) == {}
    assert findings["our source id"].said == "4711"
    assert findings["Redis"].said == "appendonly yes, maxmemory-policy noeviction"
    assert findings["portal"].said == "takes every decision of the policy"


def test_who_is_told_of_hand_offs_is_said(doctor: Doctor) -> None:
    assert doctor()["TEAMS_WEBHOOK_URL"].good is None
    told = doctor(teams_webhook_url=SecretStr("https://teams.example/x?sig=s3cret"))
    assert told["TEAMS_WEBHOOK_URL"].good
    assert "s3cret" not in str(told)


def test_our_source_id_is_not_known_at_first(doctor: Doctor) -> None:
    assert doctor()["our source id"] == Finding(
        "our source id", None, "not learned yet; the first ticket moved or handed on tells it"
    )


def test_a_redis_that_forgets_or_evicts_is_a_fault(
    doctor: Doctor, redis_client: redis.Redis
) -> None:
    redis_client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        said = wrong(doctor())["Redis"]
    finally:
        redis_client.config_set("maxmemory-policy", "noeviction")
    assert "Set appendonly yes and maxmemory-policy noeviction" in said


def test_deliveries_that_are_all_forged_point_to_the_secret(
    doctor: Doctor, redis_client: redis.Redis
) -> None:
    assert "deliveries" not in doctor()
    Counters(redis_client).add({"webhook_refused:forged": 7, "webhook_refused:stale": 1})
    said = wrong(doctor(**WEBHOOKS))["deliveries"]
    assert "0 events taken; refused: 7 forged, 1 stale" in said
    assert "HUBSPOT_CLIENT_SECRET" in said
    Counters(redis_client).add({"webhook_events": 1200})
    finding = doctor(**WEBHOOKS)["deliveries"]
    assert (finding.good, finding.said.partition(";")[0]) == (True, "1,200 events taken")


def test_a_broken_file_does_not_hide_the_rest(doctor: Doctor, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    findings = doctor(policy_file=broken, portal_file=broken)
    assert set(wrong(findings)) == {"policy", "portal.yaml"}
    assert findings["token"].good
    assert "line" in findings["policy"].said


def test_a_property_that_goes_by_another_name_is_found(
    doctor: Doctor, hub: Hub, tmp_path: Path, redis_url: str, folder: Path
) -> None:
    text = (Path(__file__).resolve().parents[3] / "config" / "portal.yaml").read_text()
    names = tmp_path / "portal.yaml"
    names.write_text(text.replace("ticket_properties: {}", "ticket_properties: {routing_queue: q}"))
    said = wrong(doctor(portal_file=names))["portal"]
    assert "routing_queue" in said
    assert "ticket-worker setup" in said
    provision(settings_for(hub.base, redis_url, folder, portal_file=names))
    assert wrong(doctor(portal_file=names)) == {}


def test_webhooks_are_off_or_of_use_or_neither(doctor: Doctor) -> None:
    assert doctor()["webhooks"].said.startswith("off: ")
    assert doctor(**WEBHOOKS)["webhooks"].good
    plain = doctor(webhook_public_url="http://tickets.example.com/webhooks/hubspot")
    assert "https only" in wrong(plain)["webhooks"]


def test_a_target_url_is_kept_to_the_letter() -> None:
    url = "https://tickets.example.com/hub%2Fspot/"
    assert load_settings(_env_file=None, webhook_public_url=url).webhook_public_url == url


@pytest.mark.parametrize(("mode", "good"), [(0o600, True), (0o640, False), (0o604, False)])
def test_a_file_of_secrets_is_for_its_owner_alone(doctor: Doctor, mode: int, good: bool) -> None:
    Path(".env").touch(mode)
    Path(".env").chmod(mode)
    findings = doctor()
    assert (".env" not in findings) is good
    assert good or "chmod 600 .env" in wrong(findings)[".env"]


def test_a_token_that_would_go_in_the_clear_is_a_fault(folder: Path) -> None:
    there = settings_for("http://hubspot.example", "redis://127.0.0.1:1/0", folder)
    assert any("in the clear" in finding.said for finding in examine(there))


def test_a_secret_in_a_servers_words_is_masked(
    hub: Hub, redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Quoting(redis.Redis):
        def config_get(self, *_: object, **__: object) -> NoReturn:
            raise redis.AuthenticationError(f"refused for {TOKEN}")

    monkeypatch.setattr("worker.commands.doctor.connect", lambda _: Quoting())
    page = io.StringIO()
    run_doctor(settings_for(hub.base, redis_url, folder), Console(file=page, width=150))
    assert "refused for ***" in page.getvalue()
    assert TOKEN not in page.getvalue()


def test_it_prints_findings_as_they_are(
    hub: Hub, redis_url: str, folder: Path, redis_client: redis.Redis
) -> None:
    redis_client.set(IDENTITY_KEY, "[bold]x[/]\x1b[2J")
    page = io.StringIO()
    status = run_doctor(settings_for(hub.base, redis_url, folder), Console(file=page, width=150))
    assert status == 0
    assert "[bold]x[/]�[2J" in page.getvalue()
    assert page.getvalue().strip().endswith("all well")
