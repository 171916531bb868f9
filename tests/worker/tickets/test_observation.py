"""What the worker would have done, in the mode that writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import redis

from tests.worker.tickets.test_effects import DECISION
from worker.routing.decision import Evidence, Topic
from worker.tickets.observation import KEPT_S, KEY, Observations


@pytest.fixture
def observations(redis_client: redis.Redis, tmp_path: Path) -> Observations:
    return Observations(redis_client, tmp_path / "var" / "observe")


def lines(folder: Path) -> list[dict[str, object]]:
    (file,) = (folder / "var" / "observe").iterdir()
    assert file.name in {f"{datetime.now(UTC):%Y-%m-%d}.jsonl"}
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def test_a_decision_is_written_down_whole(observations: Observations, tmp_path: Path) -> None:
    rich = replace(
        DECISION,
        evidence=(Evidence("new layout 😀\n", "ocr_training"),),
        topics=(Topic("ocr_training", "ocr", "teach"),),
    )

    observations.note({"1": ("v1", rich)})
    observations.note({"2": ("v1", replace(DECISION, id="2"))})

    first, second = lines(tmp_path)
    assert first["id"] == "1"
    assert first["routed_to"] == "ocr"
    assert first["evidence"] == [{"text": "new layout 😀\n", "supports": "ocr_training"}]
    assert datetime.fromisoformat(str(first["at"])).tzinfo is not None
    assert second["id"] == "2"


def test_the_same_state_is_looked_at_once_and_a_new_one_again(observations: Observations) -> None:
    observations.note({"1": ("modified-1/policy-1", DECISION)})

    assert observations.seen({"1": "modified-1/policy-1"}) == {"1"}
    assert observations.seen({"1": "modified-2/policy-1"}) == set()
    assert observations.seen({"1": "modified-1/policy-2"}) == set()
    assert observations.seen({"2": "modified-1/policy-1"}) == set()
    assert observations.seen({}) == set()


def test_it_is_remembered_for_seven_days(
    observations: Observations, redis_client: redis.Redis
) -> None:
    observations.note({"1": ("v", DECISION)})

    assert KEPT_S - 60 < int(redis_client.ttl(KEY + "1")) <= KEPT_S == 7 * 24 * 3600


def test_what_could_not_be_written_down_is_not_remembered_as_seen(
    redis_client: redis.Redis, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    observations = Observations(redis_client, tmp_path / "file" / "observe")

    with pytest.raises(OSError, match="file"):
        observations.note({"1": ("v", DECISION)})

    assert observations.seen({"1": "v"}) == set()


def test_nothing_decided_makes_no_file(observations: Observations, tmp_path: Path) -> None:
    observations.note({})

    assert not (tmp_path / "var").exists()
