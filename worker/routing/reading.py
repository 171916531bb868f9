"""What of a ticket is read: its words without mark-up, no more than the policy allows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from worker.routing.clauses import Clause, clauses
from worker.routing.mail import quoted_part, split_mail
from worker.routing.sentences import asks, settled, split_sentences
from worker.routing.ticket import Ticket

MAX_RAW = 200_000
"""Characters looked at before mark-up is taken out; HubSpot's ticket body holds 65,536."""
MAX_SUBJECT = 1_000
ASK_EXTRA, LAST_EXTRA, SETTLED_PART, LAST = 0.25, 0.25, 0.5, 2
"""What an ask and each of the last two sentences count more, what is settled counts less,
before `asking.py` has its say; chosen on voices held out."""
HARDLY = 0.3
"""A quoted mail that counts no more than this lends no meanings and holds no topics."""

# Bounded and without nesting, so that a hostile text costs no more than a long one.
_BLOCK = re.compile(
    r"</?(?:address|article|blockquote|body|br|center|dd|div|dl|dt|footer|form|h[1-6]|head|header|"
    r"hr|html|li|ol|p|pre|section|table|tbody|tr|ul)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"</?(?:a|b|big|code|col|colgroup|em|font|i|img|input|label|link|meta|o:p|s|small|span|strike|"
    r"strong|sub|sup|td|th|thead|title|tt|u|v:\w+|w:\w+)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
# A reference of so many figures names no character, and html.unescape fails on thousands of them.
_NO_CHARACTER = re.compile("&#[0-9]{8,};?")
_UNSEEN = (("<!--", "-->"), ("<style", "</style>"), ("<script", "</script>"))
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u2060\ufeff]"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence, or the subject, and how much its words count (1: as they are)."""

    text: str
    weight: float
    clauses: tuple[Clause, ...]
    asks: bool = False
    settled: bool = False
    quoted: bool = False
    subject: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A ticket as it is classified. `cut` is how many characters were left out of the middle of
    the body (0 for all but very long tickets)."""

    segments: tuple[Segment, ...]
    cut: int = 0

    @property
    def empty(self) -> bool:
        """No letter and no digit anywhere."""
        return not any(char.isalnum() for segment in self.segments for char in segment.text)


def read(ticket: Ticket, max_characters: int) -> Reading:
    """The words of a ticket: mark-up, signatures and invisible characters out, an older mail
    quoted in it counting for less, the middle of a text of more than `max_characters` left out
    (three quarters are the head, one quarter the tail)."""
    subject = plain(ticket.subject[:MAX_SUBJECT])
    body = ticket.body
    cut = 0
    if len(body) > MAX_RAW:
        cut = len(body) - MAX_RAW
        body = body[: MAX_RAW * 3 // 4] + "\n" + body[-MAX_RAW // 4 :]
    body = plain(body)
    room = max_characters - len(subject)
    if len(body) > room:
        cut += len(body) - room
        head = room * 3 // 4
        body = body[:head] + "\n" + body[len(body) - (room - head) :]
    return Reading(segments=tuple(_segments(subject, body)), cut=cut)


def _segments(subject: str, body: str) -> Iterator[Segment]:
    if subject:
        yield segment(subject, 1.0, subject=True)
    mail = split_mail(body)
    own = [segment(sentence, 1.0) for sentence in split_sentences(mail.own)]
    for number, one in enumerate(own):
        weight = 1.0
        if one.asks:
            weight += ASK_EXTRA
        if number >= len(own) - LAST:
            weight += LAST_EXTRA
        if one.settled:
            weight *= SETTLED_PART
        yield one if weight == 1.0 else replace(one, weight=weight)
    part = quoted_part(mail, subject)
    for sentence in split_sentences(mail.quoted):
        yield segment(sentence, part, quoted=part <= HARDLY)


def segment(text: str, weight: float, *, quoted: bool = False, subject: bool = False) -> Segment:
    """A sentence taken apart."""
    parts = clauses(text)
    return Segment(
        text=text,
        weight=weight,
        clauses=parts,
        asks=asks(text, parts),
        settled=not subject and settled(text, parts),
        quoted=quoted,
        subject=subject,
    )


def plain(text: str) -> str:
    """The text without mark-up and invisible characters."""
    if "<" in text:
        for opening, closing in _UNSEEN:
            text = _without_spans(text, opening, closing)
        text = _INLINE.sub(" ", _BLOCK.sub("\n", text))
    if "&" in text:
        text = html.unescape(_NO_CHARACTER.sub(" ", text))
    return _INVISIBLE.sub("", text).strip()


def _without_spans(text: str, opening: str, closing: str) -> str:
    """The text without what stands between two marks; an opening that never closes stays."""
    low = text.lower()
    if len(low) != len(text):
        return text
    kept: list[str] = []
    position = 0
    while True:
        start = low.find(opening, position)
        end = low.find(closing, start) if start >= 0 else -1
        if end < 0:
            kept.append(text[position:])
            return " ".join(kept)
        kept.append(text[position:start])
        position = end + len(closing)
