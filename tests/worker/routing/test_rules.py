"""The rules of the shipped policy, without the model: what it guesses is given."""

from __future__ import annotations

import pytest

from worker.routing.policy import DEFAULT_POLICY, PolicyDocument
from worker.routing.policy_file import read_document
from worker.routing.reading import read
from worker.routing.rules import first_rule
from worker.routing.ticket import Channel, Ticket

INTERNAL, FORM, EMAIL = Channel.INTERNAL, Channel.FORM, Channel.EMAIL


@pytest.fixture(scope="module")
def document() -> PolicyDocument:
    return read_document(DEFAULT_POLICY)


def ruled(
    document: PolicyDocument, guess: str, body: str, channel: Channel | None, managed: bool | None
) -> str:
    """The type after the rules."""
    words = read(Ticket("1", "", body), document.max_characters)
    rule = first_rule(document.rules, words, guess, channel, managed)
    return rule.becomes if rule else guess


@pytest.mark.parametrize(
    ("guess", "body", "channel", "managed", "becomes"),
    [
        ("error_ticket", "the date is wrong", None, True, "managed_processing_error"),
        ("error_ticket", "the date is wrong", None, False, "error_ticket"),
        ("error_ticket", "the date is wrong", None, None, "error_ticket"),
        ("password_reset", "my OCR password expired", None, None, "ocr_password"),
        ("password_reset", "locked out of the portal, OCR is fine", None, None, "password_reset"),
        (
            "bug_reproduction",
            "Couldn't reproduce it, neither in test nor in demo.",
            INTERNAL,
            None,
            "non_reproducible_bug",
        ),
        ("bug_report", "Details attached, please reproduce.", INTERNAL, None, "bug_reproduction"),
        ("bug_report", "Details attached, please reproduce.", EMAIL, None, "bug_report"),
        ("bug_report", "Details attached, please reproduce.", None, None, "bug_report"),
        ("bug_reproduction", "Steps: open, save, lost.", FORM, None, "bug_report"),
        ("bug_reproduction", "Steps: open, save, lost.", None, None, "bug_reproduction"),
        ("new_erp", "my OCR password, please reproduce", INTERNAL, True, "new_erp"),
    ],
)
def test_rules_settle_what_the_guidelines_fix_and_leave_the_rest(
    document: PolicyDocument,
    guess: str,
    body: str,
    channel: Channel | None,
    managed: bool | None,
    becomes: str,
) -> None:
    assert ruled(document, guess, body, channel, managed) == becomes
