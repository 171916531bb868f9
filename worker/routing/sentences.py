"""Sentences and what they are: an ask, something settled or put off, the end of the message.

A ticket often tells what is *not* the matter ("the login works again, thanks", "no new report
needed") before it asks. Such sentences count for less, and words under a negation count as others.
"""

from __future__ import annotations

import re

_END = re.compile(r"(?<=[.!?;])\s+|\n+|\bbut\b|(?<=[a-z]), (?=and now)")
_ASK = re.compile(
    r"\?|\b(please|pls|plz|kindly|can|could|would|need|want|send|reset|why|how|where|who|what|"
    r"when|help|tell|let us know|let me know|ask|asks|asking|wants|needs|request|merci|veuillez|"
    r"pouvez|pourriez|puede|pueden|podrian|por favor|necesit\w*)",
    re.IGNORECASE,
)
_SETTLED = re.compile(
    r"\b(already|solved|resolved|settled|sorted|fixed|(is|are|was|were) (fine|ok|okay|done|clear|"
    r"correct|right|known|healthy|sorted|in order)|works? (fine|again|like|well)|working fine|"
    r"all good|no longer|taken care|went away|closed|healthy|in order|worked out|turned out|"
    r"(thanks|thank you) for (the|your|having|explaining|loading|sending|last)|praised|kudos|"
    r"loved|happy with|got (it|them|the)|received|arrived|(has|have) been|understood|"
    r"(i|we) (know|understand|realise|realize|do understand)|can wait|"
    r"another (time|day|ticket)|later|next (year|month|week)|"
    r"(will|we'll|i'll) (open|send|ask|write|get)|might|may ask|some day|in the fall|separately|"
    r"separate ticket|merci pour|gracias por|deja|ya esta|in future|behaves|as usual|as always|"
    r"perfect)\b",
    re.IGNORECASE,
)
NEGATIONS = frozenset(
    (
        *("no", "not", "never", "without", "nothing", "neither", "nor", "none", "cannot", "cant"),
        *("dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "wont", "hasnt", "havent"),
        *("couldnt", "wouldnt", "neednt"),
        *("pas", "sans", "ni", "aucun", "aucune", "jamais"),
        *("sin", "nunca"),
    )
)
TURNS = frozenset(
    (
        *("but", "however", "although", "though", "instead", "just", "only", "rather"),
        *("mais", "pero"),
    )
)
"""Words after which a negation no longer holds."""


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, in order; a line break and a `but` part too."""
    return [part for part in _END.split(text) if part and not part.isspace()]


def asks(sentence: str) -> bool:
    """Whether a sentence may be what the writer wants."""
    return _ASK.search(sentence) is not None


def settled(sentence: str) -> bool:
    """Whether a sentence tells of what is done, in order or put off, and asks nothing about it."""
    return _SETTLED.search(sentence) is not None and not ("?" in sentence and asks(sentence))
