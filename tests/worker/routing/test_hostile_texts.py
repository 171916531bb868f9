"""Texts made to be slow or to break something: each costs no more than a long ticket does, since
one that held the interpreter would hold every thread of its process.

Time is the thread's own CPU time and is compared with that of an ordinary text of the same
length, so that neither a busy machine nor a slow one matters.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from worker.escalation import readiness
from worker.escalation.plain_text import harmless_lines
from worker.routing.decide import Case, decide_batch
from worker.routing.policy import Policy
from worker.routing.reading import read
from worker.routing.ticket import Ticket

LENGTH = 65_536  # the most that a ticket's body holds in HubSpot
CLASSIFIED = 20_000
TIMES = 15  # what is quadratic in one of these lengths costs hundreds of times as much
SHORTEST_S = 0.02
# What patterns of ours look for, and what they try again at every place.
BEGINNINGS = ("", "on a day wrote", "On " + "wrote " * 26, "thanks", "from", "&#", "x\n\nA", "1")
REPEATED = (
    *(" ", "\n", "\t", "-", "_", ".", "!", "*\n", "--\n", ">", ">\n", "9", "a", "é", "A "),
    *("<p", "</", "<!--", "<style", "&", "&#", "&amp;", "re ", "on ", "no ", "wrote ", "wrote: \n"),
    *("from: a\n", "thanks\n", "confidential ", "scanned for ", "image1", "cid:", "1 ", "'", '"a'),
    *("://a:", "e\u0301", "\ufdfa", "\u200b", "İ", "n't "),
)


def hostile() -> list[str]:
    return [
        beginning + unit * ((LENGTH - len(beginning)) // len(unit)) + "x"
        for beginning in BEGINNINGS
        for unit in REPEATED
        if not beginning or (len(unit) == 1 and not unit.isalpha())
    ]


def cpu_s(work: Callable[[str], object], text: str) -> float:
    """Seconds of this thread's CPU; the better of two tries where the first looks bad."""
    tries = []
    for _ in range(2):
        began = time.thread_time()
        work(text)
        tries.append(time.thread_time() - began)
        if tries[-1] < SHORTEST_S:
            break
    return min(tries)


def taken(text: str) -> None:
    """Everything that is done with a ticket's text without a model."""
    read(Ticket("1", text[:1_000], text), CLASSIFIED)
    readiness.missing(readiness.Gathered(text, None, ()))
    harmless_lines(text, 2_000, 20)


def test_no_text_takes_much_longer_than_an_ordinary_one() -> None:
    ordinary = "Please reset the password of our portal user, she can not log in. Many thanks\n"
    usual = cpu_s(taken, ordinary * (LENGTH // len(ordinary)))
    slow = {}
    for text in hostile():
        if (spent := cpu_s(taken, text)) > max(SHORTEST_S, TIMES * usual):
            slow[f"{text[:40]!r} … {text[-40:]!r}"] = round(spent, 2)
    assert not slow, f"seconds, where an ordinary text takes {usual:.3f}: {slow}"


def test_a_batch_of_them_is_decided_whole(policy: Policy) -> None:
    texts = hostile()[:: len(hostile()) // 40]
    cases = [Case(Ticket(str(n), text[:1_000], text), None) for n, text in enumerate(texts)]
    began = time.thread_time()
    decisions = decide_batch(cases, policy)
    assert [decision.id for decision in decisions] == [case.ticket.id for case in cases]
    assert time.thread_time() - began < 20, "a batch has 90 s in all"


def test_a_character_reference_without_end_is_no_number() -> None:
    body = "Our auditors need the SOC 2 report &#" + "9" * 60_000 + "; this week &#233;"
    (segment,) = read(Ticket("1", "", body), CLASSIFIED).segments
    assert "9" * 8 not in segment.text
    assert segment.text.endswith("this week é")
