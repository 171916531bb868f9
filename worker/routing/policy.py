"""The escalation policy as the rest of the worker sees it.

`load_policy` reads `config/escalation.yaml` and the examples beside it. A policy that cannot be
read or contradicts itself is refused as a whole with a `PolicyError`; a running worker keeps
the one it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.clients.rules import ClientRecordRules
from worker.routing.classifier import Classifier
from worker.routing.examples import example_hash
from worker.routing.model_cache import load_or_train, meanings_hash
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
    first (up to a minute and a half). Raises `PolicyError`.
    """
    document = read_document(path)
    classifier = load_or_train(document, examples_dir, meanings_path, cache_dir)
    version = hashlib.sha256(
        (
            document.model_dump_json(by_alias=True)
            + example_hash(examples_dir)
            + meanings_hash(meanings_path)
        ).encode()
    ).hexdigest()[:12]
    return Policy(document=document, classifier=classifier, version=version)
