"""`make audit` says which of three things is the case, and passes in one of them alone. The auditor
is a stand-in here: advisories come over the network.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOUND = "echo 'No known vulnerabilities found' >&2"
VULNERABLE = (
    'echo "Found 1 known vulnerability" >&2; echo "urllib3 2.8.0 PYSEC-1" > "$found"; exit 1'
)
AWAY = "echo 'Traceback' >&2; echo 'ConnectionError: no such host' >&2; exit 1"


def audited(folder: Path, behaviour: str) -> subprocess.CompletedProcess[str]:
    (folder / "bin").mkdir()
    auditor = folder / "bin" / "pip-audit"
    auditor.write_text(
        f'#!/bin/sh\necho "$@" > {folder}/asked\nfound={folder}/found\n{behaviour}\n'
    )
    auditor.chmod(0o755)
    (folder / ".installed").touch()
    command = ["make", "audit", f"AUDIT={folder}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_sound_versions_pass(tmp_path: Path) -> None:
    done = audited(tmp_path, SOUND)
    assert (done.returncode, "No known vulnerabilities" in done.stdout) == (0, True)
    asked = (tmp_path / "asked").read_text().split()
    assert asked[asked.index("--requirement") + 1] == "requirements/run.lock"
    assert "--strict" in asked, "a package of which nothing could be learned is not a sound one"


@pytest.mark.parametrize(
    ("behaviour", "said", "unsaid"),
    [
        (VULNERABLE, "urllib3 2.8.0 PYSEC-1\nThese versions are known to be vulnerable", "fetched"),
        (AWAY, "no such host\nThe advisories could not be fetched: nothing was", "vulnerable"),
    ],
)
def test_what_is_wrong_is_said_and_fails(
    tmp_path: Path, behaviour: str, said: str, unsaid: str
) -> None:
    done = audited(tmp_path, behaviour)
    assert done.returncode != 0
    assert said in done.stderr
    assert unsaid not in done.stderr
