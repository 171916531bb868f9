from __future__ import annotations

import pytest

from worker.routing.reading import segment
from worker.routing.wording import Words, excerpt, telling


@pytest.mark.parametrize(
    ("text", "term", "shown"),
    [
        ("My PASSWORD, again", "password", "PASSWORD"),
        ("Problème d'accès à l'export", "acces", "accès"),
        ("send the SOC-2 report", "soc 0", "SOC-2"),
        ("invoice 904512 is gone", "invoice 000", "invoice 904512"),
        ("passwords of the password desk", "password desk", "password desk"),
        ("the report isn't needed", "!needed", "not ... needed"),
        ("no report", "no !report", "no report"),
        ("nothing of the kind", "elsewhere", "elsewhere"),
    ],
)
def test_words_are_shown_as_they_stand_in_the_ticket(text: str, term: str, shown: str) -> None:
    assert Words([segment("Hello there", 1.0), segment(text, 1.0)]).as_written(term) == shown


@pytest.mark.parametrize("term", ["for the", "000", "as i", "!to", "000 was", "x"])
def test_filling_is_no_evidence(term: str) -> None:
    assert not telling(term)


def test_excerpt_of_few_words_takes_the_next_with_it() -> None:
    texts = ("One more.", "The OCR reads the wrong date on Kvist bills.", "Thanks")
    segments = [segment(text, 1.0) for text in texts]
    assert excerpt(segments, (0, 1)) == " ".join(texts[:2])
    assert excerpt(segments, (1, 0)) == texts[1]


def test_excerpt_of_a_long_sentence_is_cut() -> None:
    shown = excerpt([segment("please load the file " * 40, 1.0)], (0,))
    assert len(shown) <= 160
    assert shown.startswith("please load")
    assert shown.endswith("…")
