"""What a classifier says of examples that it did not learn from, their voices held out in turn.

Training makes these margins anyway; they are kept in a file beside the model, so that a backtest
of the examples, the choice of the bars and the lint need no training of their own.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from worker.routing.softmax import Floats

if TYPE_CHECKING:
    from worker.routing.training import Trained

SUFFIX = ".held-out.npz"


def in_order(trained: Trained) -> Floats:
    """One row an example, in the order in which they were given; one column a type."""
    margins: Floats = trained.margins[np.argsort(trained.rows)]
    return margins


def keep(trained: Trained, model: Path) -> None:
    """Put the held-out margins beside a model's file; those of forgotten models go. Raises
    `OSError`."""
    handle, temporary = tempfile.mkstemp(dir=model.parent, prefix=".held-out-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, margins=in_order(trained))
        Path(temporary).replace(model.with_suffix(SUFFIX))
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    for path in model.parent.glob(f"*{SUFFIX}"):
        if not path.with_name(path.name.removesuffix(SUFFIX) + model.suffix).exists():
            path.unlink(missing_ok=True)


def kept(model: Path) -> Floats | None:
    """The held-out margins beside a model's file; None where there are none that can be read."""
    try:
        with np.load(model.with_suffix(SUFFIX), allow_pickle=False) as arrays:
            margins: Floats = arrays["margins"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return margins
