"""What of a mail was written for this ticket, what is an older mail quoted in it, and what no
person wrote at all: signatures, disclaimers, banners, names of pictures.

Nothing is thrown away for good: when hardly anything new is left, the quoted part is the message
(a forwarded mail with "please see below" above it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADER = re.compile(
    r"^\W*(from|sent|to|cc|subject|date|de|envoy[ée]|enviado( el)?|[àa]|objet|para|asunto|fecha|"
    r"von|gesendet|an|betreff|expéditeur)\s*:",
    re.IGNORECASE,
)
_THREAD = re.compile(
    r"^\W*(-{2,} ?(original message|forwarded message|message d'origine|mensaje original|"
    r"message transféré|mensaje reenviado|ursprüngliche nachricht)|"
    r"begin forwarded message|original message|forwarded message|forwarded by\b|"
    r"début du message (réexpédié|transféré))",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"^\W*(on|le|el|am|op)\b.{3,160}\b(wrote|a écrit|escribió|schrieb|schreef)\s*:?\s*$",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"^\W*((many |with many |much |with )?thanks( (a lot|so much|again|in advance|very much))?|"
    r"thank you( (very much|so much|again|in advance|kindly|for your help))?|thx|ty|tia|cheers|"
    r"(with )?((kind(est)?|best|warm|warmest|kindly) )?regards|rgds|br|kr|best( wishes)?|"
    r"all the best|sincerely( yours)?|yours( (sincerely|truly|faithfully))?|respectfully|"
    r"cordially|(bien )?cordialement|bien à vous|salutations( distinguées)?|merci"
    r"( (beaucoup|d'avance|par avance))?|saludos( cordiales)?|un saludo|atentamente|gracias"
    r"( (de antemano|por su ayuda))?|mfg|(mit )?freundliche[nm]? grüße[n]?|take care|have a "
    r"(good|great|nice) (day|one|weekend)|warmly|gratefully)\W*$",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"(intended recipient|legally privileged|confidential(ity)?\b.{0,80}\b(mail|message|notice|"
    r"attachment|information)|received this (e-?mail|message|communication) in error|"
    r"consider the environment|think before (you|printing)|before printing this|originated "
    r"(from )?outside|external (sender|e-?mail)|do not click|don't click|unless you recogni[sz]e|"
    r"sent from (my|mail for)|get outlook for|envoyé de mon|enviado desde mi|scanned (for|by) "
    r".{0,30}virus|virus-?free|destinataire|confidentiel|confidencial|unsubscribe|"
    r"view (this|it) in (your )?browser|this (e-?mail|message) (was|has been) (sent|scanned|"
    r"generated))",
    re.IGNORECASE,
)
_PICTURE = re.compile(
    r"\[?\b(cid:\S+|image\d+\.(png|jpe?g|gif))\]?|\[(external|ext|extern|external sender)\]:?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(\+?\d[\d ().-]{7,}\d|@\w|https?://|www\.|\b(tel|phone|fax|mobile|cell|ext|direct)\b\W)",
    re.IGNORECASE,
)
_NAME = re.compile(r"^[-–—~/ ]*[^\W\d_][\w.'’-]*( [^\W\d_a-z][\w.'’-]*){0,3}(,? [^\d?!]{0,50})?$")
_POINTS_BELOW = re.compile(
    r"\b(below|beneath|underneath|forwarding|forwarded|fyi|for your information|as attached|"
    r"see (his|her|their|attached|what)|please (handle|advise|assist|help|see|take care)|"
    r"take care of (this|it)|what (s?he|they) (wants?|asks?|says?)|ci-dessous|más abajo|"
    r"voir plus bas|pour suite|reenvío|transf[eè]re|passing (this )?(on|along))\b",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"^\W*((re|aw|external|ext)\W+)*(fw|fwd|tr|wg|rv|i)\s*:", re.IGNORECASE)
PASSED_ON_SHORT, PASSED_ON, ANSWERED, MANY_WORDS = 0.8, 0.5, 0.3, 30
MAX_SIGNATURE_LINE = 70
MAX_MARK = 300
"""Characters of a line in which a mark of the older mail or of an ending is looked for: patterns
that try every run of spaces or dashes are quadratic in what they are given."""
ENOUGH_WORDS = 7
"""A reply of fewer words of its own leaves the quoted part as the message."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in parts. `own` is what to read first; `quoted` what it answers or forwards."""

    own: str
    quoted: str


