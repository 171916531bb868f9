from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.worker.routing.test_trees import BOTH_HIGH
from worker.routing.model_cache import KEPT, cache_path, load, save
from worker.routing.policy import DEFAULT_MEANINGS, DEFAULT_POLICY, Policy, load_policy
from worker.routing.policy_file import read_document
from worker.routing.reading import read
from worker.routing.ticket import Ticket
from worker.routing.train import Sources, train


def sources(examples: Path, cache: Path) -> Sources:
    return Sources(DEFAULT_POLICY, examples, DEFAULT_MEANINGS, cache)


def test_loaded_model_decides_as_the_trained_one(policy: Policy, tmp_path: Path) -> None:
    splitting = replace(policy.classifier.splitting, trees=BOTH_HIGH)
    save(replace(policy.classifier, splitting=splitting), tmp_path / "a.model")
    again = load(tmp_path / "a.model")
    reading = read(Ticket("1", "", "please reset my password"), 20_000)
    before = policy.classifier.measure(reading).row
    after = again.measure(reading).row
    assert np.array_equal(again.linear.margins([after]), policy.classifier.linear.margins([before]))
    assert again.calibration == policy.classifier.calibration
    for corner in ((0, 0), (1, 0), (1, 1)):
        row = np.array(corner, dtype=np.float32)
        assert again.splitting.trees.score(row) == BOTH_HIGH.score(row)


def test_training_twice_gives_the_same_file(examples_dir: Path, tmp_path: Path) -> None:
    first = train(sources(examples_dir, tmp_path / "a")).read_bytes()
    assert train(sources(examples_dir, tmp_path / "b")).read_bytes() == first


def test_damaged_file_is_refused_and_trained_anew(examples_dir: Path, tmp_path: Path) -> None:
    path = train(sources(examples_dir, tmp_path))
    whole = path.read_bytes()
    path.write_bytes(whole[:-100] + bytes(100))
    with pytest.raises(ValueError, match="hash"):
        load(path)
    load_policy(DEFAULT_POLICY, examples_dir, tmp_path)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[]\nabc", b"\x80\x04pickle\n", b"x" * 9000])
def test_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.model").write_bytes(content)
    with pytest.raises(ValueError, match=r"header|version"):
        load(tmp_path / "a.model")


def test_name_follows_the_examples_and_the_meanings(examples_dir: Path, tmp_path: Path) -> None:
    document = read_document(DEFAULT_POLICY)

    def name(examples: Path, meanings: Path) -> str:
        return cache_path(document, examples, meanings, tmp_path).name

    other = tmp_path / "examples"
    other.mkdir()
    for file in examples_dir.glob("*.csv"):
        (other / file.name).write_bytes(file.read_bytes())
    known = name(examples_dir, DEFAULT_MEANINGS)
    assert name(other, DEFAULT_MEANINGS) == known
    with (other / "voice_0.csv").open("a") as text:
        text.write("general,hello,there,,,\n")
    assert name(other, DEFAULT_MEANINGS) != known
    meanings = tmp_path / "meanings.yaml"
    meanings.write_text("meanings:\n  login: [log in]\n")
    assert name(examples_dir, meanings) != known


def test_old_models_are_forgotten(policy: Policy, tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        save(policy.classifier, tmp_path / f"{number}.model")
    assert len(list(tmp_path.iterdir())) == KEPT
    assert (tmp_path / f"{KEPT + 2}.model").exists()


def test_deciding_needs_no_scikit_learn(policy: Policy, tmp_path: Path) -> None:
    save(policy.classifier, tmp_path / "a.model")
    code = (
        "import sys; from pathlib import Path; import worker.routing.decide;"
        "from worker.routing.model_cache import load;"
        "model = load(Path(sys.argv[1]));"
        "from worker.routing.reading import read; from worker.routing.ticket import Ticket;"
        "model.linear.margins([model.measure(read(Ticket('1', '', 'hello'), 1000)).row]);"
        "sys.exit('sklearn' in sys.modules or 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.model")], check=False)
    assert done.returncode == 0
