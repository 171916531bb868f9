"""Words that mean the same: the table of `config/meanings.yaml`, and finding it in a text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from worker.routing.clauses import fold
from worker.routing.policy_document import PolicyError

MAX_PHRASE_WORDS = 8
_TOKEN = re.compile(r"\w+")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
Table = Mapping[str, Sequence[str]]


class Meanings:
    """Finds meanings in words that are folded already.

    The longest phrase wins; a phrase that ends in `*` is a beginning of a word.
    """

    def __init__(self, table: Table) -> None:
        self.table = {name: tuple(phrases) for name, phrases in table.items()}
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._beginnings: list[tuple[str, str]] = []
        self._begun: dict[str, str | None] = {}
        for name, phrases in self.table.items():
            for phrase in phrases:
                if phrase.endswith("*"):
                    self._beginnings.append((fold(phrase[:-1]), name))
                elif words := tuple(_TOKEN.findall(fold(phrase))):
                    self._phrases.setdefault(words[0], []).append((words, name))
        for choices in self._phrases.values():
            choices.sort(key=lambda choice: -len(choice[0]))

    def find(self, words: tuple[str, ...]) -> list[tuple[int, str]]:
        """The meanings in some words, each with the place where it begins."""
        found: list[tuple[int, str]] = []
        phrases = self._phrases
        position, end = 0, len(words)
        while position < end:
            word = words[position]
            size = 0
            for phrase, name in phrases.get(word, ()):
                size = len(phrase)
                if size == 1 or words[position : position + size] == phrase:
                    found.append((position, name))
                    break
                size = 0
            if not size and (begun := self._beginning(word)):
                found.append((position, begun))
            position += size or 1
        return found

    def _beginning(self, word: str) -> str | None:
        if word not in self._begun:
            if len(self._begun) > 50_000:
                self._begun.clear()
            self._begun[word] = next(
                (name for begin, name in self._beginnings if word.startswith(begin)), None
            )
        return self._begun[word]


def read_meanings(path: Path) -> dict[str, tuple[str, ...]]:
    """The table of a meanings file. Raises `PolicyError` naming file, meaning and mend."""
    try:
        tree = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PolicyError(f"{path}: can't be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise PolicyError(f"{path}: is not UTF-8. Save it as UTF-8.") from None
    except (YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise PolicyError(f"{path}: is not valid YAML ({reason}).") from None
    table = tree.get("meanings") if isinstance(tree, dict) and len(tree) == 1 else None
    if not isinstance(table, dict):
        raise PolicyError(f"{path}: must hold one table named `meanings`.")
    return {str(name): _phrases(path, str(name), phrases) for name, phrases in table.items()}


def _phrases(path: Path, name: str, phrases: object) -> tuple[str, ...]:
    if not _NAME.fullmatch(name):
        raise PolicyError(
            f"{path}: the meaning {name[:60]!r} must be of small letters, digits and underscores."
        )
    if not isinstance(phrases, list) or not phrases:
        raise PolicyError(f"{path}: the meaning {name} needs a list of words in [ ].")
    for phrase in phrases:
        if not isinstance(phrase, str):
            raise PolicyError(
                f"{path}: {phrase!r} under {name} is no text to YAML. Put it in quotes."
            )
        bare = phrase.removesuffix("*")
        count = len(_TOKEN.findall(bare))
        if not 1 <= count <= MAX_PHRASE_WORDS or "*" in bare or (bare != phrase and len(bare) < 3):
            raise PolicyError(
                f"{path}: {phrase[:60]!r} under {name} must be 1 to {MAX_PHRASE_WORDS} words; a * "
                f"may stand at the end of one word of at least 3 letters."
            )
    return tuple(phrases)
