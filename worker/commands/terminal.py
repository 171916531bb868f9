"""Words of others on a person's terminal: ticket subjects, HubSpot's sentences, paths."""

from __future__ import annotations

import unicodedata

from rich.text import Text


def shown(value: object, style: str = "") -> Text:
    """A value as it may be printed: no markup, no control or format character of a terminal."""
    text = "".join(_safe(character) for character in str(value))
    return Text(text, style=style)


def _safe(character: str) -> str:
    if character in "\n\t":
        return character
    # Cc: escape sequences; Cf: text that runs backwards or hides; Cs: halves of characters.
    return "�" if unicodedata.category(character) in {"Cc", "Cf", "Cs"} else character
