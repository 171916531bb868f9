"""docker-compose.yml against the compose specification, and against what we want of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from tests.compose_file import COMPOSE, VariableMissing, load

LOGIN = {"FLOWER_BASIC_AUTH": "flower:a-long-password"}
SERVICES: dict[str, Any] = load(LOGIN)["services"]
OURS = {name: service for name, service in SERVICES.items() if name != "redis"}
MEMORY = {"M": 1, "G": 1024}


def check_schema(file: Path) -> subprocess.CompletedProcess[str]:
    """Checked by the compose specification's own schema, which check-jsonschema brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)


def published(service: dict[str, Any]) -> dict[str, str]:
    """Port inside → the address outside that leads to it, or `everywhere`."""
    found = {}
    for port in service.get("ports", []):
        outside, _, inside = port.rpartition(":")
        address, _, number = outside.rpartition(":")
        assert number.isdecimal(), port
        found[inside] = address or "everywhere"
    return found


def test_the_file_fits_the_specification() -> None:
    done = check_schema(COMPOSE)
    assert done.returncode == 0, done.stdout


def test_a_misspelt_key_would_not_fit_the_specification(tmp_path: Path) -> None:
    misspelt = tmp_path / "docker-compose.yml"
    misspelt.write_text(COMPOSE.read_text().replace("read_only:", "readonly:"))
    done = check_schema(misspelt)
    assert done.returncode == 1
    assert "readonly" in done.stdout


def test_every_process_of_the_worker_has_a_service_and_redis_is_beside_them() -> None:
    commands = {name: service["command"][:2] for name, service in OURS.items()}
    assert commands == {
        name: ["ticket-worker", name] for name in ("receiver", "worker", "beat", "flower")
    }
    assert set(SERVICES) == {*commands, "redis"}


def test_one_image_serves_all_of_ours() -> None:
    assert {(service["image"], service["build"]) for service in OURS.values()} == {
        ("hubspot-ticket-worker", ".")
    }


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_as_little_as_possible(name: str) -> None:
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    forbidden = {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode", "userns_mode"}
    assert not forbidden & set(service)
    for mount in [*service.get("volumes", []), *service.get("tmpfs", [])]:
        assert "docker.sock" not in mount
        assert not mount.startswith((".", "~")), "nothing of the host is mounted"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_watched_restarted_and_bounded(name: str) -> None:
    service = SERVICES[name]
    check = service["healthcheck"]
    assert check["test"][0] == "CMD", "no shell in between"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert service["restart"] == "unless-stopped"
    limits = service["deploy"]["resources"]["limits"]
    assert 0 < float(limits["cpus"]) <= 1
    assert 0 < int(limits["memory"][:-1]) * MEMORY[limits["memory"][-1]] <= 1024
    assert 0 < limits["pids"] <= 256
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


def test_redis_keeps_an_append_only_file_on_a_volume_and_never_forgets_for_room() -> None:
    redis = SERVICES["redis"]
    command = redis["command"]
    said = dict(zip(command[1::2], command[2::2], strict=True))
    assert said["--appendonly"] == "yes"
    assert said["--maxmemory-policy"] == "noeviction"
    room = int(said["--maxmemory"].removesuffix("mb"))
    limit = int(redis["deploy"]["resources"]["limits"]["memory"].removesuffix("M"))
    assert room * 2 <= limit, "rewriting the file may double what is held"
    assert redis["volumes"] == ["redis:/data"]


def test_nothing_is_published_but_the_public_listener_and_two_doors_on_loopback() -> None:
    assert {name: published(service) for name, service in SERVICES.items()} == {
        "redis": {},
        "receiver": {"8080": "everywhere", "8081": "127.0.0.1"},
        "worker": {},
        "beat": {},
        "flower": {"5555": "127.0.0.1"},
    }


def test_what_is_published_is_what_listens_inside() -> None:
    receiver, flower = OURS["receiver"]["environment"], OURS["flower"]["environment"]
    assert (receiver["RECEIVER_PORT"], receiver["PRIVATE_PORT"]) == ("8080", "8081")
    assert flower["FLOWER_PORT"] == "5555"
    inside = {receiver["RECEIVER_HOST"], receiver["PRIVATE_HOST"], flower["FLOWER_HOST"]}
    assert inside == {"0.0.0.0"}, "loopback inside a container can't be published"


def test_only_what_must_reach_hubspot_or_be_reached_leaves_the_inner_network() -> None:
    networks = load(LOGIN)["networks"]
    assert networks["inside"] == {"internal": True}
    assert {name for name, one in SERVICES.items() if "outside" in one["networks"]} == {
        "receiver",
        "worker",
        "flower",
    }
    assert all("inside" in service["networks"] for service in SERVICES.values())


def test_beat_and_flower_get_no_secret_of_hubspot() -> None:
    with_secrets = {name for name, service in SERVICES.items() if "env_file" in service}
    assert with_secrets == {"receiver", "worker"}
    for name in ("beat", "flower"):
        assert not [one for one in OURS[name]["environment"] if one.startswith("HUBSPOT")]


def test_without_a_login_for_flower_compose_does_not_start() -> None:
    with pytest.raises(VariableMissing, match=r"^FLOWER_BASIC_AUTH: .*user:password"):
        load({})


def test_no_secret_stands_in_the_file() -> None:
    for name, service in OURS.items():
        for variable, value in service["environment"].items():
            secret = re.search("TOKEN|SECRET|PASSWORD|AUTH|SMTP", variable)
            assert not secret or value == LOGIN.get(variable), (name, variable)


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_a_service_is_a_setting(name: str) -> None:
    assert {one.lower() for one in OURS[name]["environment"]} <= set(Settings.model_fields)


@pytest.mark.parametrize("name", OURS)
def test_no_address_or_path_of_the_host_gets_into_a_container(name: str) -> None:
    said = OURS[name]["environment"]
    assert said["REDIS_URL"] == "redis://redis:6379/0"
    assert said["DATA_DIR"] == "/var/lib/ticket-worker"
    assert said["REPORTS_DIR"] == f"{said['DATA_DIR']}/reports"
    paths = {n.upper() for n, field in Settings.model_fields.items() if field.annotation is Path}
    assert {said[path] for path in paths - {"DATA_DIR", "REPORTS_DIR"}} == {""}


def test_reports_are_written_by_workers_and_only_read_by_the_receiver() -> None:
    folder = OURS["worker"]["environment"]["REPORTS_DIR"]
    assert f"reports:{folder}" in OURS["worker"]["volumes"]
    assert OURS["receiver"]["volumes"] == [f"reports:{folder}:ro"]


def test_every_volume_is_a_folder_of_the_image_so_that_its_user_may_write_there() -> None:
    made = (COMPOSE.parent / "Dockerfile").read_text()
    for service in OURS.values():
        for mount in service.get("volumes", []):
            name, folder = mount.split(":")[:2]
            assert name in load(LOGIN)["volumes"]
            assert re.search(rf"mkdir[^&\n]* {folder}\b", made), folder


def test_workers_scale_with_the_setting_that_up_uses() -> None:
    assert SERVICES["worker"]["deploy"]["replicas"] == "2"
    four = load({**LOGIN, "WORKER_PROCESSES": "4"})
    assert four["services"]["worker"]["deploy"]["replicas"] == "4"


def test_a_stopped_worker_has_time_to_finish_its_batch() -> None:
    for service in SERVICES.values():
        assert service["stop_grace_period"] == "30s"
