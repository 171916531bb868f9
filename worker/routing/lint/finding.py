"""What is wrong with a policy that can be read: where, what, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """An error is wrong whatever was meant; a warning may be meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `where` is a file with its line or row."""

    weight: Weight
    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.mend}."


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something that was not looked at, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"Not checked: {self.what} ({self.why})."
