"""The words of a ticket as they stand in it: what spoke for a decision, quoted for people."""

from __future__ import annotations

from collections.abc import Sequence

from worker.routing.clauses import NEGATIONS, fold
from worker.routing.reading import Segment

MAX_EXCERPT = 160
_ENGLISH = (
    "a an and any are as at be been but by can could did do does for from get got had has "
    "have he her here him his how i if in into is it its just let like ll may me more much my "
    "no not of off on one or our out over please pls re s shall she should so some such t "
    "than that the their them then there these they thing this those to too u up us ve was we "
    "were what when where whether which while who why will with would you your"
)
_FRENCH = (
    "au aux avec ce cet cette ces dans de des du elle en est et il ils je la le les leur ma "
    "mais me mes mon ne nos notre nous on ou par pas pour que qui sa se ses son sur te tu un "
    "une vos votre vous y"
)
_SPANISH = (
    "al como con cual del el ella en era es esta este ha hay la las le lo los me mi mis muy "
    "nos o para pero por que se ser si sin sobre su sus te un una uno yo"
)
_EMPTY = frozenset(f"{_ENGLISH} {_FRENCH} {_SPANISH}".split())
"""Words that say nothing by themselves."""
_ZEROS = str.maketrans("123456789", "000000000")


def telling(term: str) -> bool:
    """Whether a term says anything to a person: a word at least, and not all of it filling."""
    words = term.replace("!", "").split()
    return any(len(word) > 1 and word.isalpha() and word not in _EMPTY for word in words)


class Words:
    """Finds learned terms in the text of a ticket."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._texts = [(fold(one.text).translate(_ZEROS), one.text) for one in segments]

    def as_written(self, term: str) -> str:
        """A term for people: as it stands in the ticket; where a negation rules it and is no part
        of it, behind `not ...`."""
        plain = term.replace("!", "")
        text = self._find(plain)
        apart = term.startswith("!") or (" !" in term and term.split()[0] not in NEGATIONS)
        return f"not ... {text}" if apart else text

    def _find(self, term: str) -> str:
        words = term.split()
        for folded, text in self._texts:
            if place := _place(words, folded):
                # Folding seldom changes the length; where it does, the term itself is shown.
                same = len(text) == len(folded)
                return " ".join(text[slice(*place)].split()) if same else term
        return term


def _place(words: Sequence[str], text: str) -> tuple[int, int] | None:
    """Start and end of some words that follow one another in a folded text."""
    start = text.find(words[0])
    while start >= 0:
        end = _end(words, text, start)
        if end and not text[start - 1 : start].isalnum():
            return start, end
        start = text.find(words[0], start + 1)
    return None


def _end(words: Sequence[str], text: str, end: int) -> int:
    """Where words that begin at `end` of a text end; 0 where others stand there."""
    for number, word in enumerate(words):
        while number and end < len(text) and not text[end].isalnum():
            end += 1
        if not text.startswith(word, end):
            return 0
        end += len(word)
        while word.endswith("000") and text.startswith("0", end):
            end += 1
        if text[end : end + 1].isalnum():
            return 0
    return end


def excerpt(segments: Sequence[Segment], places: Sequence[int]) -> str:
    """The words that ask: the first of the places; with the next where these are few."""
    chosen = sorted(places[:2]) if len(segments[places[0]].text.split()) < 5 else places[:1]
    text = " ".join(" ".join(segments[place].text for place in chosen).split())
    return text if len(text) <= MAX_EXCERPT else f"{text[: MAX_EXCERPT - 1].rstrip()}…"