def split_mail(text: str) -> Mail:
    """The parts of a body. `own` is empty only where the body holds no words at all."""
    text = _PICTURE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = text.split("\n")
    own: list[str] = []
    quoted: list[str] = []
    threaded = False
    for number, line in enumerate(lines):
        if not threaded and _starts_thread(lines, number):
            threaded = True
        bare = line.lstrip()
        if threaded or bare.startswith(">"):
            quote = bare.lstrip("> ")
            if not (_begins(_HEADER, quote) or _begins(_THREAD, bare) or _is(_WROTE, bare)):
                quoted.append(quote)
        else:
            own.append(line)
    said = "\n".join(_without_signature(own)).strip()
    older = "\n".join(_without_signature(quoted)).strip()
    if not _words(said):
        said, older = (older, "") if _words(older) else ("\n".join(own).strip(), "")
    if not _words(said):
        said = "\n".join(quoted).strip()
    return Mail(own=said, quoted=older)


def _begins(pattern: re.Pattern[str], line: str) -> bool:
    return pattern.match(line[:MAX_MARK]) is not None


def _is(pattern: re.Pattern[str], line: str) -> bool:
    """Whether a line is nothing but this; none of them is long."""
    return len(line) <= MAX_MARK and pattern.match(line) is not None


def _words(text: str) -> int:
    return len(re.findall(r"\w+", text[:2000]))


def quoted_part(mail: Mail, subject: str) -> float:
    """How much the words of the quoted mail count beside the writer's own (0 to 1): all when
    these only point below, much in a mail that is passed on, little in one that is answered."""
    own = _words(mail.own)
    if own < ENOUGH_WORDS or (own < 3 * ENOUGH_WORDS and _POINTS_BELOW.search(mail.own)):
        return 1.0
    if _FORWARDED.match(subject):
        return PASSED_ON_SHORT if own < MANY_WORDS else PASSED_ON
    return ANSWERED


def _starts_thread(lines: list[str], number: int) -> bool:
    line = lines[number].strip()
    if not line or line.startswith(">"):
        return False
    if _begins(_THREAD, line) or _is(_WROTE, line):
        return True
    if not _begins(_HEADER, line):
        return False
    following = [other.strip() for other in lines[number + 1 : number + 5] if other.strip()][:3]
    return sum(_begins(_HEADER, other) for other in following) >= 1 and line[:1].isalpha()


def _without_signature(lines: list[str]) -> list[str]:
    kept: list[str] = []
    signing = False
    for line in lines:
        bare = line.strip()
        if bare in {"--", "—", "––", "__"} or (set(bare) <= set("-_=*~") and len(bare) > 4):
            signing = bare in {"--", "—"}
            continue
        if _BOILERPLATE.search(bare):
            continue
        if _is(_SIGN_OFF, bare):
            signing = True
            continue
        if signing and bare:
            if len(bare) <= MAX_SIGNATURE_LINE and not bare.endswith((".", "?", "!", ":")):
                continue
            if _ADDRESS.search(bare) and len(bare) <= 2 * MAX_SIGNATURE_LINE and "?" not in bare:
                continue
            signing = False
        kept.append(line)
    return _without_closing_name(kept)


def _without_closing_name(lines: list[str]) -> list[str]:
    """Without a last paragraph that is a name, a role and a company, though nobody took leave."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    closing = [line.strip() for line in lines[start:]]
    looks_so = (
        start > 0
        and len(closing) <= 6
        and bool(closing)
        and _is(_NAME, closing[0])
        and all(len(c) <= MAX_SIGNATURE_LINE and not c.endswith(("?", "!", ":")) for c in closing)
    )
    return lines[:start] if looks_so else lines
