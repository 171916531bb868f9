"""Cards: valid by the published schema, small enough, and nothing in them is obeyed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.card_rules import faults_of_message
from worker.escalation.card_drawing import MOST_BYTES, Card, as_text, encoded, message
from worker.escalation.cards import (
    MOST_IN_CARD,
    Announcement,
    Said,
    TicketLinks,
    Waiting,
    ageing_card,
    digest_card,
    hand_off_card,
)
from worker.escalation.plain_text import harmless, harmless_lines

LINK = TicketLinks("4711").of("88")
AT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
ONE = Announcement(
    ticket_id="88",
    link=LINK,
    subject="Export fails every night",
    from_label="Level 1 Support",
    to_label="Level 2 Support",
    request_label="Exceeds Level 1",
    reason="Exceeds Level 1: handed from Level 1 Support to Level 2 Support (guidelines 5.8).",
    guideline="guidelines 5.8",
    ticket_type="Bug report",
    asked_at=AT,
    client="Harrow & Sons",
    erp="NetSuite",
    customizations="Two-step approval; own export layout.",
    gathered=(
        Said(
            "First message",
            "When we open the export, it says:\n\n“Access denied to \\\\share\\out”\nSince Monday.",
        ),
        Said("Note, 2026-11-23 14:00 UTC", "Client called: all users, since the update."),
    ),
    missing=("screenshots or attachments",),
    files=2,
)
NASTY = (
    "[click](https://evil.example) **bold** <at>everyone</at> http://evil.example "
    "www.evil.example mailto:x@evil.example JAVASCRIPT:alert(1) "
    "\u202egnp.exe \u0000\u0007 {{DATE(x)}}"
)


def elements(card: Any) -> Iterator[dict[str, Any]]:
    """Every object in a card."""
    if isinstance(card, dict):
        yield card
        for value in card.values():
            yield from elements(value)
    elif isinstance(card, list):
        for value in card:
            yield from elements(value)


def shown(card: Card) -> str:
    return "\n".join(as_text(card))


def waiting(**given: Any) -> Waiting:
    return Waiting(
        **{
            "ticket_id": "88",
            "link": LINK,
            "subject": "Export fails",
            "client": "Harrow & Sons",
            "since": AT,
            "waited": timedelta(hours=27, minutes=20),
            **given,
        }
    )


def every_card(one: Announcement) -> list[Card]:
    wait = waiting(subject=one.subject, client=one.client)
    return [
        hand_off_card(one),
        digest_card([one]),
        digest_card([one] * MOST_IN_CARD),
        ageing_card("Level 2 Support", 24, [wait]),
        ageing_card("Level 2 Support", 24, [wait] * MOST_IN_CARD),
    ]


def full_of(text: str, parts: int) -> Announcement:
    """An announcement in which everything that others write is this text."""
    return replace(
        ONE,
        subject=text,
        client=text,
        erp=text,
        customizations=text,
        ticket_type=text,
        gathered=(Said(text, text),) * parts,
        reason=text,
        files=parts,
        missing=(text,),
    )


def nasty() -> Announcement:
    return full_of(NASTY, 30)


def test_a_hand_off_shows_what_the_next_team_needs() -> None:
    said = shown(hand_off_card(ONE))
    for part in (
        "Export fails every night",
        "Level 1 Support → Level 2 Support",
        "Exceeds Level 1 (guidelines 5.8)",
        "Client: Harrow & Sons",
        "ERP: NetSuite",
        "Customizations: Two-step approval; own export layout.",
        "Still missing: screenshots or attachments",
        "Kind: Bug report",
        "Files: 2 on the ticket",
        "Note, 2026-11-23 14:00 UTC",
        "Client called: all users, since the update.",
        "“Access denied to \\\\share\\out”",
        "Since Monday.",
        "https://app.hubspot.com/contacts/4711/record/0-5/88",
    ):
        assert part in said


def test_what_is_not_known_is_said() -> None:
    bare = replace(
        ONE, subject=" ", client="", erp="", customizations="", gathered=(), missing=(), files=0
    )
    said = shown(hand_off_card(bare))
    for part in (
        "(no subject)",
        "Client: unknown",
        "ERP: unknown",
        "Customizations: none known",
        "Still missing: nothing",
        "Files: none on the ticket",
        "nothing is written on the ticket",
    ):
        assert part in said


def test_nothing_is_called_complete_that_nobody_looked_at() -> None:
    assert "Still missing" not in shown(hand_off_card(replace(ONE, missing=None)))


def test_the_link_opens_the_ticket_in_the_accounts_own_region() -> None:
    links = TicketLinks("4711", "app-eu1.hubspot.com")
    assert links.of("88") == "https://app-eu1.hubspot.com/contacts/4711/record/0-5/88"


def test_a_digest_and_an_ageing_card_lead_to_each_ticket() -> None:
    digest = digest_card([replace(ONE, ticket_id=str(n), link=f"{LINK}{n}") for n in range(3)])
    assert "3 tickets were handed off" in shown(digest)
    assert "Exceeds Level 1 (guidelines 5.8)" in shown(digest)
    assert [e["selectAction"]["url"] for e in elements(digest) if "selectAction" in e] == [
        f"{LINK}{n}" for n in range(3)
    ]
    aged = ageing_card("Level 2 Support", 24, [waiting()])
    assert "1 ticket waits longer than 24 working hours" in shown(aged)
    assert "here since 2026-11-23 14:05 UTC, 27 working hours" in shown(aged)
    assert LINK in shown(aged)


@pytest.mark.parametrize("card", [*every_card(ONE), *every_card(nasty())])
def test_each_card_is_one_that_teams_shows(card: Card) -> None:
    assert faults_of_message(encoded(card)) == []


def test_the_check_of_cards_finds_what_is_wrong() -> None:
    spoilers: list[Callable[[Card], object]] = [
        lambda card: card["body"][1]["inlines"][0].update(tekst="x"),
        lambda card: card["body"].append({"type": "Blink"}),
        lambda card: card["actions"][0].pop("url"),
        lambda card: card.update(version="1.9"),
        lambda card: card.pop("version"),
        lambda card: card.pop("type"),
    ]
    for spoil in spoilers:
        card = hand_off_card(ONE)
        spoil(card)
        assert faults_of_message(encoded(card)), spoil
    assert faults_of_message(b"x" * 30_000) == ["the message has 30000 bytes; Teams takes 28672"]
    assert faults_of_message(json.dumps(hand_off_card(ONE)).encode()) == ["`type` is not `message`"]


@pytest.mark.parametrize("card", every_card(nasty()))
def test_foreign_text_stands_where_no_markdown_is_known_and_leads_nowhere(card: Card) -> None:
    headings = [e["text"] for e in elements(card) if e.get("type") == "TextBlock"]
    assert len(headings) == 1
    assert "evil" not in headings[0]
    assert not any(e.get("type") in {"FactSet", "Fact"} for e in elements(card))
    runs = [e["text"] for e in elements(card) if e.get("type") == "TextRun"]
    for text in runs:
        assert "://" not in text
        assert "www." not in text.lower()
        assert "mailto:" not in text.lower()
        assert "javascript:" not in text.lower()
        assert "<at" not in text.lower()
        assert all(unicodedata.category(c) not in {"Cc", "Cs", "Co"} for c in text)
        assert "\u202e" not in text
    assert any("[click](https[:]//" in text for text in runs)
    urls = {e["url"] for e in elements(card) if "url" in e}
    assert urls == {LINK}
    assert "msteams" not in card
    assert "evil" not in card["fallbackText"]


heavy = st.sampled_from(["😀", '"', "\\", "é", "界", "a", "\u202e", " \n"])


@settings(max_examples=40)
@given(heavy, st.sampled_from([0, 1, 500, 70_000]), st.integers(0, 60))
def test_whatever_a_ticket_holds_the_message_is_small_enough(
    character: str, length: int, parts: int
) -> None:
    text = character * length
    one = full_of(text, parts)
    for card in every_card(one):
        assert len(encoded(card)) <= MOST_BYTES


def test_a_long_text_is_cut_with_a_note() -> None:
    long = replace(ONE, gathered=(Said("First message", "word " * 5000),))
    said = shown(hand_off_card(long))
    assert "(cut; all 25,000 characters are on the ticket)" in said
    assert "(cut" not in shown(hand_off_card(ONE))


def test_a_long_first_mail_does_not_push_out_what_was_added_last() -> None:
    mail = Said("First message", "word " * 5000)
    note = Said("Note, 2026-11-23 14:00 UTC", "It only fails for users of the new role.")
    older = [Said(f"E-mail sent {n}", "We look into it.") for n in range(40)]
    said = shown(hand_off_card(replace(ONE, gathered=(mail, note, *older))))
    assert "It only fails for users of the new role." in said
    assert "(cut;" in said
    assert len(said.splitlines()) < 70


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (0, "Files: none on the ticket"),
        (3, "Files: 3 on the ticket"),
        (None, "Files: could not be read; look at the ticket"),
    ],
)
def test_files_are_counted_or_said_to_be_unread(files: int | None, said: str) -> None:
    assert said in shown(hand_off_card(replace(ONE, files=files))).splitlines()


def test_a_card_holds_so_many_tickets_and_no_more() -> None:
    with pytest.raises(ValueError, match=f"it takes {MOST_IN_CARD}"):
        digest_card([ONE] * (MOST_IN_CARD + 1))
    with pytest.raises(ValueError, match=f"it takes {MOST_IN_CARD}"):
        ageing_card("OCR", 8, [waiting()] * (MOST_IN_CARD + 1))


def test_the_envelope_is_the_one_of_workflows() -> None:
    card = hand_off_card(ONE)
    assert message(card) == {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }


@given(st.text(max_size=200), st.integers(0, 50))
def test_a_harmless_line_is_one_line_without_hidden_characters(text: str, most: int) -> None:
    said = harmless(text, most)
    assert "\n" not in said
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} for c in said)
    assert said == " ".join(said.split())


def test_what_people_write_stays_as_it_is() -> None:
    family = "👩‍👩‍👧 می‌خواهم 5 < 6 & C:\\temp at 09:00, re: invoice"
    assert harmless(family, 200) == family
    assert harmless_lines("a\r\n\r\n  b\tc \n", 100, 10) == ["a", "b c"]
    assert harmless("word " * 10, 12) == "word word w…"
