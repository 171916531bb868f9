"""Training: examples in, a cache that workers load out; for workers in a process of its own.

Training takes a minute and more memory than a worker has, so a process that needs a model that
is not there yet has it made beside itself (`train_apart`) and loads the file.
"""

from __future__ import annotations

import errno
import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from worker.routing.held_out import keep, kept
from worker.routing.model_cache import cache_path, load, save
from worker.routing.policy_document import PolicyError
from worker.routing.policy_file import read_document
from worker.routing.softmax import Floats


@dataclass(frozen=True, slots=True)
class Sources:
    """What a model is learned from, and the folder that it is kept in."""

    policy: Path
    examples: Path
    meanings: Path
    cache: Path

    def model(self) -> Path:
        """Where the model of these very sources is, or would be. Raises `PolicyError`."""
        return cache_path(read_document(self.policy), self.examples, self.meanings, self.cache)


def train(sources: Sources) -> Path:
    """Learn from the examples and put the model into the cache, whatever is there.

    Returns the model's file. Raises `PolicyError` for examples or a policy that are wrong, and
    `OSError` when the cache can't be written. Two processes may do this at once.
    """
    from worker.routing.training import learn  # scikit-learn is needed to train, never to decide

    path = sources.model()
    trained = learn(read_document(sources.policy), sources.examples, sources.meanings)
    save(trained.classifier, path)
    keep(trained, path)
    return path


def held_out(sources: Sources) -> Floats:
    """The margins of the examples, their voices held out: one row an example, in the order of
    `read_examples`; one column a type. Kept since the training, else learned now. Raises what
    `train` does."""
    margins = kept(sources.model())
    if margins is None:
        margins = kept(train(sources))
    if margins is None:
        raise OSError(errno.EIO, "what was just written can't be read", str(sources.cache))
    return margins


def train_apart(sources: Sources) -> None:
    """Have the model made by another process, unless it is there by then: of several who want it
    at once, one makes it. Takes up to a minute and a half.

    Raises `PolicyError` with that process's own words.
    """
    command = [sys.executable, "-m", "worker.routing.train", str(sources.policy)]
    command += [str(sources.examples), str(sources.meanings), str(sources.cache)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise PolicyError(said[-1] if done.returncode == WRONG else f"Training failed: {said[-1]}")


WRONG = 2  # exit status: the policy, the examples or the folder; what is said is for people


def main(arguments: list[str]) -> int:
    """The other process: POLICY EXAMPLES MEANINGS CACHE."""
    sources = Sources(*map(Path, arguments))
    try:
        with _alone(sources.cache):
            if not sound(sources.model()):
                train(sources)
    except PolicyError as error:
        sys.stderr.write(" ".join(str(error).split("\n")))
        return WRONG
    except OSError as error:
        where = error.filename or sources.cache
        sys.stderr.write(f"{where}: the model can't be kept ({error.strerror}). Make room there.")
        return WRONG
    return 0


def sound(path: Path) -> bool:
    """Whether a model is there and is what was written."""
    try:
        load(path)
    except (OSError, ValueError, KeyError):
        return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".training.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # freed with the process, however it ends
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
