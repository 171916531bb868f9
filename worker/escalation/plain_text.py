"""Foreign text made harmless for cards and messages: what others wrote is shown, never obeyed.

Cards show foreign text in text runs alone, which know no Markdown (Adaptive Cards: text features),
so there is nothing to escape that a reader would then see. What is left is removed here: characters
that hide or turn text around, and whatever a receiver might make a link or a mention of by itself.
"""

from __future__ import annotations

import re
import unicodedata

# An address is shown and can't be clicked.
_LINKS = re.compile(
    r"\b([a-z][a-z0-9+.-]{1,20})(?=:/)(:)|\b(mailto|tel|sms|callto|skype|msteams|javascript|data)(:)",
    re.IGNORECASE,
)
_WWW = re.compile(r"\bwww\.", re.IGNORECASE)
_MENTION = re.compile(r"<(/?)(at)\b([^<>]{0,200})>", re.IGNORECASE)
_JOINERS = "\u200c\u200d"  # Persian and Indic scripts and emoji are written with them
_ELLIPSIS = "…"


def harmless(text: str, most: int) -> str:
    """One line of at most `most` characters."""
    return cut(" ".join(_without_hidden(text[: most * 8 + 200]).split()), most)


def harmless_lines(text: str, most: int, most_lines: int) -> list[str]:
    """Lines of at most `most` characters in all; empty ones left out."""
    lines: list[str] = []
    for raw in _without_hidden(text[: most * 8 + 200]).splitlines():
        line = " ".join(raw.split())
        if not line:
            continue
        if most <= 0 or len(lines) == most_lines:
            break
        lines.append(cut(line, most))
        most -= len(line)
    return lines


def cut(text: str, most: int) -> str:
    """At most `most` characters, with an ellipsis where something is missing. Links are broken
    after the cut, so the result may be some characters longer.
    """
    short = text if len(text) <= most else text[: max(0, most - 1)].rstrip() + _ELLIPSIS
    return _unlinked(short)


def _unlinked(text: str) -> str:
    def broken(found: re.Match[str]) -> str:
        return f"{found[1] or found[3]}[:]"

    text = _LINKS.sub(broken, text)
    text = _WWW.sub("www[.]", text)
    return _MENTION.sub(r"‹\1\2\3›", text)


def _without_hidden(text: str) -> str:
    return "".join(
        character
        for character in text
        if character in "\n\t\r\u0085\u2028\u2029"
        or character in _JOINERS
        or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
