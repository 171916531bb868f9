"""Reading `escalation.yaml`: every complaint names the file, the line, the fault and the mend."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from worker.routing.policy_document import (
    GENERAL,
    LEVEL_1,
    ClientRecordRules,
    PolicyDocument,
    PolicyError,
    Queue,
    Request,
    Rule,
    TicketType,
)

MAX_BYTES = 1_048_576
Place = tuple[str | int, ...]

_MODELS: dict[str, type[BaseModel]] = {
    "queues": Queue,
    "types": TicketType,
    "rules": Rule,
    "requests": Request,
    "client_record": ClientRecordRules,
}


def read_document(path: Path) -> PolicyDocument:
    """The checked policy of a YAML file of at most 1 MiB. Raises `PolicyError`."""
    tree = load_tree(path)
    lines: dict[Place, int] = {}
    plain = _plain(tree, (), lines)
    try:
        document = PolicyDocument.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        raise PolicyError(_first_fault(path, error, lines)) from None
    for place, fault, mend in _contradictions(document):
        raise PolicyError(_sentence(path, _line(lines, place), fault, mend))
    return document


def load_tree(path: Path) -> CommentedMap:
    """The file as a tree that keeps comments and line numbers. Raises `PolicyError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PolicyError(
            f"{path}: can't be read ({error.strerror}). Put the policy there or name another file."
        ) from None
    if len(data) > MAX_BYTES:
        raise PolicyError(f"{path}: is {len(data)} bytes long; a policy has at most {MAX_BYTES}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PolicyError(
            _sentence(path, line, "a character is not UTF-8", "Save the file as UTF-8")
        ) from None
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = (error.problem or error.context or "not YAML").split("\n")[0]
        raise PolicyError(
            _sentence(
                path,
                (mark.line if mark else 0) + 1,
                f"this is not valid YAML ({what})",
                "Look at the indentation, the colons and the quotes of this line and the one above",
            )
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        reason = str(error).split("\n")[0]
        raise PolicyError(f"{path}: is not valid YAML ({reason}).") from None
    if not isinstance(tree, CommentedMap):
        raise PolicyError(
            _sentence(path, 1, "the file holds no policy", "Start from the shipped escalation.yaml")
        )
    return tree


def _plain(node: Any, place: Place, lines: dict[Place, int], depth: int = 0) -> Any:
    if depth > 20:
        raise PolicyError("The policy is nested more than 20 levels deep. Flatten it.")
    if isinstance(node, CommentedMap):
        result: dict[str, Any] = {}
        for key, value in node.items():
            here = (*place, str(key))
            lines[here] = node.lc.data[key][0] + 1 if key in node.lc.data else 0
            result[str(key)] = _plain(value, here, lines, depth + 1)
        return result
    if isinstance(node, CommentedSeq):
        items = []
        for index, value in enumerate(node):
            here = (*place, index)
            lines[here] = node.lc.data[index][0] + 1 if index in node.lc.data else 0
            items.append(_plain(value, here, lines, depth + 1))
        return items
    if node is None or isinstance(node, bool):
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return float(node)
    return str(node)


def _line(lines: dict[Place, int], place: Place) -> int:
    """The line of a place, or of the nearest place around it that the file has."""
    while place and not lines.get(place):
        place = place[:-1]
    return lines.get(place, 1)


def _sentence(path: Path, line: int, fault: str, mend: str) -> str:
    return f"{path}, line {line}: {fault}. {mend}. Nothing of this file was taken over."


def _dotted(place: Place) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place)


def _first_fault(path: Path, error: ValidationError, lines: dict[Place, int]) -> str:
    faults = error.errors(include_url=False)
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    place = tuple(part for part in fault["loc"] if part != "[key]")
    what = _dotted(place)
    if fault["type"] == "extra_forbidden":
        known = _known_keys(place)
        near = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
        mend = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(known)}"
        return _sentence(path, _line(lines, place), f"{what} is not known", mend)
    if fault["type"] == "missing":
        return _sentence(path, _line(lines, place), f"{what} is missing", "Add it")
    given = fault.get("input")
    shown = f" ({str(given)[:60]!r})" if isinstance(given, str | int | float) else ""
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return _sentence(
        path, _line(lines, place), f"{what}{shown} is wrong: {message}", "Correct this value"
    )


def _known_keys(place: Place) -> list[str]:
    model: type[BaseModel] = PolicyDocument
    if len(place) > 1:
        model = _MODELS.get(str(place[0]), PolicyDocument)
    return [field.alias or name for name, field in model.model_fields.items()]


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(known)}"


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
                _nearest(kind.queue, queues),
            )
    for index, rule in enumerate(document.rules):
        for field, names in (("becomes", (rule.becomes,)), ("guess", rule.guess)):
            for name in names:
                if name not in document.types:
                    yield (
                        ("rules", index, field),
                        f"the rule {rule.name!r} names the type {name!r}, which does not exist",
                        _nearest(name, types),
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
                        _nearest(code, queues),
                    )
