"""The escalation policy as the rest of the worker sees it.

`load_policy` reads `config/escalation.yaml` and the examples beside it. A policy that cannot be
read or contradicts itself is refused as a whole with a `PolicyError`; a running worker keeps
the one it has.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from worker.clients.rules import ClientRecordRules
from worker.routing.classifier import Classifier
from worker.routing.examples import example_hash
from worker.routing.model_cache import cache_path, load, meanings_hash
from worker.routing.policy_document import (
    GENERAL,
    LEVEL_1,
    PolicyDocument,
    PolicyError,
    Queue,
    Request,
    Rule,
    TicketType,
)
from worker.routing.policy_file import read_document
from worker.routing.train import Sources, train_apart

__all__ = [
    "DEFAULT_CACHE",
    "DEFAULT_EXAMPLES",
    "DEFAULT_MEANINGS",
    "DEFAULT_POLICY",
    "GENERAL",
    "LEVEL_1",
    "ClientRecordRules",
    "Policy",
    "PolicyDocument",
    "PolicyError",
    "Queue",
    "Request",
    "Rule",
    "TicketType",
    "load_policy",
]

CONFIG_DIR = Path(__file__).resolve().parents[2] / "config"
DEFAULT_POLICY = CONFIG_DIR / "escalation.yaml"
DEFAULT_EXAMPLES = CONFIG_DIR / "examples"
DEFAULT_MEANINGS = CONFIG_DIR / "meanings.yaml"
DEFAULT_CACHE = CONFIG_DIR.parent / "var" / "model"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy ready to decide under: the document and what was learned from its examples.

    `version` is the same wherever document and examples are the same (12 hex digits).
    """

    document: PolicyDocument
    classifier: Classifier
    version: str

    @property
    def queues(self) -> Mapping[str, Queue]:
        return self.document.queues

    @property
    def types(self) -> Mapping[str, TicketType]:
        return self.document.types

    @property
    def requests(self) -> Mapping[str, Request]:
        return self.document.requests

    @property
    def client_record(self) -> ClientRecordRules:
        return self.document.client_record

    def bar(self, ticket_type: str) -> float:
        """The probability that a ticket of this type needs to leave triage: the queue's bar,
        or the type's own where that is higher."""
        kind = self.types[ticket_type]
        return max(self.queues[kind.queue].bar, kind.bar or 0.0)


def load_policy(
    path: Path = DEFAULT_POLICY,
    examples_dir: Path = DEFAULT_EXAMPLES,
    cache_dir: Path = DEFAULT_CACHE,
    meanings_path: Path = DEFAULT_MEANINGS,
) -> Policy:
    """The policy in `path`, with the model of its examples.

    The model comes from `cache_dir`; where that has none of these very examples, it is trained
    first by another process (up to a minute and a half). Raises `PolicyError`.
    """
    document = read_document(path)
    classifier = _classifier(document, Sources(path, examples_dir, meanings_path, cache_dir))
    version = hashlib.sha256(
        (
            document.model_dump_json(by_alias=True)
            + example_hash(examples_dir)
            + meanings_hash(meanings_path)
        ).encode()
    ).hexdigest()[:12]
    return Policy(document=document, classifier=classifier, version=version)


def _classifier(document: PolicyDocument, sources: Sources) -> Classifier:
    path = cache_path(document, sources.examples, sources.meanings, sources.cache)
    if path.exists():
        try:
            return load(path)
        except (OSError, ValueError, KeyError) as error:
            log.warning("model_unreadable", file=str(path), why=str(error), mend="training anew")
    log.info("training", examples=str(sources.examples), file=str(path))
    with _writable(sources.cache) as folder:
        train_apart(replace(sources, cache=folder))
        return load(folder / path.name)


@contextmanager
def _writable(folder: Path) -> Iterator[Path]:
    """The folder, or where it can't be written one that goes afterwards."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        log.warning("model_not_kept", folder=str(folder), why=str(error), mend="set DATA_DIR")
        with tempfile.TemporaryDirectory() as other:
            yield Path(other)
    else:
        yield folder
