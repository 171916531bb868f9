"""`.env.example` names every setting once, in order, explained, with its default and no secret."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / ".env.example"
VARIABLE = re.compile(r"#?([A-Z0-9_]+)=(.*)")


def variables() -> list[tuple[str, str, str]]:
    """(name, value, the line above) of each variable, commented out or not."""
    lines = EXAMPLE.read_text().splitlines()
    return [
        (found[1], found[2], above)
        for above, line in pairwise(lines)
        if (found := VARIABLE.fullmatch(line))
    ]


def as_written(name: str) -> str:
    """A setting's default as a person would write it into the file."""
    default = Settings.model_fields[name].default
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, Path):
        return str(default.relative_to(ROOT) if default.is_absolute() else default)
    if isinstance(default, tuple):
        return ",".join(default)
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else str(default)


def is_secret(default: object) -> bool:
    return isinstance(default, SecretStr)


def test_every_setting_is_there_once_in_the_settings_order() -> None:
    named = [name for name, _, _ in variables()]
    assert named == [name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize(("name", "value", "above"), variables())
def test_each_shows_its_default_and_one_line_that_explains_it(
    name: str, value: str, above: str
) -> None:
    assert value == as_written(name.lower())
    assert re.fullmatch(r"# [A-Za-z].{10,}\.", above), f"{name}: {above!r}"


def test_no_secret_has_a_value() -> None:
    secret = {n.upper() for n, f in Settings.model_fields.items() if is_secret(f.default)}
    assert {"HUBSPOT_ACCESS_TOKEN", "HUBSPOT_CLIENT_SECRET", "FLOWER_BASIC_AUTH"} <= secret
    assert {value for name, value, _ in variables() if name in secret} == {""}


def test_the_file_as_it_is_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    assert load_settings(_env_file=EXAMPLE) == load_settings(_env_file=None)
    assert load_settings(_env_file=EXAMPLE).model_fields_set == set()


def test_with_every_comment_mark_removed_it_still_holds_only_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(ROOT)
    file = tmp_path / "all.env"
    file.write_text("".join(f"{name}={value}\n" for name, value, _ in variables()))
    given = load_settings(_env_file=file).model_dump()
    paths = {name: Path(v).resolve() for name, v in given.items() if isinstance(v, Path)}
    defaults = load_settings(_env_file=None).model_dump()
    assert {**given, **paths} == {
        name: v.resolve() if isinstance(v, Path) else v for name, v in defaults.items()
    }
