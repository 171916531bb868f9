"""Reading `escalation.yaml`: every complaint names the file, the line, the fault and the mend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from worker.clients.rules import contradictions as record_contradictions
from worker.routing.policy_document import GENERAL, LEVEL_1, PolicyDocument, PolicyError
from worker.yaml_file import Lines, Place, line_of, nearest, read_model_and_lines, sentence


def read_document(path: Path) -> PolicyDocument:
    """The checked policy of a YAML file of at most 1 MiB. Raises `PolicyError`."""
    return read_document_and_lines(path)[0]


def read_document_and_lines(path: Path) -> tuple[PolicyDocument, Lines]:
    """As `read_document`, with the line of each place."""
    document, lines = read_model_and_lines(path, PolicyDocument, PolicyError)
    for place, fault, mend in _contradictions(document):
        raise PolicyError(sentence(path, line_of(lines, place), fault, mend))
    return document, lines


def _contradictions(document: PolicyDocument) -> Iterator[tuple[Place, str, str]]:
    """Names that point nowhere: place in the file, what is wrong, the mend."""
    queues, types = list(document.queues), list(document.types)
    if LEVEL_1 not in document.queues:
        yield ("queues",), f"the queue {LEVEL_1} is missing", "Add it: what is unsure goes there"
    if GENERAL not in document.types:
        yield ("types",), f"the type {GENERAL} is missing", "Add it: what fits no type is of it"
    for code, kind in document.types.items():
        if kind.queue not in document.queues:
            yield (
                ("types", code, "queue"),
                f"the type {code} belongs to the queue {kind.queue!r}, which does not exist",
                nearest(kind.queue, queues),
            )
    for index, rule in enumerate(document.rules):
        for field, names in (("becomes", (rule.becomes,)), ("guess", rule.guess)):
            for name in names:
                if name not in document.types:
                    yield (
                        ("rules", index, field),
                        f"the rule {rule.name!r} names the type {name!r}, which does not exist",
                        nearest(name, types),
                    )
        if not (rule.guess or rule.phrases):
            yield (
                ("rules", index),
                f"the rule {rule.name!r} would fit every ticket",
                "Give it `guess` or `phrases`",
            )
    for name, request in document.requests.items():
        for field, codes in (("from", request.from_), ("to", (request.to,))):
            for code in codes:
                if code not in document.queues:
                    yield (
                        ("requests", name, field),
                        f"the request {name} names the queue {code!r}, which does not exist",
                        nearest(code, queues),
                    )
    for place, fault, mend in record_contradictions(document.client_record):
        yield ("client_record", *place), fault, mend
    for section, holders in (
        ("notices", document.notices),
        ("owners", document.owners),
        ("ageing", document.ageing),
        ("replies", document.replies),
    ):
        for code in holders.queues:
            if code not in document.queues:
                yield (
                    (section, "queues", code),
                    f"{section} names the queue {code!r}, which does not exist",
                    nearest(code, queues),
                )
    for code in document.replies.types:
        if code not in document.types:
            yield (
                ("replies", "types", code),
                f"replies names the type {code!r}, which does not exist",
                nearest(code, types),
            )
