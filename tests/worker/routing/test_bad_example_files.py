"""An example file that goes wrong while workers run. What else can be wrong: `test_examples.py`."""

from __future__ import annotations

import threading
from pathlib import Path

from structlog.testing import capture_logs

from tests.worker.routing.conftest import write_examples
from worker.processes.policy_keeper import PolicyKeeper
from worker.routing.examples import example_hash
from worker.routing.policy import DEFAULT_POLICY, Policy, load_policy

HEADER = b"type,subject,body,channel,managed_services,voice\n"


def test_the_last_good_policy_stays_and_the_mend_is_told(tmp_path: Path, policy: Policy) -> None:
    folder = write_examples(tmp_path / "examples")
    good = example_hash(folder)

    def load() -> Policy:
        if example_hash(folder) == good:
            return policy
        return load_policy(DEFAULT_POLICY, folder, tmp_path / "model")

    with capture_logs() as logs:
        keeper = PolicyKeeper(load, lambda: example_hash(folder), looked_at_s=0)
        (folder / "desk.csv").write_bytes(HEADER + "general,café,b,,,\n".encode("cp1252"))
        assert keeper.current() is policy
        for thread in threading.enumerate():
            if thread.name == "policy":
                thread.join(60)
        assert keeper.current() is policy
    (told,) = (line for line in logs if line["event"] == "policy_refused")
    assert "desk.csv, line 2" in told["why"]
    assert "CSV UTF-8" in told["why"]
    assert told["kept"] == policy.version
