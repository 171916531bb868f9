"""YAML files that people edit, read into typed models: every complaint names the file, the
line, the fault and the mend.
"""

from __future__ import annotations

import difflib
import json
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

MAX_BYTES = 1_048_576
MAX_DEPTH = 20
Place = tuple[str | int, ...]
Lines = dict[Place, int]
Model = TypeVar("Model", bound=BaseModel)


def read_model(path: Path, model: type[Model], error: type[Exception]) -> Model:
    """The checked content of a YAML file of at most 1 MiB. Raises `error`."""
    return read_model_and_lines(path, model, error)[0]


def read_model_and_lines(
    path: Path, model: type[Model], error: type[Exception]
) -> tuple[Model, Lines]:
    """As `read_model`, with the line of each place, for complaints that span places."""
    tree = load_tree(path, error)
    lines: Lines = {}
    plain = _plain(tree, (), lines, path, error)
    try:
        return model.model_validate_json(json.dumps(plain)), lines
    except ValidationError as fault:
        raise error(_first_fault(path, model, fault, lines)) from None


def load_tree(path: Path, error: type[Exception]) -> CommentedMap:
    """The file as a tree that keeps comments and line numbers. Raises `error`."""
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise error(
            f"{path}: can't be read ({fault.strerror}). Put the file there or name another one."
        ) from None
    if len(data) > MAX_BYTES:
        raise error(f"{path}: is {len(data)} bytes long; it may have at most {MAX_BYTES}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        raise error(
            sentence(path, line, "a character is not UTF-8", "Save the file as UTF-8")
        ) from None
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        what = (fault.problem or fault.context or "not YAML").split("\n")[0]
        raise error(
            sentence(
                path,
                (mark.line if mark else 0) + 1,
                f"this is not valid YAML ({what})",
                "Look at the indentation, the colons and the quotes of this line and the one above",
            )
        ) from None
    except (YAMLError, ValueError, RecursionError) as fault:
        reason = str(fault).split("\n")[0]
        raise error(f"{path}: is not valid YAML ({reason}).") from None
    if not isinstance(tree, CommentedMap):
        raise error(sentence(path, 1, "the file is empty", f"Start from the shipped {path.name}"))
    return tree


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """The line of a place, or of the nearest place around it that the file has."""
    while place and not lines.get(place):
        place = place[:-1]
    return lines.get(place, 1)


def sentence(path: Path, line: int, fault: str, mend: str) -> str:
    """A complaint as people read it."""
    end = "" if mend.endswith("?") else "."
    return f"{path}, line {line}: {fault}. {mend}{end} Nothing of this file was taken over."


def nearest(name: str, known: list[str]) -> str:
    """The name that was probably meant, or all there are."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(known)}"


def _plain(node: Any, place: Place, lines: Lines, path: Path, error: type[Exception]) -> Any:
    if len(place) > MAX_DEPTH:
        raise error(f"{path}: is nested more than {MAX_DEPTH} levels deep. Flatten it.")
    if isinstance(node, CommentedMap):
        result: dict[str, Any] = {}
        places = node.lc.data or {}
        for key, value in node.items():
            here = (*place, str(key))
            lines[here] = places[key][0] + 1 if key in places else 0
            result[str(key)] = _plain(value, here, lines, path, error)
        return result
    if isinstance(node, CommentedSeq):
        items = []
        places = node.lc.data or {}  # none where the node carries a tag
        for index, value in enumerate(node):
            here = (*place, index)
            lines[here] = places[index][0] + 1 if index in places else 0
            items.append(_plain(value, here, lines, path, error))
        return items
    if node is None or isinstance(node, bool):
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return float(node)
    return str(node)


def _first_fault(path: Path, model: type[BaseModel], error: ValidationError, lines: Lines) -> str:
    faults = error.errors(include_url=False)
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    place = tuple(part for part in fault["loc"] if part != "[key]")
    what = ".".join(str(p + 1) if isinstance(p, int) else p for p in place)
    line = line_of(lines, place)
    if fault["type"] == "extra_forbidden":
        mend = nearest(str(place[-1]), _known_keys(model, place[:-1]))
        return sentence(path, line, f"{what} is not known", mend)
    if fault["type"] == "missing":
        return sentence(path, line, f"{what} is missing", "Add it")
    given = fault.get("input")
    shown = f" ({str(given)[:60]!r})" if isinstance(given, str | int | float) else ""
    message = fault["msg"].removeprefix("Value error, ")
    return sentence(
        path,
        line,
        f"{what}{shown} is wrong: {message[0].lower()}{message[1:]}",
        "Correct this value",
    )


def _known_keys(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that may stand at a place of the model."""
    inner = _model_at(model, place)
    return [field.alias or name for name, field in inner.model_fields.items()]


def _model_at(model: type[BaseModel], place: Place) -> type[BaseModel]:
    if not place:
        return model
    for name, field in model.model_fields.items():
        if (field.alias or name) == place[0]:
            found = _model_in(field.annotation)
            if found is None:
                return model
            direct = field.annotation is found
            return _model_at(found, place[1:] if direct else place[2:])
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation such as `Mapping[str, Queue]` or `tuple[Rule, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in typing.get_args(annotation) if (m := _model_in(a))), None)
