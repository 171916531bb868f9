"""Draft replies: by type, else by queue; a client's words change nothing about the template."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from worker.escalation.replies import draft_reply
from worker.routing.escalation_rules import Replies
from worker.routing.policy import DEFAULT_POLICY
from worker.routing.policy_file import read_document

REPLIES = Replies(
    types={"custom_query": "Dear {client}, no queries ({guideline}), as in “{subject}”."},
    queues={"not_supported": "We are sorry: {ticket_type} is not covered. {{braces}}"},
)
SHIPPED = read_document(DEFAULT_POLICY)


def test_the_template_of_the_type_comes_before_that_of_the_queue() -> None:
    said = draft_reply(
        "custom_query",
        "not_supported",
        REPLIES,
        guideline="coverage",
        subject="SQL please",
        client="Harrow",
    )
    assert said == "Dear Harrow, no queries (coverage), as in “SQL please”."
    said = draft_reply("custom_code", "not_supported", REPLIES, type_label="Custom code")
    assert said == "We are sorry: Custom code is not covered. {braces}"


def test_without_a_template_there_is_no_draft() -> None:
    assert draft_reply("password_reset", "level_1", REPLIES) == ""


def test_what_is_unknown_is_put_politely() -> None:
    said = draft_reply("custom_query", "not_supported", REPLIES)
    assert said == "Dear your company, no queries (), as in “your request”."


@pytest.mark.parametrize(
    "hostile", ["{client.__class__}", "{0}", "{{x}}", "{", "%s\u202e\n{subject}"]
)
def test_a_clients_words_are_put_in_as_they_are(hostile: str) -> None:
    said = draft_reply("custom_query", "not_supported", REPLIES, subject=hostile, guideline="x")
    wanted = hostile.replace("\u202e\n", " ")
    assert said == f"Dear your company, no queries (x), as in “{wanted}”."


@pytest.mark.parametrize(
    "template",
    [
        "Reaches for {client.__class__} here",
        "Reaches for {client[0]} of it here",
        "Converts {client!r} where nobody asked",
        "Formats {client:>99999999} very widely",
        "Counts {} and {0} instead of naming",
        "Names {password} of the worker's",
        "Leaves a brace { open somewhere",
    ],
)
def test_a_template_that_reaches_further_is_refused(template: str) -> None:
    with pytest.raises(ValidationError, match=r"brace|known are"):
        Replies(types={"custom_query": template})


def test_every_type_that_is_not_supported_has_a_draft_of_its_own() -> None:
    types = [code for code, kind in SHIPPED.types.items() if kind.queue == "not_supported"]
    drafts = {code: draft_reply(code, "not_supported", SHIPPED.replies) for code in types}
    assert len(set(drafts.values())) == len(types) == 7
    assert all(100 < len(draft) < 500 and "{" not in draft for draft in drafts.values())
    assert "scope" in drafts["new_site"]
