"""What was learned, kept as arrays and JSON in one file, checked by hash; never as pickle.

The file is named by what it was learned from, written beside its place and renamed into it, so
that two processes may train at once and a reader never sees half of one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from worker.routing.asking import Asking
from worker.routing.classifier import Classifier
from worker.routing.confidence import Calibration
from worker.routing.examples import example_hash
from worker.routing.meanings import Meanings
from worker.routing.measuring import Linear
from worker.routing.policy_document import PolicyDocument, PolicyError
from worker.routing.topics import Splitting
from worker.routing.trees import Trees
from worker.routing.vocabulary import Vocabulary

FORMAT = "ticket model 6"
"""Changes with everything that makes an old file useless: features, training, layout."""
KEPT = 4
"""Models of earlier examples that stay in the folder, for a way back."""
TREES = ("roots", "feature", "threshold", "low", "high", "value")
"""The arrays of `Trees`."""


def cache_path(
    document: PolicyDocument, examples_dir: Path, meanings_path: Path, cache_dir: Path
) -> Path:
    """Where the model of these examples, meanings and types is, or would be."""
    types = {code: [kind.queue, kind.means] for code, kind in document.types.items()}
    sources = [example_hash(examples_dir), meanings_hash(meanings_path)]
    key = json.dumps([FORMAT, *sources, types, document.max_characters])
    return cache_dir / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.model"


def meanings_hash(path: Path) -> str:
    """A hash over the meanings file (64 hex digits). Raises `PolicyError` when it is absent."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PolicyError(f"{path}: can't be read ({error.strerror}).") from None


def save(classifier: Classifier, path: Path) -> None:
    """Write a model so that it appears whole or not at all; older ones beyond four go."""
    buffer = io.BytesIO()
    about = {
        "types": list(classifier.types),
        "terms": classifier.vocabulary.terms,
        "meanings": classifier.meanings.table,
        "asking": asdict(classifier.asking),
        "sharpness": classifier.sharpness,
        "calibration": asdict(classifier.calibration),
        "splitting": {
            "depth": classifier.splitting.trees.depth,
            "middle": classifier.splitting.middle,
            "certain": classifier.splitting.certain,
        },
    }
    text = json.dumps(about, ensure_ascii=False).encode()
    np.savez(
        buffer,
        about=np.frombuffer(text, dtype=np.uint8),
        weights=classifier.linear.weights,
        bias=classifier.linear.bias,
        company=classifier.splitting.company,
        rarity=classifier.vocabulary.rarity,
        **{f"trees_{name}": getattr(classifier.splitting.trees, name) for name in TREES},
    )
    payload = buffer.getvalue()
    header = {"format": FORMAT, "sha256": hashlib.sha256(payload).hexdigest()}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".training-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(header).encode() + b"\n")
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _forget_old(path)


def load(path: Path) -> Classifier:
    """A model from its file. Raises `ValueError` when the file is not what was written."""
    data = path.read_bytes()
    line_end = data.find(b"\n", 0, 4096)
    try:
        header = json.loads(data[: max(line_end, 0)])
    except ValueError:
        raise ValueError("no header") from None
    payload = memoryview(data)[line_end + 1 :]
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError("of another version")
    if hashlib.sha256(payload).hexdigest() != header.get("sha256"):
        raise ValueError("damaged: its hash does not match")
    with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
        about = json.loads(arrays["about"].tobytes())
        return Classifier(
            types=tuple(about["types"]),
            meanings=Meanings(about["meanings"]),
            asking=Asking(
                words=about["asking"]["words"],
                flags=tuple(about["asking"]["flags"]),
                middle=about["asking"]["middle"],
            ),
            vocabulary=Vocabulary(about["terms"], arrays["rarity"]),
            linear=Linear(weights=arrays["weights"], bias=arrays["bias"]),
            splitting=Splitting(
                company=arrays["company"],
                trees=Trees(
                    **{name: arrays[f"trees_{name}"] for name in TREES},
                    depth=about["splitting"]["depth"],
                ),
                middle=about["splitting"]["middle"],
                certain=about["splitting"]["certain"],
            ),
            sharpness=float(about["sharpness"]),
            calibration=Calibration(**about["calibration"]),
        )


def _forget_old(newest: Path) -> None:
    def age(path: Path) -> float:
        try:
            return -path.stat().st_mtime
        except OSError:
            return 0.0

    others = [p for p in newest.parent.glob("*.model") if p != newest]
    for path in sorted(others, key=age)[KEPT - 1 :]:
        path.unlink(missing_ok=True)
